import type { People } from './people.js';

/** One hospital of a channel under test, seen from outside. */
export interface HospitalUnderTest {
  readonly msp: string;
  /** HOST:PORT of its peer. */
  readonly endpoint: string;
  /** PEM of the authority that signed the peer's TLS certificate. */
  readonly tlsRoot: Buffer;
  readonly people: People;
}

/** A running channel with the suite's chaincode at every hospital. */
export interface ChannelUnderTest {
  readonly kind: 'embedded' | 'fabric';
  readonly channel: string;
  readonly chaincode: string;
  /** Digest of the suite's chaincode: the version in its definition. */
  readonly version: string;
  readonly packageId: string;
  readonly hospitals: readonly HospitalUnderTest[];
  /** Takes a certificate back, PEM; resolves when the hospital's own peer knows. */
  revoke(certificate: string): Promise<void>;
  /** Ends a hospital's chaincode process, which stays away until it is started. */
  stopChaincode(msp: string): Promise<void>;
  startChaincode(msp: string): Promise<void>;
  /** Ends every process and removes what was written. */
  close(): Promise<void>;
}
