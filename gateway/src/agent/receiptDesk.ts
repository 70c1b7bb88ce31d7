/**
 * Takes in vectors that other hospitals push, and signs for them. One vector of a contributor is signed for in a round: a
 * second one that differs is refused, so that a contributor whose memory was lost finds out before its first is doubled.
 */
import {
  ConsiliumError,
  type MemberKeys,
  type Msp,
  type Receipt,
  receiptPayload,
  refusal,
  type StudyId,
  vectorLayout,
} from '@consilium/domain';
import type { AgentIdentity, AgentPorts } from './agentPorts.js';
import { digestOf } from './digestOf.js';
import { requireVectorsKept } from './maskedRetention.js';
import type { PushedVector, VectorDesk } from './ports.js';
import { journaledReceipt, journalReceipt } from './roundJournal.js';
import { StudyReader } from './studyReader.js';
import { isAbortedByClose, type RoundView } from './studyView.js';

/** A contributor's mirror may be ahead of this one: what it says of the round is waited for so long. */
export const MIRROR_WAIT_MS_MAX = 2_000;

/** The vector would be in its place later: the mirror has yet to see the round, or the join. */
const NOT_YET: readonly string[] = ['STUDY_UNKNOWN', 'ROUND_UNKNOWN', 'NOT_IN_ROSTER', 'MEMBER_NOT_REGISTERED'];

export type ReceiptDeskPorts = Pick<
  AgentPorts,
  'state' | 'blobs' | 'receiptKeys' | 'secrets' | 'sealing' | 'journal' | 'timers' | 'log'
>;

export class ReceiptDesk implements VectorDesk {
  readonly #ports: ReceiptDeskPorts;
  readonly #identity: AgentIdentity;
  readonly #reader: StudyReader;

  constructor(ports: ReceiptDeskPorts, identity: AgentIdentity) {
    this.#ports = ports;
    this.#identity = identity;
    this.#reader = new StudyReader(ports.state);
  }

  async receive(pushed: PushedVector, signal?: AbortSignal): Promise<Receipt> {
    const { study, round, from, digest, bytes } = pushed;
    if (digestOf(bytes) !== digest) throw refusal('VECTOR_DIGEST_MISMATCH', { digest });
    requireVectorsKept(this.#ports.journal, study, round);
    await this.#untilExpected(pushed, signal);
    const { blobs, journal, receiptKeys } = this.#ports;
    await this.#requireOwnKey(study);
    await this.#requireOwnShares(pushed);
    // Before it takes up disk, too: a second vector leaves nothing here.
    this.#isSignedFor(pushed);
    await blobs.put(bytes);
    // Nothing is awaited between looking and writing down: of two vectors that come together one is signed for.
    if (!this.#isSignedFor(pushed)) journalReceipt(journal, study, round, from, digest);
    const payload = receiptPayload(this.#identity.channel, study, round, from, digest);
    this.#ports.log.info({ study, round, from, digest }, 'vector received');
    return { msp: this.#identity.msp, signature: await receiptKeys.sign(study, payload) };
  }

  /** @throws ConsiliumError FACT_CHANGED where another vector of the contributor was signed for in the round */
  #isSignedFor({ study, round, from, digest }: PushedVector): boolean {
    const signedFor = journaledReceipt(this.#ports.journal, study, round, from);
    if (signedFor !== undefined && signedFor !== digest)
      throw refusal('FACT_CHANGED', { msp: from, fact: 'vector', round });
    return signedFor !== undefined;
  }

  /** Waits, for a bounded time, until the mirror knows what the contributor must have seen. */
  async #untilExpected(pushed: PushedVector, signal: AbortSignal | undefined): Promise<void> {
    const waiting = new AbortController();
    const cancel = this.#ports.timers.after(MIRROR_WAIT_MS_MAX, () => waiting.abort());
    try {
      for (;;) {
        try {
          this.#requireExpected(pushed);
          return;
        } catch (error) {
          const mayCome = error instanceof ConsiliumError && NOT_YET.includes(error.code);
          if (!mayCome || waiting.signal.aborted || signal?.aborted) throw error;
        }
        await this.#nextChange(signal ? AbortSignal.any([waiting.signal, signal]) : waiting.signal);
      }
    } finally {
      cancel();
    }
  }

  #nextChange(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        unsubscribe();
        signal.removeEventListener('abort', done);
        resolve();
      };
      const unsubscribe = this.#ports.state.onChange(done);
      signal.addEventListener('abort', done);
    });
  }

  #requireExpected({ study, round: number, from, digest, bytes }: PushedVector): void {
    const view = this.#reader.study(study);
    if (!view) throw refusal('STUDY_UNKNOWN', { study });
    const { members } = view.version.protocol;
    for (const msp of [from, this.#identity.msp])
      if (!members.includes(msp)) throw refusal('NOT_A_MEMBER', { msp, study });
    const known = [view.newest, view.previous].find((candidate) => candidate?.number === number);
    const round = known ?? this.#reader.round(study, number);
    if (!round) throw refusal('ROUND_UNKNOWN', { study, round: number });
    requirePhase(round, from, digest);
    const { length } = vectorLayout(round.protocol, round.facts.round.kind);
    if (bytes.length !== length * 4)
      throw refusal('VECTOR_LENGTH_WRONG', { round: number, expected: length, found: bytes.length / 4 });
  }

  /**
   * In a private round a receipt says as well that this hospital can open what it was dealt.
   * @throws ConsiliumError SHARES_UNOPENED
   */
  async #requireOwnShares({ study, round: number, from }: PushedVector): Promise<void> {
    const { msp, channel } = this.#identity;
    const { secrets, sealing } = this.#ports;
    const facts = this.#reader.round(study, number)?.facts;
    const holders = facts?.round.shareKeys;
    const position = holders?.findIndex((holder) => holder.msp === msp) ?? -1;
    const pinned = holders?.[position];
    if (!facts || !pinned) return;
    const keys = facts.joins.get(from)?.keys;
    const privateKey = await secrets.shareKey(study, pinned.index);
    const place = { channel, study, round: number, dealer: from };
    const opened = keys && privateKey && (await sealing.open(place, { msp, position, privateKey }, keys));
    if (!opened) throw refusal('SHARES_UNOPENED', { msp: from, round: number });
  }

  /** A receipt that the channel cannot check would make its contribution refused: better none. */
  async #requireOwnKey(study: StudyId): Promise<void> {
    const { msp } = this.#identity;
    const own = await this.#ports.receiptKeys.publicKey(study);
    const registered: MemberKeys | undefined = this.#reader.study(study)?.registered.get(msp);
    if (!registered) throw refusal('MEMBER_NOT_REGISTERED', { msp, study });
    if (registered.receiptKey !== own) throw refusal('MEMBER_KEY_CHANGED', { msp, study });
  }
}

/** While the round takes contributions; and later the very vector that was contributed, which one more hospital then holds. */
function requirePhase(round: RoundView, from: Msp, digest: string): void {
  const { number, facts, state } = round;
  if (facts.round.kind === 'initial') throw refusal('PHASE_CLOSED', { phase: 'contributing', round: number });
  if (state.survivors || isAbortedByClose(round)) {
    const contributed = facts.contributions.get(from)?.vectorDigest;
    if (contributed === digest && !isAbortedByClose(round)) return;
    throw refusal('PHASE_CLOSED', { phase: 'contributing', round: number });
  }
  if (!facts.joins.has(from)) throw refusal('NOT_IN_ROSTER', { msp: from, round: number });
}
