import { type Outcome, receiptPayload, refusal, vectorLayout } from '@consilium/domain';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { sumVectors, vectorBytes } from '../privacy/fixedPoint.js';
import { shareSealing } from '../privacy/shareSealing.js';
import { digestOf } from './digestOf.js';
import type { Arithmetic } from './ports.js';
import { isDisputeLifted } from './roundJournal.js';
import { MemoryBlobs } from './testing/memoryBlobs.js';
import { MemoryJournal } from './testing/memoryJournal.js';
import { newReceiptKey } from './testing/receiptKey.js';
import { A, B, C, D, STUDY, StudyOnChannel, versionOutcome } from './testing/studyOnChannel.js';
import { VerifyDesk } from './verifyRound.js';

const MEMBERS = [A, B, C, D];
const bytesOf = (text: string) => new TextEncoder().encode(text);

/** Makes a version of the base and the sum: what comes out depends on both. */
const arithmetic: Arithmetic = {
  initialVersion: () => bytesOf('version 0'),
  aggregate: ({ base, sum }) => {
    const file = Buffer.concat([base, vectorBytes(sum)]);
    const sumDigest = digestOf(vectorBytes(sum));
    const outcome: Outcome = { kind: 'version', digest: digestOf(file), sumDigest, result: { weight: 4 } };
    return { sumDigest, file, outcome };
  },
};

/** Round 1, contributed by all, and what honest hospitals make of it. */
class Verified {
  readonly study = new StudyOnChannel({}, MEMBERS, []);
  readonly blobs = new MemoryBlobs();
  readonly journal = new MemoryJournal();
  readonly fetched: string[] = [];
  /** What only other hospitals have. */
  readonly elsewhere = new MemoryBlobs();
  readonly vectors = new Map(
    MEMBERS.map((msp, k) => {
      const { length } = vectorLayout(this.study.protocol, 'training');
      return [msp, new Uint8Array(new Int32Array(length).fill(k).buffer)];
    }),
  );
  readonly outcome: Outcome;
  readonly desk = new VerifyDesk(
    {
      state: this.study.state,
      blobs: this.blobs,
      journal: this.journal,
      arithmetic,
      sealing: shareSealing,
      exchange: {
        push: () => Promise.reject(new Error('nothing is pushed')),
        fetch: async (digest, holders) => {
          this.fetched.push(...holders);
          const bytes = await this.elsewhere.get(digest);
          if (!bytes) throw refusal('VECTOR_UNKNOWN', { digest });
          return bytes;
        },
      },
    },
    { msp: A, channel: 'consilium' },
  );

  constructor() {
    const base = bytesOf('the base');
    const { vectors } = this;
    this.outcome = arithmetic.aggregate({
      protocol: this.study.protocol,
      kind: 'training',
      round: 1,
      base,
      sum: sumVectors(vectors.values(), vectorLayout(this.study.protocol, 'training').length),
      vectors: new Map(),
    }).outcome;
  }

  /** @param signers whose receipts each contribution carries */
  async prepare(signers = 2): Promise<this> {
    const keys = new Map(MEMBERS.map((msp) => [msp, newReceiptKey()]));
    for (const [msp, key] of keys) this.study.register(msp, key.publicKey);
    const base = { version: 0, digest: await this.blobs.put(bytesOf('the base')) };
    this.study.open(1, 'training', { base });
    this.study.join(1, ...MEMBERS);
    for (const [msp, bytes] of this.vectors) {
      const digest = await this.blobs.put(bytes);
      const payload = receiptPayload('consilium', STUDY, 1, msp, digest);
      const receipts = MEMBERS.filter((other) => other !== msp)
        .slice(0, signers)
        .map((signer) => ({ msp: signer, signature: keys.get(signer)?.sign(payload) ?? '' }));
      this.study.contributeVector(1, msp, digest, receipts);
    }
    return this;
  }

  async failed(): Promise<string[]> {
    const { checks } = await this.desk.verify(STUDY, 1);
    return checks.filter(({ ok }) => !ok).map(({ name }) => name);
  }
}

describe('VerifyDesk', () => {
  let at: Verified;
  beforeEach(async () => {
    at = await new Verified().prepare();
  });

  test('finds a round sound whose every part can be recomputed', async () => {
    at.study.attest(1, at.outcome, ...MEMBERS);
    const { ok, checks, disputeLifted } = await at.desk.verify(STUDY, 1);
    expect(checks.filter((check) => !check.ok)).toEqual([]);
    expect(ok).toBe(true);
    expect(disputeLifted).toBe(false);
    expect(checks.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        'hash of the vector of AMSP',
        'receipts for the vector of DMSP',
        'sum',
        'version',
        'result',
      ]),
    );
  });

  test('lifts the dispute of a hospital whose own recomputation now gives what was recorded', async () => {
    at.study.attest(1, versionOutcome('a mistake'), A);
    at.study.attest(1, at.outcome, B, C, D);
    expect(await at.desk.verify(STUDY, 1)).toMatchObject({ ok: true, disputeLifted: true });
    expect(isDisputeLifted(at.journal, STUDY, 1)).toBe(true);
    expect(at.outcome.kind === 'version' && (await at.blobs.has(at.outcome.digest))).toBe(true);
    expect(await at.desk.verify(STUDY, 1)).toMatchObject({ disputeLifted: false });
  });

  test('says what differs, and keeps the dispute, where the recomputation gives another outcome', async () => {
    at.study.attest(1, at.outcome, A);
    at.study.attest(1, { ...versionOutcome('what others made'), result: { weight: 5 } } as Outcome, B, C, D);
    expect(await at.failed()).toEqual(['sum', 'version', 'result']);
    expect(isDisputeLifted(at.journal, STUDY, 1)).toBe(false);
  });

  test('fetches what is missing from its contributor first', async () => {
    at.study.attest(1, at.outcome, ...MEMBERS);
    const missing = digestOf(at.vectors.get(C) as Uint8Array);
    await at.elsewhere.put(at.blobs.files.get(missing) as Uint8Array);
    at.blobs.files.delete(missing);
    expect((await at.desk.verify(STUDY, 1)).ok).toBe(true);
    expect(at.fetched).toEqual([C, B, D]);
    expect(await at.blobs.has(missing)).toBe(true);
  });

  test('does not take damaged bytes for the vector', async () => {
    at.study.attest(1, at.outcome, ...MEMBERS);
    const digest = digestOf(at.vectors.get(C) as Uint8Array);
    at.blobs.files.set(digest, new Uint8Array(8));
    await expect(at.desk.verify(STUDY, 1)).rejects.toThrow(/^VECTOR_UNKNOWN/);
  });

  test('counts only receipts that are signed by other members', async () => {
    at = await new Verified().prepare(1);
    at.study.attest(1, at.outcome, ...MEMBERS);
    expect(await at.failed()).toEqual(MEMBERS.map((msp) => `receipts for the vector of ${msp}`));
  });

  test('compares with the version that stands on the ledger', async () => {
    at.study.attest(1, at.outcome, ...MEMBERS);
    at.study.recordVersion(1, 'another', { survivors: MEMBERS });
    expect(await at.failed()).toEqual(['record']);
  });

  test('recomputes an initial version from the protocol', async () => {
    const initial = new Verified();
    initial.study.open(0, 'initial');
    const digest = digestOf(bytesOf('version 0'));
    initial.study.attest(0, { kind: 'version', digest, sumDigest: null, result: {} }, ...MEMBERS);
    expect(await initial.desk.verify(STUDY, 0)).toMatchObject({ ok: true, disputeLifted: false });
  });

  test('has nothing to compare with before t members agree', async () => {
    at.study.attest(1, at.outcome, A, B);
    await expect(at.desk.verify(STUDY, 1)).rejects.toThrow(/^ROUND_NOT_SETTLED/);
    await expect(at.desk.verify(STUDY, 7)).rejects.toThrow(/^ROUND_UNKNOWN/);
    await expect(at.desk.verify('other' as typeof STUDY, 1)).rejects.toThrow(/^STUDY_UNKNOWN/);
  });
});
