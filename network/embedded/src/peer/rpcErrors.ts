import { Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { bytesField, varintField } from '../wire/fields.js';
import { encode, gateway } from '../wire/proto.js';

/** One peer's or orderer's part in a failure, as clients see it in `details`. */
export interface RpcErrorDetail {
  readonly address: string;
  readonly msp: string;
  readonly message: string;
}

/** An error that a client gets, with Fabric's status code, text and details. */
export class RpcError extends Error {
  readonly code: number;
  readonly causes: readonly RpcErrorDetail[];

  constructor(code: number, message: string, causes: readonly RpcErrorDetail[] = []) {
    super(message);
    this.name = 'RpcError';
    this.code = code;
    this.causes = causes;
  }

  /** The form that the gRPC library sends. */
  toServiceError(): Partial<ServiceError> {
    const metadata = new Metadata();
    if (this.causes.length > 0) metadata.set('grpc-status-details-bin', statusDetails(this));
    return { code: this.code, details: sendable(this.message), metadata };
  }
}

/** Turns whatever was thrown into an error for the client; only an RpcError tells more than that something failed. */
export function rpcErrorOf(error: unknown): RpcError {
  return error instanceof RpcError ? error : new RpcError(status.INTERNAL, 'internal error');
}

/**
 * A header whose value ends in a blank is invalid in HTTP/2, and Node drops it: a client of real Fabric then sees an
 * empty text. The gRPC library would escape the blank instead, and clients here would see another text than there.
 */
function sendable(message: string): string {
  return /^[ \t]|[ \t]$/.test(message) ? '' : Buffer.from(message).toString();
}

const DETAIL_TYPE_URL = 'type.googleapis.com/gateway.ErrorDetail';

/** `google.rpc.Status { code = 1, message = 2, details = 3: Any { type_url = 1, value = 2 } }`. */
function statusDetails({ code, message, causes }: RpcError): Buffer {
  const details = causes.map(({ address, msp, message: text }) => {
    const detail = new gateway.ErrorDetail();
    detail.setAddress(address);
    detail.setMspId(msp);
    detail.setMessage(text);
    return bytesField(3, Buffer.concat([bytesField(1, Buffer.from(DETAIL_TYPE_URL)), bytesField(2, encode(detail))]));
  });
  return Buffer.concat([varintField(1, code), bytesField(2, Buffer.from(message)), ...details]);
}
