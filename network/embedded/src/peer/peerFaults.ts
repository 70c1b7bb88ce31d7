/** What is wrong with one hospital's peer, on purpose: for tests of whoever uses the channel. */
export class PeerFaults {
  /** Its endpoint is closed; nobody reaches it, and it takes no blocks. */
  isStopped = false;
  /** Its clients reach it, but no other peer does, nor it them; it takes no blocks, and orders nothing. */
  isCutOff = false;
  /** Milliseconds that each block waits before it is committed. */
  commitDelayMs = 0;
  /** Its chaincode answers with another result than the others'. */
  answersDifferently = false;

  /** Whether the other peers do not reach it. */
  get isUnreachable(): boolean {
    return this.isStopped || this.isCutOff;
  }
}
