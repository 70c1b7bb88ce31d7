export { ANSWER_NOT_UNDERSTOOD, ApiError, GATEWAY_UNREACHABLE } from './apiError.js';
export {
  ConsentClient,
  type FileFormat,
  LedgerRecord,
  type UploadType,
  type WithdrawalsFilter,
} from './consentClient.js';
export { GatewayClient } from './gatewayClient.js';
export type { Asking, Waiting } from './requestOptions.js';
export * from './resources/index.js';
export type { GatewayAddress } from './transport.js';
