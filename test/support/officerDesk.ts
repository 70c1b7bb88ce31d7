/**
 * The REST interface of a hospital whose consent store, read model and contract are real: people ask over HTTPS, what they
 * write is endorsed and committed, and comes back through the mirror's own tables.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type ConsentRef,
  canonicalDigest,
  type Instant,
  type Role,
  type StudyProtocol,
  type TransactionName,
} from '@consilium/domain';
import { patientSystemOf } from '../../gateway/src/fhir/ports.js';
import type { Sent } from '../../gateway/src/http/ports.js';
import { ApiUnderTest, type Reply } from '../../gateway/src/http/testing/apiUnderTest.js';
import { ChannelMirror } from '../../gateway/src/store/channelMirror.js';
import { ConsentReadings } from '../../gateway/src/store/consentReadings.js';
import { openStore } from '../../gateway/src/store/schema.js';
import { ConsentHospital, OWN, silentLog } from './consentHospital.js';
import { BIOMEDICAL, cohortJoin, consentProtocol, policyText } from './consentOnChannel.js';
import { ContractChannel, HOSPITALS, STUDY, versionOutcome } from './contractChannel.js';

const ALL_KEYS = ['\u0001', '\u007f'] as const;

export class OfficerDesk {
  readonly home = mkdtempSync(join(tmpdir(), 'officer-'));
  readonly channel = new ContractChannel();
  readonly hospital = new ConsentHospital(this.channel, this.home);
  readonly api = new ApiUnderTest();
  readonly #database = openStore(join(this.home, 'gateway.db'), { msp: OWN, channel: 'consilium' });
  readonly mirror = new ChannelMirror(this.#database, OWN, silentLog);
  /** What the mirror has, as text. */
  readonly #known = new Map<string, string>();
  #caughtUp = 0;

  async start(): Promise<void> {
    this.#hearOfCommits();
    const { store } = this.hospital;
    store.start();
    this.api.readings = this.mirror;
    this.api.consentReadings = new ConsentReadings(this.#database);
    this.api.consents = store;
    this.api.now = () => this.channel.now;
    this.api.fhir = {
      room: {
        desk: store,
        hospital: { msp: OWN, name: 'Cleveland', patientSystem: patientSystemOf(OWN) },
        now: () => this.channel.now as Instant,
      },
      softwareVersion: '0',
    };
    this.api.send = async ({ person, name, command }): Promise<Sent> => {
      const committed = await this.hospital.submit(name as TransactionName, command as never, person as Role);
      // A channel's ids are 64 hexadecimal digits; the simulated one's are short names.
      return { transactionId: canonicalDigest(committed.transactionId), committed: async () => committed };
    };
    await this.api.start();
  }

  async stop(): Promise<void> {
    await this.api.stop();
    await this.hospital.close();
    this.#database.close();
    rmSync(this.home, { recursive: true, force: true });
  }

  as = (role: Role | 'visitor') => ({
    get: (path: string): Promise<Reply> => this.api.get(path, { as: role }),
    post: (path: string, body: unknown = {}): Promise<Reply> => this.api.post(path, body, { as: role }),
    upload: (type: string, raw: string): Promise<Reply> =>
      this.api.ask('POST', '/consents/imports', { as: role, raw, headers: { 'content-type': type } }),
  });

  /** Publishes the own hospital's next policy. */
  async publish(changes: Parameters<typeof policyText>[0] = {}): Promise<void> {
    await this.channel.submit('ConsentContract:publishPolicy', policyText(changes), OWN);
    this.catchUp();
  }

  /** Grants what biomedical research needs, and waits until it acts. */
  async grant(...patients: string[]): Promise<ConsentRef[]> {
    const terms = [{ code: BIOMEDICAL, values: [] }];
    const orders = patients.map((patient) => ({
      ...{ patient, kind: 'grant' as const, reason: 'patient-asked' as const, terms },
    }));
    await this.hospital.store.record(orders, { name: 'data-steward', role: 'data-steward' });
    await this.hospital.settled();
    return patients.map((patient) => this.refOf(patient));
  }

  refOf(patient: string): ConsentRef {
    const ref = this.hospital.store.refsOf(patient).at(-1);
    if (!ref) throw new Error('nothing is on file of that patient');
    return ref;
  }

  /** A study that asks for consent, with its first training round open. */
  async study(): Promise<StudyProtocol> {
    const protocol = consentProtocol({ purposes: [BIOMEDICAL], standardisation: 'declared-ranges' });
    await this.channel.activeStudy(protocol);
    for (const msp of HOSPITALS.filter((one) => one !== OWN))
      await this.channel.submit('ConsentContract:publishPolicy', policyText(), msp);
    await this.channel.initialRound();
    await this.channel.open(1, HOSPITALS.slice(0, 3));
    this.catchUp();
    return protocol;
  }

  /** Selects of these patients, joins with the others, and brings the round to a recorded version. */
  async playRound(protocol: StudyProtocol, round: number, patients: readonly string[]): Promise<void> {
    const selection = await this.hospital.store.desk.select({ study: STUDY, protocol, round, patients: [...patients] });
    for (const msp of HOSPITALS) {
      const command = cohortJoin(this.channel, { purposes: [BIOMEDICAL] }, round, msp);
      const own = { ...command, cohort: selection.commitment };
      await this.channel.submit('RoundContract:joinRound', msp === OWN ? own : command, msp);
    }
    await this.channel.contribute(protocol, round);
    await this.channel.attest(round, versionOutcome(`weights ${round}`));
    await this.channel.open(round + 1, HOSPITALS.slice(0, 3));
    this.catchUp();
  }

  /** Takes in what was written past the hospital's own people: one transaction of the last block. */
  catchUp(): void {
    const writes = this.channel.ledger
      .range(...ALL_KEYS)
      .filter(({ key, value }) => this.#known.get(key) !== value)
      .map(({ key, value }) => ({ key, value: JSON.parse(value) as unknown }));
    this.#caughtUp += 1;
    if (writes.length > 0)
      this.hospital.mirror.take(this.channel.ledger.height - 1, `caught-up-${this.#caughtUp}`, writes);
  }

  #hearOfCommits(): void {
    const { mirror } = this.hospital;
    const take = mirror.take.bind(mirror);
    mirror.take = (block, transactionId, writes) => {
      for (const { key } of writes) this.#known.set(key, this.channel.ledger.read(key) ?? '');
      this.mirror.take([{ block, transactionId, writes }]);
      take(block, transactionId, writes);
    };
  }
}
