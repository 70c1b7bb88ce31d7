/** What a transaction runs in: Fabric's stub and identity, and the clock of the peer that endorses. */
import api from 'fabric-contract-api';

const { Context } = api;

export class LedgerContext extends Context {
  /** This hospital's own clock, in milliseconds since 1970. It decides endorse or refuse, and is never written. */
  now: () => number = Date.now;
}
