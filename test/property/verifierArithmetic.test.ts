/** The verifier is a second implementation of what hospitals compute: from the same bytes both must come to the same. */
import { createHash } from 'node:crypto';
import { type Digest, type Msp, type RoundKind, StudyId, StudyProtocol, vectorLayout } from '@consilium/domain';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { firstVersion } from '../../chaincode/verifier/src/rounds/firstVersion.js';
import { bytesOf } from '../../chaincode/verifier/src/rounds/integers.js';
import { unmask } from '../../chaincode/verifier/src/rounds/masks.js';
import { recomputed } from '../../chaincode/verifier/src/rounds/roundArithmetic.js';
import { isMaskKey, isSelfMask, recombined } from '../../chaincode/verifier/src/rounds/secrets.js';
import { readVersion, versionFile } from '../../chaincode/verifier/src/rounds/versionFile.js';
import type { DealtSecrets } from '../../gateway/src/agent/ports.js';
import { roundArithmetic } from '../../gateway/src/learning/aggregate.js';
import { sumVectors, vectorBytes } from '../../gateway/src/privacy/fixedPoint.js';
import { splitSecret } from '../../gateway/src/privacy/secretShares.js';
import { shareSealing } from '../../gateway/src/privacy/shareSealing.js';
import { makeX25519Pair } from '../../gateway/src/privacy/x25519Keys.js';

const MEMBERS = ['AMSP', 'BMSP', 'CMSP', 'DMSP', 'EMSP'] as Msp[];
const KINDS = ['statistics', 'training', 'training', 'evaluation'] as const;

const server = fc.constantFrom(
  { kind: 'fedavg' },
  { kind: 'fedavg', learningRate: 0.3 },
  { kind: 'fedavgm', momentum: 0.9 },
  { kind: 'fedadagrad', learningRate: 0.1 },
  { kind: 'fedadam', learningRate: 0.1 },
  { kind: 'fedyogi', learningRate: 0.1 },
);
const rule = fc.constantFrom(
  { rule: 'weighted-mean' },
  { rule: 'coordinate-median' },
  { rule: 'trimmed-mean', trim: 2 },
  { rule: 'trimmed-mean', trim: 1 },
  { rule: 'krum', dishonestMax: 1 },
  { rule: 'multi-krum', dishonestMax: 1 },
  { rule: 'multi-krum', dishonestMax: 1, selected: 1 },
  { rule: 'geometric-median' },
  { rule: 'norm-clipped-mean' },
);
const model = fc.constantFrom(
  { kind: 'logistic-regression' },
  { kind: 'logistic-regression', start: 'zero' },
  { kind: 'multilayer-perceptron', hidden: [3, 2] },
);
const study = fc
  .record({
    server,
    rule,
    model,
    weights: fc.constantFrom('equal', 'patients'),
    publicData: fc.boolean(),
    isPersonal: fc.boolean(),
    averageFrom: fc.constantFrom(undefined, 1, 3),
    label: fc.constantFrom(
      { kind: 'binary', column: 'c', positive: { above: 0 } },
      { kind: 'number', column: 'c', min: 0, max: 10 },
    ),
    metrics: fc.constantFrom('sums', 'final'),
    standardisation: fc.constantFrom('federated', 'declared-ranges'),
    seed: fc.nat(),
  })
  .map(({ server, rule, model, weights, isPersonal, averageFrom, label, ...settings }) =>
    StudyProtocol.parse({
      schemaVersion: 1,
      title: 'any',
      members: MEMBERS,
      mode: 'open',
      columns: ['x', 'y', 'z'].map((name) => ({ kind: 'number', name, min: -1, max: 1 })),
      label,
      split: { kind: 'listed' },
      model: label.kind === 'number' && model.kind === 'logistic-regression' ? { kind: 'linear-regression' } : model,
      personalTensors: isPersonal ? ['output/bias'] : [],
      training: { steps: 1, batchSize: 1, optimiser: { kind: 'sgd', learningRate: 0.1 } },
      aggregation: { ...rule, server, weights, weightMax: 100 },
      trainingRounds: 2,
      ...(averageFrom === undefined ? {} : { averageFrom }),
      ...settings,
    }),
  );
/** What honest hospitals send, what nobody has patients for, and garbage. */
const element = fc.oneof(
  fc.integer({ min: 0, max: 1_000 }),
  fc.constant(0),
  fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
);
const pattern = fc.array(element, { minLength: 1, maxLength: 23 });
const patterns = fc.array(pattern, { minLength: 5, maxLength: 5 });

function vectorsOf(protocol: StudyProtocol, kind: RoundKind, elements: readonly number[][]): Map<Msp, Uint8Array> {
  const { length } = vectorLayout(protocol, kind);
  return new Map(
    MEMBERS.map((msp, member) => {
      const repeated = elements[member] as number[];
      return [msp, vectorBytes(Int32Array.from({ length }, (_, i) => repeated[i % repeated.length] as number))];
    }),
  );
}

describe('a study computed by hospitals and again by the verifier', () => {
  test('has the same first version', () => {
    fc.assert(
      fc.property(study, (protocol) => {
        expect(firstVersion(protocol).equals(roundArithmetic.initialVersion(protocol))).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  test('has the same sums, versions, metrics and reasons in every kind of round, by every rule and optimiser', () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(study, fc.array(patterns, { minLength: 4, maxLength: 4 }), (protocol, rounds) => {
        let base = roundArithmetic.initialVersion(protocol);
        for (const [round, kind] of KINDS.entries()) {
          const vectors = vectorsOf(protocol, kind, rounds[round] as number[][]);
          const sum = sumVectors(vectors.values(), vectorLayout(protocol, kind).length);
          const theirs = roundArithmetic.aggregate({ protocol, kind, round: round + 1, base, sum, vectors });
          const second = new Map(
            [...vectors].reverse().map(([msp, bytes]): [Msp, Buffer] => [msp, Buffer.from(bytes)]),
          );
          const own = recomputed({ protocol, kind, round: round + 1, base: Buffer.from(base), vectors: second });
          expect(own.outcome).toEqual(theirs.outcome);
          expect(own.file?.equals(theirs.file as Uint8Array) ?? theirs.file === undefined).toBe(true);
          seen.add(theirs.outcome.kind === 'none' ? theirs.outcome.reason : `${kind} ${theirs.outcome.kind}`);
          base = theirs.file ?? base;
        }
      }),
      { numRuns: 400 },
    );
    expect([...seen].sort()).toEqual(
      expect.arrayContaining([
        'evaluation version',
        'statistics version',
        'training version',
        'ZERO_WEIGHT',
        'ONE_CLASS',
      ]),
    );
  });

  test('reads versions back to the same bytes, and none that is changed in its header or its padding', () => {
    fc.assert(
      fc.property(study, fc.nat(), (protocol, place) => {
        const file = Buffer.from(roundArithmetic.initialVersion(protocol));
        expect(versionFile(readVersion(file)).equals(file)).toBe(true);
        const changed = Buffer.from(file);
        const headerBytes = 8 + Number(file.readBigUInt64LE(0));
        const at = place % headerBytes;
        changed[at] = (changed[at] as number) ^ 1;
        expect(() => {
          const read = readVersion(changed);
          // A tensor by another name is no tensor of the protocol: only what is read as the same would be a fault.
          expect([...read.keys()]).toEqual([...readVersion(file).keys()]);
        }).toThrow();
      }),
      { numRuns: 100 },
    );
  });
});

describe('a private round’s secrets', () => {
  test('are put together from any t shares, and from no fewer', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        fc.integer({ min: 2, max: 9 }),
        fc.integer({ min: 2, max: 9 }),
        async (secret, a, b) => {
          const [threshold, holders] = [Math.min(a, b), Math.max(a, b)];
          const shares = (await splitSecret(secret, holders, threshold)).map((share) => Buffer.from(share));
          expect(recombined(shares.slice(-threshold))?.equals(secret)).toBe(true);
          expect(recombined([...shares.slice(1, threshold), shares[1] as Buffer, shares[1] as Buffer])).toBeUndefined();
          if (threshold > 2) expect(recombined(shares.slice(0, threshold - 1))?.equals(secret)).toBe(false);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('are known by what the join committed to', () => {
    const { privateKey, publicKey } = makeX25519Pair();
    const secret = Buffer.from(privateKey);
    const other = Buffer.from(makeX25519Pair().privateKey);
    const hash = createHash('sha256').update(secret).digest('base64');
    expect([isSelfMask(secret, hash), isSelfMask(other, hash)]).toEqual([true, false]);
    const published = Buffer.from(publicKey).toString('base64');
    expect([isMaskKey(secret, published), isMaskKey(other, published)]).toEqual([true, false]);
  });

  test('take the masks off, whoever of the roster did not contribute', async () => {
    const place = { channel: 'c', study: StudyId.parse('s'), round: 3 };
    const holders = MEMBERS.map((msp) => ({ msp, publicKey: shareSealing.newShareKey().publicKey }));
    const dealt = new Map(
      await Promise.all(
        MEMBERS.map(async (msp) => {
          const next = { index: 1, publicKey: shareSealing.newShareKey().publicKey };
          return [msp, await shareSealing.deal({ ...place, dealer: msp }, holders, 3, next)] as const;
        }),
      ),
    );
    const secretsOf = (msp: Msp) => dealt.get(msp) as DealtSecrets;
    const keys = new Map(MEMBERS.map((msp) => [msp, secretsOf(msp).keys]));
    const bound = { ...place, baseDigest: 'ab'.repeat(32) as Digest, protocolHash: 'cd'.repeat(32) as Digest };
    // Longer than a piece of keystream in either implementation.
    const length = (1 << 18) + 77;
    for (const lost of [[], ['BMSP'], ['AMSP', 'EMSP']]) {
      const survivors = MEMBERS.filter((msp) => !lost.includes(msp));
      const plain = new Int32Array(length);
      const sum = new Int32Array(length);
      for (const [k, msp] of survivors.entries()) {
        const vector = Int32Array.from({ length }, (_, i) => (i * 7_919 + k * 104_729) | 0);
        for (let i = 0; i < length; i++) plain[i] = (plain[i] as number) + (vector[i] as number);
        shareSealing.mask(vector, { ...bound, roster: keys }, msp, secretsOf(msp));
        for (let i = 0; i < length; i++) sum[i] = (sum[i] as number) + (vector[i] as number);
      }
      expect(bytesOf(sum).equals(bytesOf(plain))).toBe(false);
      const secretOf = (msp: Msp, kind: 'selfMask' | 'maskKey') => Buffer.from(secretsOf(msp)[kind]);
      unmask(
        sum,
        { ...bound, keys },
        {
          selfMasks: new Map(survivors.map((msp) => [msp, secretOf(msp, 'selfMask')])),
          maskKeys: new Map((lost as Msp[]).map((msp) => [msp, secretOf(msp, 'maskKey')])),
        },
      );
      expect(bytesOf(sum).equals(bytesOf(plain))).toBe(true);
    }
  });
});
