/** The people of the hospitals: they propose, approve, vote, and run `verify` where their hospital disputes a round. */
import {
  type CommandInput,
  canonicalDigest,
  type Digest,
  type Msp,
  type Role,
  type StudyProtocol,
  type TransactionName,
} from '@consilium/domain';
import type { ChannelState } from '../../gateway/src/agent/ports.js';
import { type ChannelNetwork, EPOCH_MS } from './channelNetwork.js';
import { eventOf, policyText } from './consentOutbox.js';
import type { ConsentRecords, Said } from './consentRecords.js';
import type { Random } from './random.js';
import type { Scheduler } from './scheduler.js';
import { STUDY } from './studyName.js';

/** People ask again after a refusal or a conflict. */
const ASK_AGAIN_MS = 500;
const COMMIT_POLL_MS = 20;
const COMMIT_MS_MAX = 5_000;

const NOTHING_RECORDED: Pick<ChannelState, 'range'> = { range: () => [] };

export class People {
  readonly #network: ChannelNetwork;
  readonly #scheduler: Scheduler;
  readonly #random: Random;
  readonly #voted = new Set<string>();
  #transactions = 0;

  constructor(network: ChannelNetwork, scheduler: Scheduler, random: Random) {
    this.#network = network;
    this.#scheduler = scheduler;
    this.#random = random;
  }

  /** Registers the hospitals, proposes the study and has every hospital approve it. */
  async beginStudy(protocol: StudyProtocol): Promise<void> {
    const { members } = protocol;
    await Promise.all(
      members.map((msp) =>
        this.#insist(msp, 'admin', 'HospitalContract:registerHospital', {
          name: msp,
          exchangeUrl: `https://${msp.toLowerCase()}.example:9443`,
          chaincodeDigest: '0'.repeat(64) as Digest,
        }),
      ),
    );
    const proposer = this.#random.pick(members);
    await this.#insist(proposer, 'researcher', 'StudyContract:proposeStudy', { study: STUDY, protocol });
    const protocolHash = canonicalDigest(protocol);
    await Promise.all(
      members.map(async (msp) => {
        await this.#delay(this.#random.between(0, 200));
        const command = { study: STUDY, version: 1, protocolHash, meaning: 'approval', reason: '' };
        await this.#insist(msp, 'compliance-officer', 'StudyContract:approveStudy', command);
      }),
    );
  }

  /** Each hospital publishes its policy, and records what its patients said at first, on one sheet. */
  async beginConsents(hospitals: readonly ConsentRecords[], firstValidMs: readonly (number | null)[]): Promise<void> {
    await Promise.all(
      hospitals.map(async (records) => {
        const { msp } = records;
        await this.#insist(msp, 'compliance-officer', 'ConsentContract:publishPolicy', policyText(msp, 1));
        const at = EPOCH_MS + this.#scheduler.now;
        const events = firstValidMs.map((validMs, k) => {
          const patient = records.patients[k] as string;
          const said: Said = { kind: 'grant', validTo: validMs === null ? null : at + validMs, at };
          records.wasRecorded(patient, said);
          return eventOf(records, patient, said, NOTHING_RECORDED, at);
        });
        await this.#insist(msp, 'data-steward', 'ConsentContract:recordConsents', { events });
      }),
    );
  }

  /** A patient withdraws where the hospital learns of it by the channel alone. */
  withdrawOnChannel(records: ConsentRecords, patient: string, head: ChannelState): void {
    const at = EPOCH_MS + this.#scheduler.now;
    const said: Said = { kind: 'withdraw', validTo: null, at };
    void this.#insist(records.msp, 'data-steward', 'ConsentContract:withdrawConsents', () => ({
      events: [eventOf(records, patient, said, head, at)],
    }));
  }

  publishPolicy(msp: Msp, version: number): void {
    void this.#insist(msp, 'compliance-officer', 'ConsentContract:publishPolicy', policyText(msp, version));
  }

  /** All officers vote yes, each when it gets to it. A subject is voted on once. */
  vote(members: readonly Msp[], subject: string): void {
    if (this.#voted.has(subject)) return;
    this.#voted.add(subject);
    for (const msp of members) {
      const command = { study: STUDY, subject, yes: true, reason: 'discussed' };
      void this.#delay(this.#random.between(100, 4_000)).then(() =>
        this.#insist(msp, 'compliance-officer', 'StudyContract:castVote', command),
      );
    }
  }

  /** Sends until it is committed and valid. */
  async #insist<Name extends TransactionName>(
    msp: Msp,
    role: Role,
    transaction: Name,
    asked: CommandInput<Name> | (() => CommandInput<Name>),
  ): Promise<void> {
    for (;;) {
      const command = typeof asked === 'function' ? asked() : asked;
      const creator = { msp, role, id: `x509::/CN=${role}/O=${msp}` };
      const txId = `person-${this.#transactions++}`;
      const timestampMs = EPOCH_MS + this.#scheduler.now + this.#network.peer(msp).clockOffsetMs;
      const proposal = { transaction, argument: JSON.stringify(command), creator, txId, timestampMs };
      const answer = await this.#network.endorse(proposal, msp);
      if (answer.kind === 'endorsed') {
        this.#network.order(answer.endorsed);
        for (let waited = 0; waited < COMMIT_MS_MAX; waited += COMMIT_POLL_MS) {
          await this.#delay(COMMIT_POLL_MS);
          const fate = this.#network.fate(msp, txId);
          if (fate?.code === 'VALID') return;
          if (fate) break;
        }
      }
      await this.#delay(ASK_AGAIN_MS);
    }
  }

  #delay(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#scheduler.after(ms, resolve);
    });
  }
}
