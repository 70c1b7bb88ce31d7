import { type Msp, receiptPayload, vectorLayout } from '@consilium/domain';
import { describe, expect, jest, test } from '@jest/globals';
import { shareSealing } from '../privacy/shareSealing.js';
import { digestOf } from './digestOf.js';
import type { PushedVector } from './ports.js';
import { MIRROR_WAIT_MS_MAX, ReceiptDesk } from './receiptDesk.js';
import { isReceiptSignature } from './receiptSignature.js';
import { MemoryBlobs } from './testing/memoryBlobs.js';
import { MemoryJournal } from './testing/memoryJournal.js';
import { MemorySecrets } from './testing/memorySecrets.js';
import { newReceiptKey } from './testing/receiptKey.js';
import { A, B, C, D, STUDY, StudyOnChannel } from './testing/studyOnChannel.js';

/** The desk of hospital A. Its timers fire when the test says so. */
class Desk {
  readonly study = new StudyOnChannel({}, [A, B, C, D], [B, C, D]);
  readonly blobs = new MemoryBlobs();
  readonly key = newReceiptKey();
  readonly journal = new MemoryJournal();
  readonly waits: { ms: number; fire: () => void }[] = [];
  readonly desk = new ReceiptDesk(
    {
      state: this.study.state,
      blobs: this.blobs,
      receiptKeys: this.key.keys,
      secrets: new MemorySecrets(),
      sealing: shareSealing,
      journal: this.journal,
      timers: {
        after: (ms, fire) => {
          this.waits.push({ ms, fire });
          return () => undefined;
        },
      },
      log: { info: jest.fn(), warn: jest.fn(), error: jest.fn() },
    },
    { msp: A, channel: 'consilium' },
  );

  constructor() {
    this.study.register(A, this.key.publicKey);
    this.study.openTraining();
  }

  /** A vector of round 1 as `from` pushes it. */
  pushed(changes: Partial<PushedVector> = {}): PushedVector {
    const bytes = changes.bytes ?? vectorOf(1);
    return { from: B, study: STUDY, round: 1, digest: digestOf(bytes), bytes, ...changes };
  }

  /** The code of the refusal, once there is nothing left to wait for. */
  async refusalOf(changes: Partial<PushedVector> = {}): Promise<string> {
    const refused = this.desk.receive(this.pushed(changes)).then(
      () => 'accepted',
      (error: { code: string }) => error.code,
    );
    await Promise.resolve();
    for (const { ms, fire } of this.waits) {
      expect(ms).toBe(MIRROR_WAIT_MS_MAX);
      fire();
    }
    return refused;
  }
}

const LENGTH = vectorLayout(new StudyOnChannel().protocol, 'training').length;
const vectorOf = (value: number, elements = LENGTH) => new Uint8Array(new Int32Array(elements).fill(value).buffer);

describe('ReceiptDesk', () => {
  test('stores the vector of a hospital that joined, and signs for it', async () => {
    const at = new Desk();
    at.study.join(1, B);
    const pushed = at.pushed();
    const receipt = await at.desk.receive(pushed);
    const payload = receiptPayload('consilium', STUDY, 1, B, pushed.digest);
    expect(receipt.msp).toBe(A);
    expect(isReceiptSignature(at.key.publicKey, payload, receipt.signature)).toBe(true);
    expect(await at.blobs.get(pushed.digest)).toEqual(pushed.bytes);
  });

  test('signs the same vector again, and no second one of a contributor in a round', async () => {
    const at = new Desk();
    at.study.join(1, B, C);
    const first = await at.desk.receive(at.pushed());
    expect(await at.desk.receive(at.pushed())).toEqual(first);
    expect(await at.refusalOf({ bytes: vectorOf(2) })).toBe('FACT_CHANGED');
    expect(at.blobs.files.size).toBe(1);
    expect(await at.refusalOf({ bytes: vectorOf(2), from: C })).toBe('accepted');
  });

  test('of two different vectors that come together signs one', async () => {
    const at = new Desk();
    at.study.join(1, B);
    const answers = await Promise.allSettled(
      [1, 2].map((value) => at.desk.receive(at.pushed({ bytes: vectorOf(value) }))),
    );
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
  });

  test('waits for its mirror to see what the contributor has seen', async () => {
    const at = new Desk();
    const receipt = at.desk.receive(at.pushed());
    await Promise.resolve();
    at.study.join(1, C);
    at.study.join(1, B);
    expect((await receipt).msp).toBe(A);
  });

  test.each<[string, Partial<PushedVector>]>([
    ['NOT_IN_ROSTER', { from: C }],
    ['NOT_A_MEMBER', { from: 'XMSP' as Msp }],
    ['ROUND_UNKNOWN', { round: 2 }],
    ['STUDY_UNKNOWN', { study: 'other' as PushedVector['study'] }],
    ['PHASE_CLOSED', { round: 0 }],
    ['VECTOR_LENGTH_WRONG', { bytes: vectorOf(1, LENGTH + 1) }],
    ['VECTOR_DIGEST_MISMATCH', { digest: digestOf(vectorOf(2)) }],
  ])('refuses with %s', async (code, changes) => {
    const at = new Desk();
    at.study.join(1, B);
    expect(await at.refusalOf(changes)).toBe(code);
    expect(at.blobs.files.size).toBe(0);
  });

  test('takes in after the survivors are fixed what was contributed, and nothing else', async () => {
    const at = new Desk();
    at.study.join(1, A, B, C, D);
    at.study.contribute(1, A, B, C, D);
    expect(await at.refusalOf()).toBe('PHASE_CLOSED');
    at.study.contributeVector(1, B, at.pushed().digest);
    expect(await at.refusalOf()).toBe('accepted');
  });

  test('gives no receipt that the channel could not check', async () => {
    const at = new Desk();
    at.study.join(1, B);
    at.study.register(A, newReceiptKey().publicKey);
    expect(await at.refusalOf()).toBe('MEMBER_KEY_CHANGED');
  });
});
