import {
  Attestation,
  agreementOf,
  type Msp,
  Outcome,
  StudyProtocol,
  updateScale,
  vectorLayout,
} from '@consilium/domain';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { roundArithmetic } from '../../gateway/src/learning/aggregate.js';
import { readVersion, writeVersion } from '../../gateway/src/learning/versionFile.js';
import { sumVectors, vectorBytes } from '../../gateway/src/privacy/fixedPoint.js';

const MEMBERS = ['AMSP', 'BMSP', 'CMSP', 'DMSP', 'EMSP'];

const server = fc.constantFrom(
  { kind: 'fedavg' },
  { kind: 'fedavgm', momentum: 0.9 },
  { kind: 'fedadagrad', learningRate: 0.1 },
  { kind: 'fedadam', learningRate: 0.1 },
  { kind: 'fedyogi', learningRate: 0.1 },
);
const study = fc
  .record({ server, publicData: fc.boolean(), personal: fc.boolean(), average: fc.boolean() })
  .map(({ server, publicData, personal, average }) =>
    StudyProtocol.parse({
      schemaVersion: 1,
      title: 'any',
      members: MEMBERS,
      publicData,
      mode: 'open',
      columns: ['x', 'y', 'z'].map((name) => ({ kind: 'number', name, min: -1, max: 1 })),
      label: { kind: 'binary', column: 'c', positive: { above: 0 } },
      standardisation: 'federated',
      split: { kind: 'listed' },
      model: { kind: 'multilayer-perceptron', hidden: [2] },
      personalTensors: personal ? ['output/bias'] : [],
      seed: 1,
      training: { steps: 1, batchSize: 1, optimiser: { kind: 'sgd', learningRate: 0.1 } },
      aggregation: { server },
      trainingRounds: 2,
      ...(average ? { averageFrom: 1 } : {}),
    }),
  );
const kind = fc.constantFrom('statistics' as const, 'training' as const, 'evaluation' as const);
/** Any five vectors: honest ones, and garbage that a dishonest hospital may send. */
const element = fc.oneof(fc.integer({ min: 0, max: 1_000 }), fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }));
const seeds = fc.array(fc.array(element, { minLength: 1, maxLength: 20 }), { minLength: 5, maxLength: 5 });
const orders = fc.shuffledSubarray(MEMBERS, { minLength: 5, maxLength: 5 });

function vectorsOf(
  protocol: StudyProtocol,
  kind: 'statistics' | 'training' | 'evaluation',
  elements: readonly number[][],
) {
  const { length } = vectorLayout(protocol, kind);
  return new Map(
    MEMBERS.map((msp, member) => {
      const pattern = elements[member] as number[];
      return [msp, vectorBytes(Int32Array.from({ length }, (_, i) => pattern[i % pattern.length] as number))];
    }),
  );
}

describe('aggregation', () => {
  test('gives the same bytes in whatever order the vectors come, an outcome that can be attested, and a file that reads back', () => {
    fc.assert(
      fc.property(study, kind, seeds, orders, (protocol, kind, elements, order) => {
        const vectors = vectorsOf(protocol, kind, elements);
        const base = roundArithmetic.initialVersion(protocol);
        const made = (names: readonly string[]) => {
          const ordered = new Map(names.map((name) => [name as Msp, vectors.get(name) as Uint8Array]));
          const sum = sumVectors(ordered.values(), vectorLayout(protocol, kind).length);
          return roundArithmetic.aggregate({ protocol, kind, round: 1, base, sum, vectors: ordered });
        };
        const [one, other] = [made(MEMBERS), made(order)];
        expect(other).toEqual(one);
        expect(Outcome.parse(one.outcome)).toEqual(one.outcome);
        if (one.file) expect(writeVersion(protocol, readVersion(protocol, one.file))).toEqual(one.file);
        const attestation = (msp: string) =>
          Attestation.parse({
            study: 's',
            round: 1,
            msp,
            outcome: msp === 'AMSP' ? one.outcome : other.outcome,
            at: 0,
          });
        const attestations = new Map(MEMBERS.map((msp) => [msp as Msp, attestation(msp)]));
        expect(agreementOf(attestations, 5)?.members).toEqual(MEMBERS);
      }),
      { numRuns: 200 },
    );
  });

  test('a round in which all move by one amount moves by it, whatever the weights', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -500, max: 500 }),
        fc.array(fc.integer({ min: 1, max: 1_000 }), { minLength: 5, maxLength: 5 }),
        (amount, weights) => {
          const protocol = fc.sample(study, { numRuns: 1, seed: 1 })[0] as StudyProtocol;
          const plain = StudyProtocol.parse({ ...protocol, aggregation: { server: { kind: 'fedavg' } } });
          const layout = vectorLayout(plain, 'training');
          const scale = updateScale(plain);
          const vectors = new Map(
            MEMBERS.map((msp, member) => {
              const weight = weights[member] as number;
              const vector = new Int32Array(layout.length);
              vector.fill((weight * amount * scale) / 1_024, layout.update?.all.start, layout.update?.all.length);
              vector[layout.update?.weight.start as number] = weight;
              return [msp as Msp, vectorBytes(vector)];
            }),
          );
          const base = roundArithmetic.initialVersion(plain);
          const sum = sumVectors(vectors.values(), layout.length);
          const round = { protocol: plain, kind: 'training', round: 1, base, sum, vectors } as const;
          const { file } = roundArithmetic.aggregate(round);
          const after = readVersion(plain, file as Uint8Array).weights;
          for (const [name, values] of readVersion(plain, base).weights)
            expect([...(after.get(name) ?? [])]).toEqual(
              [...values].map((value) => Math.fround(value + amount / 1_024)),
            );
        },
      ),
    );
  });
});
