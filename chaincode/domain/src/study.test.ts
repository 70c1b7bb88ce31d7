import { describe, expect, test } from '@jest/globals';
import { asksForStatistics, hasAcceptanceRule, majority, quorum, roundsMax, StudyProtocol } from './study.js';
import { EXAMPLE, exampleProtocol, type ProtocolInput } from './testing/exampleProtocol.js';

const members = (count: number) => Array.from({ length: count }, (_, k) => `H${String(k).padStart(2, '0')}MSP`);
const problemsWith = (changes: object) => {
  const parsed = StudyProtocol.safeParse({ ...EXAMPLE, ...changes });
  return parsed.success ? [] : parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
};

describe('a study protocol', () => {
  test('fills in its defaults, so that their values are part of what is signed', () => {
    expect(exampleProtocol()).toMatchObject({
      metrics: 'sums',
      publicData: false,
      validationShare: 0.2,
      trainingShare: 1,
      personalTensors: [],
      acceptanceSlackMicro: 10_000,
      patientsMax: 100_000,
      deadlines: { joinMs: 60_000, contributeMs: 600_000, finishMs: 86_400_000 },
      aggregation: { rule: 'weighted-mean', weights: 'patients', weightMax: 1_000, clipNorm: 8 },
      training: { l2: 0, proximal: 0 },
    });
  });

  test('is the same after a round trip through JSON', () => {
    const protocol = exampleProtocol();
    expect(StudyProtocol.parse(JSON.parse(JSON.stringify(protocol)))).toEqual(protocol);
  });

  test.each<[string, object, RegExp]>([
    ['another schema', { schemaVersion: 2 }, /^schemaVersion/],
    ['a field that nobody knows', { rounds: 3 }, /rounds/],
    ['one hospital', { members: members(1) }, /^members/],
    ['51 hospitals', { members: members(51) }, /^members/],
    ['one hospital twice', { members: ['AMSP', 'AMSP'] }, /members must differ/],
    ['hospitals out of order', { members: ['BMSP', 'AMSP'] }, /byte order/],
    ['a purpose that is no DUO code', { purposes: ['research'] }, /^purposes.0/],
    ['no columns', { columns: [] }, /^columns/],
    ['a range that is none', { columns: [{ kind: 'number', name: 'age', min: 1, max: 1 }] }, /min must be below max/],
    ['an infinite range', { columns: [{ kind: 'number', name: 'age', min: 0, max: Number.POSITIVE_INFINITY }] }, /max/],
    ['one level', { columns: [{ kind: 'category', name: 'sex', levels: ['0'] }] }, /levels/],
    ['a level twice', { columns: [{ kind: 'category', name: 'sex', levels: ['0', '0'] }] }, /levels must differ/],
    ['an unknown model', { model: { kind: 'forest' } }, /^model/],
    ['no training round', { trainingRounds: 0 }, /^trainingRounds/],
    ['a negative seed', { seed: -1 }, /^seed/],
    [
      'a learning rate of 0',
      { training: { ...EXAMPLE.training, optimiser: { kind: 'sgd', learningRate: 0 } } },
      /learningRate/,
    ],
    ['a momentum of 1', { aggregation: { server: { kind: 'fedavgm', momentum: 1 } } }, /momentum/],
    ['a clip norm that is NaN', { aggregation: { clipNorm: Number.NaN } }, /clipNorm/],
    ['a rule that is not offered', { aggregation: { rule: 'bulyan' as 'krum' } }, /rule/],
    ['a trim of nothing', { aggregation: { rule: 'trimmed-mean', trim: 0 } }, /trim/],
    ['a deadline within clock skew', { deadlines: { joinMs: 19_999 } }, /joinMs/],
    ['a validation share above one half', { validationShare: 0.51 }, /validationShare/],
    ['a training share of nothing', { trainingShare: 0 }, /trainingShare/],
  ])('with %s is refused by name', (_, changes, problem) => {
    expect(problemsWith(changes).join('\n')).toMatch(problem);
  });
});

describe('what follows from a protocol', () => {
  test.each([
    [2, 2, 2, 3],
    [3, 2, 2, 3],
    [4, 3, 3, 3],
    [5, 3, 3, 3],
    [50, 26, 26, 26],
  ])('of %d hospitals %d are t, %d the quorum in open mode and %d in private mode', (count, t, open, closed) => {
    const { aggregation } = exampleProtocol();
    const study = { members: members(count) as StudyProtocol['members'], aggregation };
    expect(majority(study)).toBe(t);
    expect(quorum({ ...study, mode: 'open', quorum: undefined })).toBe(open);
    expect(quorum({ ...study, mode: 'private', quorum: undefined })).toBe(closed);
    expect(quorum({ ...study, mode: 'open', quorum: count })).toBe(count);
    if (count < 7) return;
    const krum = { ...aggregation, rule: 'krum', dishonestMax: 20 } as const;
    expect(quorum({ ...study, aggregation: krum, mode: 'open', quorum: undefined })).toBe(43);
  });

  test.each<[Partial<ProtocolInput>, boolean]>([
    [{}, true],
    [{ standardisation: 'declared-ranges' }, true],
    [{ standardisation: 'per-hospital', label: { kind: 'number', column: 'y', min: 0, max: 1 } }, false],
    [{ standardisation: 'federated', label: { kind: 'number', column: 'y', min: 0, max: 1 } }, true],
  ])('%p asks for statistics: %p', (changes, asks) => {
    expect(asksForStatistics(exampleProtocol(changes))).toBe(asks);
  });

  test('is how many rounds there are at most', () => {
    expect(roundsMax(exampleProtocol())).toBe(13);
    expect(roundsMax(exampleProtocol({ roundsMax: 7 }))).toBe(7);
  });

  test.each(['open', 'sums', 'final'] as const)('metrics %s: versions are judged unless they are final', (metrics) => {
    expect(hasAcceptanceRule(exampleProtocol({ metrics }))).toBe(metrics !== 'final');
  });
});
