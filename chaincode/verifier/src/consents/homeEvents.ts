/**
 * Events that a hospital keeps at home, where its policy puts only the root of each batch on the channel: whole batches,
 * or single events with their path to the root.
 */
import { ConsentBatch, ConsentEvent, ConsentEventInput, Digest, Msp, tenDigits } from '@consilium/domain';
import { Doubt, must } from '../doubt.js';
import type { Place } from '../evidence/endorsement.js';
import type { Questions } from '../evidence/questions.js';
import type { Entries } from '../pack/entries.js';
import type { Report } from '../pack/report.js';
import { count, list, of, record } from '../pack/shape.js';
import { eventLeaf, listRoot, nodeOf } from './formulas.js';

/** An event, or, where its record was erased, its leaf's hash. */
const Leaf = (value: unknown, what: string) =>
  typeof value === 'string' ? of(Digest)(value, what) : of(ConsentEventInput)(value, what);
const WholeBatch = record({ batch: count, events: list(Leaf), msp: of(Msp) });
const Proofs = list(
  record({ batch: count, event: of(ConsentEventInput), index: count, msp: of(Msp), path: list(of(Digest)) }),
);

/** An event, and where it stands: its own record on the channel, or that of its batch's root. */
export type PlacedEvent = Readonly<{ event: ConsentEvent; place: Place; batch: number | null }>;

export type HomeEvents = Readonly<{
  /** Of each record, by `msp~ref`: a cohort asks for a hundred thousand of them. */
  byRecord: ReadonlyMap<string, readonly PlacedEvent[]>;
  /** Batches of which every leaf is here, by `msp~batch`. */
  whole: ReadonlySet<string>;
  /** Leaves of them that are not opened. */
  hidden: number;
}>;

export function readHomeEvents(entries: Entries, questions: Questions, report: Report): HomeEvents {
  const events: PlacedEvent[] = [];
  const whole = new Set<string>();
  let hidden = 0;
  for (const [name] of entries.under('batches'))
    report.try(name, () => {
      const { msp, batch, events: leaves } = WholeBatch(entries.json(name), name);
      must(name === `batches/${tenDigits(batch)}.json`, `it is batch ${batch}`);
      const root = rootOf(msp, batch, questions);
      must(
        leaves.length === root.record.count,
        `it has ${leaves.length} events, and the channel says ${root.record.count}`,
      );
      must(listRoot(leaves.map(hashOf)).toString('hex') === root.record.root, 'its events do not make its root');
      whole.add(`${msp}~${batch}`);
      const opened = leaves.flatMap((leaf) => (typeof leaf === 'string' ? [] : [placed(leaf, root)]));
      hidden += leaves.length - opened.length;
      events.push(...opened);
    });
  const proofs = entries.has('batch-proofs.json')
    ? (report.try('batch-proofs.json', () => Proofs(entries.json('batch-proofs.json'), 'batch-proofs.json')) ?? [])
    : [];
  for (const { msp, batch, index, event, path } of proofs)
    report.try(`event ${event.ref}~${event.seq} in batch ${batch}`, () => {
      const root = rootOf(msp, batch, questions);
      const found = rootAlong(eventLeaf(event), index, root.record.count, path);
      must(found.toString('hex') === root.record.root, 'its path does not lead to the root of its batch');
      events.push(placed(event, root));
    });
  return { byRecord: byRecord(events), whole, hidden };
}

function byRecord(events: readonly PlacedEvent[]): ReadonlyMap<string, readonly PlacedEvent[]> {
  const found = new Map<string, PlacedEvent[]>();
  for (const placed of events) {
    const record = `${placed.event.msp}~${placed.event.ref}`;
    const others = found.get(record);
    if (others) others.push(placed);
    else found.set(record, [placed]);
  }
  return found;
}

function hashOf(leaf: ConsentEventInput | Digest): Buffer {
  return typeof leaf === 'string' ? Buffer.from(leaf, 'hex') : eventLeaf(leaf);
}

type Root = Readonly<{ record: ConsentBatch; place: Place }>;

function rootOf(msp: Msp, batch: number, questions: Questions): Root {
  const key = `consentroot~${msp}~${tenDigits(batch)}`;
  const found = questions.records.get(key);
  if (!found) throw new Doubt(`the pack has no endorsed root of it (${key})`);
  return { record: ConsentBatch.parse(found.value), place: found.place };
}

function placed({ narrows: _, ...input }: ConsentEventInput, { record: batch, place }: Root): PlacedEvent {
  const event = ConsentEvent.parse({
    msp: batch.msp,
    ...input,
    supersedes: input.seq === 0 ? null : input.seq - 1,
    restricts: batch.restricts,
    recordedBy: batch.recordedBy,
    recordedAt: batch.recordedAt,
  });
  return { event, place, batch: batch.batch };
}

/** RFC 9162, section 2.1.3.2. @throws Doubt where the path is of another length */
export function rootAlong(leaf: Buffer, index: number, size: number, path: readonly string[]): Buffer {
  must(index < size, `there is no leaf ${index} of ${size}`);
  let [node, last, hash] = [index, size - 1, leaf];
  for (const each of path) {
    must(last > 0, 'a path that is too long');
    const sibling = Buffer.from(each, 'hex');
    if (node % 2 === 1 || node === last) {
      hash = nodeOf(sibling, hash);
      while (node % 2 === 0 && node !== 0) [node, last] = [Math.floor(node / 2), Math.floor(last / 2)];
    } else hash = nodeOf(hash, sibling);
    [node, last] = [Math.floor(node / 2), Math.floor(last / 2)];
  }
  must(last === 0, 'a path that is too short');
  return hash;
}
