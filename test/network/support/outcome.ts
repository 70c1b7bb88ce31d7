import { EndorseError, GatewayError } from '@hyperledger/fabric-gateway';

/** What a call came to, without what differs from run to run: ids, addresses, times. */
export interface Outcome {
  readonly value?: unknown;
  readonly error?: string;
  readonly code?: number;
  readonly message?: string;
  readonly details?: string[];
}

/** Runs a call of the client library and describes its value or its error. */
export async function outcomeOf(call: () => Promise<unknown>): Promise<Outcome> {
  try {
    const value = await call();
    return { value: value instanceof Uint8Array ? Buffer.from(value).toString() : value };
  } catch (error) {
    const { code, message } = error as { code?: number; message: string };
    const details = error instanceof GatewayError ? error.details : undefined;
    return {
      error: (error as Error).name,
      ...(code === undefined ? {} : { code }),
      message: plain(message),
      ...(details ? { details: details.map((each) => `${each.mspId}: ${plain(each.message)}`).sort() } : {}),
    };
  }
}

/** The outcome of an endorsement that one peer refused, in Fabric's words. */
export function refusedBy(msp: string, message: string): Outcome {
  return {
    error: EndorseError.name,
    code: 10,
    message: '10 ABORTED: failed to endorse transaction, see attached details for more info',
    details: [`${msp}: ${message}`],
  };
}

function plain(text: string): string {
  return text
    .replace(/localhost:\d+/g, '<ADDRESS>')
    .replace(/Creator \[[0-9a-f]+\]/, 'Creator [..]')
    .replace(/[0-9a-f]{64}/g, '<TX>')
    .replace(/\d{4}-\d\d-\d\dT[\d:]+Z/g, '<TIME>')
    .replace(/BlockNum: \d+/g, 'BlockNum: N');
}
