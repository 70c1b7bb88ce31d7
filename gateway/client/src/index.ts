export { ANSWER_NOT_UNDERSTOOD, ApiError, GATEWAY_UNREACHABLE } from './apiError.js';
export { type Asking, GatewayClient, type Waiting } from './gatewayClient.js';
export * from './resources/index.js';
export type { GatewayAddress } from './transport.js';
