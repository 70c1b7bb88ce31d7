import { type Digest, MASKED_VECTOR_RETENTION_DAYS, type Msp } from '@consilium/domain';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { MaskedRetention, RETENTION_LOOK_MS, requireVectorsKept } from './maskedRetention.js';
import { journalReceipt, journalVector } from './roundJournal.js';
import { MemoryBlobs } from './testing/memoryBlobs.js';
import { MemoryJournal } from './testing/memoryJournal.js';
import { A, B, C, D, digestOf, OPENED_AT, STUDY, StudyOnChannel, versionOutcome } from './testing/studyOnChannel.js';

const DAY_MS = 86_400_000;
const DUE = OPENED_AT + MASKED_VECTOR_RETENTION_DAYS * DAY_MS;
const PINNED = [A, B, C, D].map((msp) => ({ msp, index: 0, hash: digestOf(msp) }));

/** A private study whose round 1 is over, with what this hospital, A, keeps of it. */
class Kept {
  readonly blobs = new MemoryBlobs();
  readonly journal = new MemoryJournal();
  readonly lines: string[] = [];
  readonly retention: MaskedRetention;
  now = DUE - 1;
  #due: (() => void) | undefined;

  constructor(readonly study = new StudyOnChannel({ mode: 'private' })) {
    const log = (_: unknown, line: string) => void this.lines.push(line);
    this.retention = new MaskedRetention({
      state: study.state,
      blobs: this.blobs,
      journal: this.journal,
      clock: { now: () => this.now, monotonic: () => this.now },
      timers: {
        after: (ms, callback) => {
          expect(ms).toBe(RETENTION_LOOK_MS);
          this.#due = callback;
          return () => {
            this.#due = undefined;
          };
        },
      },
      log: { info: log, warn: log, error: log },
    });
  }

  /** The hour has passed. */
  async look(now: number): Promise<void> {
    this.now = now;
    if (this.#due) this.#due();
    else this.retention.start();
    // It works on what is in memory: all of it is done before a timer of this process fires.
    await new Promise((resolve) => setImmediate(resolve));
  }

  get isWaiting(): boolean {
    return this.#due !== undefined;
  }

  async keep(text: string): Promise<Digest> {
    return this.blobs.put(Buffer.from(text));
  }
}

async function played(kept: Kept, changes: { shareKeys?: typeof PINNED } = { shareKeys: PINNED }): Promise<Digest[]> {
  const { study, journal } = kept;
  const own = await kept.keep('own');
  const contributed = new Map<Msp, Digest>([
    [A, own],
    [B, await kept.keep('of B')],
    [C, await kept.keep('of C')],
  ]);
  const signedFor = await kept.keep('of D, never contributed');
  study.open(0, 'initial');
  study.attest(0, versionOutcome('version 0'), A, B, C);
  study.open(1, 'training', changes);
  study.join(1, A, B, C, D);
  for (const [msp, digest] of contributed) study.contributeVector(1, msp, digest);
  study.close(1, 'contributing', [A, B, C]);
  journalVector(journal, STUDY, 1, own);
  journalReceipt(journal, STUDY, 1, D, signedFor);
  return [...contributed.values(), signedFor];
}

describe('masked vectors', () => {
  let kept: Kept;
  let vectors: Digest[];
  const held = () => vectors.filter((digest) => kept.blobs.files.has(digest)).length;
  beforeEach(async () => {
    kept = new Kept();
    vectors = await played(kept);
  });

  test('go when the days are over, all of them, and not a moment before; what was recomputed stays', async () => {
    const version = await kept.keep('the version');
    kept.study.attest(1, versionOutcome('version 1'), A, B, C);
    await kept.look(DUE - 1);
    expect(held()).toBe(4);
    expect(() => requireVectorsKept(kept.journal, STUDY, 1)).not.toThrow();
    await kept.look(DUE);
    expect(held()).toBe(0);
    expect(kept.blobs.files.has(version)).toBe(true);
    expect(() => requireVectorsKept(kept.journal, STUDY, 1)).toThrow(
      /^VECTORS_DELETED: the masked vectors of round 1 of study heart were deleted here on 1970-01-31,/,
    );
    expect(kept.lines).toEqual(['the masked vectors of a round are deleted']);
  });

  test('stay while the round is not over, however long it takes', async () => {
    await kept.look(DUE + 300 * DAY_MS);
    expect(held()).toBe(4);
    kept.study.attest(1, versionOutcome('version 1'), A, B, C);
    await kept.look(DUE + 300 * DAY_MS + RETENTION_LOOK_MS);
    expect(held()).toBe(0);
  });

  test('of a study without masks are kept', async () => {
    const open = new Kept(new StudyOnChannel({}));
    const theirs = await played(open, {});
    open.study.attest(1, versionOutcome('version 1'), A, B, C);
    await open.look(DUE + DAY_MS);
    expect(theirs.filter((digest) => open.blobs.files.has(digest))).toHaveLength(4);
  });

  test('go as the protocol says, where it says so', async () => {
    const week = new Kept(new StudyOnChannel({ mode: 'private', maskedVectorDays: 7 }));
    vectors = await played(week);
    week.study.attest(1, versionOutcome('version 1'), A, B, C);
    kept = week;
    await kept.look(OPENED_AT + 7 * DAY_MS - 1);
    expect(held()).toBe(4);
    await kept.look(OPENED_AT + 7 * DAY_MS);
    expect(held()).toBe(0);
  });

  test('are looked for again every hour, until it is stopped; a gateway that was off does it when it comes back', async () => {
    await kept.look(DUE - 1);
    expect(kept.isWaiting).toBe(true);
    await kept.retention.stop();
    expect(kept.isWaiting).toBe(false);
    expect(held()).toBe(4);
  });
});
