/**
 * A hospital's consent store in the simulation: what its patients said, what is still to be told to the channel, and the
 * selections that were kept. It stands on a disk of its own, so it outlives the gateway's process and its database.
 */
import { createHash } from 'node:crypto';
import {
  type CohortCommitment,
  type ConsentEvent,
  type ConsentRef,
  type Digest,
  keyRange,
  ledgerKey,
  type Msp,
  type RestrictionEpoch,
} from '@consilium/domain';
import type { ChannelState, CohortSelection } from '../../gateway/src/agent/ports.js';
import type { Random } from './random.js';

export type Said = Readonly<{
  kind: 'grant' | 'withdraw';
  /** Milliseconds since 1970; null: until it is withdrawn. */
  validTo: number | null;
  at: number;
}>;

type PatientRecord = Readonly<{ ref: ConsentRef; said: Said[] }>;

export class ConsentRecords {
  readonly msp: Msp;
  /** By patient, what is not on the channel yet, in the order in which it was said. */
  readonly queue: { patient: string; said: Said }[] = [];
  /** Selections that are kept, by round. */
  readonly kept = new Map<number, CohortSelection>();
  /** All that were ever made, by root: for the properties. */
  readonly made = new Map<Digest, ReadonlySet<string>>();
  readonly #patients = new Map<string, PatientRecord>();
  /** Whom to tell in the same turn that something became less; and that the queue has grown. */
  #gateway: Readonly<{ restricted(): void; queued(): void }> | undefined;

  constructor(msp: Msp, random: Random, count: number) {
    this.msp = msp;
    for (let k = 0; k < count; k += 1) {
      const ref = Array.from({ length: 4 }, () =>
        Math.floor(random.next() * 2 ** 32)
          .toString(16)
          .padStart(8, '0'),
      );
      this.#patients.set(`${msp}-${k}`, { ref: ref.join('') as ConsentRef, said: [] });
    }
  }

  get patients(): readonly string[] {
    return [...this.#patients.keys()];
  }

  refOf(patient: string): ConsentRef {
    return this.#record(patient).ref;
  }

  /** The gateway that runs, or none. */
  attach(gateway: Readonly<{ restricted(): void; queued(): void }> | undefined): void {
    this.#gateway = gateway;
  }

  /** A withdrawal acts at once; a grant once it is on the channel. */
  say(patient: string, said: Said): void {
    this.#record(patient).said.push(said);
    this.queue.push({ patient, said });
    if (said.kind === 'withdraw') this.#gateway?.restricted();
    this.#gateway?.queued();
  }

  /** Said, and recorded on the channel by others. */
  wasRecorded(patient: string, said: Said): void {
    this.#record(patient).said.push(said);
  }

  /** Whether a patient may be used, by store and channel, the stricter of both. */
  mayUse(patient: string, state: ChannelState, wall: number): boolean {
    const own = this.#record(patient).said.at(-1);
    const recorded = this.recorded(patient, state).at(-1);
    const isGranted = own?.kind === 'grant' && (recorded?.kind === 'grant' || recorded?.kind === 'change');
    return isGranted && [own.validTo, recorded.validTo].every((until) => until === null || until > wall);
  }

  /** When validity of one of these patients ends next. */
  validUntil(patients: Iterable<string>, wall: number): number | undefined {
    const ends = [...patients].flatMap((patient) => this.#record(patient).said.at(-1)?.validTo ?? []);
    const coming = ends.filter((end) => end > wall);
    return coming.length > 0 ? Math.min(...coming) : undefined;
  }

  /** What stands on the channel of a patient. */
  recorded(patient: string, state: Pick<ChannelState, 'range'>): ConsentEvent[] {
    const { start, end } = keyRange('consent', this.msp, this.refOf(patient));
    return state.range(start, end).map(({ value }) => value as ConsentEvent);
  }

  /** Makes a selection of these patients, and keeps it for the round. */
  keep(round: number, patients: readonly string[], commitment: Omit<CohortCommitment, 'root' | 'sizeBucket'>) {
    const patientsDigest = digestOf(patients);
    const root = digestOf([this.msp, String(round), ...patients]);
    const selection: CohortSelection = {
      patientsDigest,
      patients: new Set(patients),
      commitment: { ...commitment, root, sizeBucket: patients.length < 10 ? '<10' : '10+' },
    };
    this.kept.set(round, selection);
    this.made.set(root, selection.patients);
    return selection;
  }

  #record(patient: string): PatientRecord {
    const record = this.#patients.get(patient);
    if (!record) throw new RangeError(`no patient ${patient} at ${this.msp}`);
    return record;
  }
}

export function epochOf(state: Pick<ChannelState, 'get'>, msp: Msp): number {
  return (state.get(ledgerKey.epoch(msp)) as RestrictionEpoch | undefined)?.epoch ?? 0;
}

function digestOf(parts: readonly string[]): Digest {
  return createHash('sha256').update(parts.join('\n')).digest('hex') as Digest;
}
