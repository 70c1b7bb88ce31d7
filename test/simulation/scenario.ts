/** What a run is about, drawn from its seed: a study, its hospitals, and what goes wrong. */
import { Msp, quorum, StudyProtocol, updatesNeeded } from '@consilium/domain';
import { ATTACKS, type Attack, type AttackName } from './attackers.js';
import { type ConsentFault, type ConsentPlan, consentFaultsOf, consentPlanOf } from './consentFaults.js';
import {
  DROPOUT_MEMBERS,
  DROPOUT_ROUNDS,
  type Dropout,
  dropoutKindStudies,
  dropoutStudies,
  dropoutsOf,
} from './dropouts.js';
import { endOf, type Fault, faultsOf, PHASE_MS } from './faults.js';
import type { Random } from './random.js';
import { PERSONAL_TENSOR } from './simulatedLearner.js';

const HOSPITALS = ['Aachen', 'Bergen', 'Cleveland', 'Dresden', 'Eindhoven', 'Firenze', 'Gent'].map((name) =>
  Msp.parse(`${name}MSP`),
);

/**
 * What a run is drawn from: anything; anything in private; small studies in which patients withdraw; a private study whose
 * hospitals drop out in every combination, by the seed's number, or that too few are left of; or one with one attack.
 */
export type Theme =
  | 'any'
  | 'private'
  | 'withdrawals'
  | 'dropouts'
  | 'too few contribute'
  | 'too few are left'
  | AttackName;

/** What members do where a sum must not be opened beside another one. */
export const WAYS_ON = ['finish', 'unmask', 'return'] as const;

export type Scenario = Readonly<{
  protocol: StudyProtocol;
  isHealthy: boolean;
  isUnseeded: boolean;
  trainingMs: readonly [number, number];
  faults: readonly Fault[];
  /** What patients do, where the study asks for consent. */
  consent: Readonly<{ plan: ConsentPlan; faults: readonly ConsentFault[] }> | undefined;
  /** From now on nothing goes wrong any more, and all come back but those who are gone. */
  faultsEnd: number;
  gone: readonly Msp[];
  dropouts: readonly Dropout[];
  attack: Attack | undefined;
  wayOn: (typeof WAYS_ON)[number];
}>;

const DAY_MS = 86_400_000;
const HEALTHY_SHARE = 0.15;
/** Training that gives other bytes each time, as it does without a seed. */
const UNSEEDED_SHARE = 0.15;

/** Of studies at large; the others are of public data. */
const CONSENT_SHARE = 0.15;
/** Withdrawals come at any moment of the first seconds; those that wait for a step come later. */
const CONSENT_FAULTS_MS_MAX = 25_000;

/** Of studies without consent: masked, and opened by the shares of t hospitals. */
const PRIVATE_SHARE = 0.35;

/** Of private studies in which something goes wrong: one hospital does what no honest one does. */
const ATTACK_SHARE = 0.3;

/** Of open studies: each hospital's update is looked at by itself. */
const ROBUST_SHARE = 0.35;

/** Patients make trouble enough. */
const FEW_FAULTS = [0, 1, 1, 2, 3];
/**
 * Whether a validity has ended is a matter of the clock: where one jumps, nobody could know in the same turn. And a cohort has
 * a patient at least.
 */
const NOT_WITH_CONSENT: readonly Fault['kind'][] = ['clock', 'weightless'];

/** @param seed which of all combinations is played, where hospitals drop out */
export function scenarioOf(random: Random, theme: Theme, seed: number): Scenario {
  switch (theme) {
    case 'any':
    case 'private':
    case 'withdrawals':
      return drawnScenario(random, theme);
    case 'dropouts':
      return dropoutScenario(random, seed);
    case 'too few contribute':
    case 'too few are left':
      return tooFewScenario(random, theme);
    default:
      return attackScenario(random, theme);
  }
}

function drawnScenario(random: Random, theme: 'any' | 'private' | 'withdrawals'): Scenario {
  const isOfWithdrawals = theme === 'withdrawals';
  const drawnProtocol = protocolOf(random, isOfWithdrawals);
  const isHealthy = !isOfWithdrawals && random.chance(HEALTHY_SHARE);
  const trainingMs = random.pick<readonly [number, number]>([
    [20, 100],
    [20, 400],
    [500, 3_000],
  ]);
  const asksConsent = isOfWithdrawals || (theme === 'any' && random.chance(CONSENT_SHARE));
  const masked = theme === 'private' || (!asksConsent && random.chance(PRIVATE_SHARE));
  const unmasked = asksConsent ? withConsent(drawnProtocol, random) : drawnProtocol;
  const protocol = masked ? inPrivate(drawnProtocol) : withRule(unmasked, random);
  const consent = asksConsent
    ? { plan: consentPlanOf(random, isHealthy), faults: isHealthy ? [] : consentFaultsOf(random, protocol) }
    : undefined;
  const wayOn = random.pick(WAYS_ON);
  const common = { protocol, isHealthy, trainingMs, consent, dropouts: [], wayOn };
  if (isHealthy) return { ...common, isUnseeded: false, faults: [], faultsEnd: 0, gone: [], attack: undefined };
  const isUnseeded = random.chance(UNSEEDED_SHARE);
  const drawn = faultsOf(random, protocol, isOfWithdrawals ? FEW_FAULTS : undefined).filter(
    ({ kind }) => !asksConsent || !NOT_WITH_CONSENT.includes(kind),
  );
  // Without a seed a restored database cannot make the same vector again: it is the seed that open mode relies on there.
  const faults = isUnseeded ? drawn.filter((fault) => !('backupAt' in fault)) : drawn;
  const spare = protocol.members.length - quorum(protocol);
  const gone =
    spare > 0 && random.chance(isOfWithdrawals ? 0.05 : 0.3)
      ? random.shuffled(protocol.members).slice(0, random.between(1, spare))
      : [];
  const faultsEnd = Math.max(5_000, asksConsent ? CONSENT_FAULTS_MS_MAX : 0, ...faults.map(endOf));
  const attack = masked && random.chance(ATTACK_SHARE) ? attackOf(random, protocol, random.pick(ATTACKS)) : undefined;
  return { ...common, isUnseeded, faults, faultsEnd, gone, attack };
}

function attackOf(random: Random, { members, trainingRounds }: StudyProtocol, name: AttackName): Attack {
  const first = random.between(1, trainingRounds + 1);
  const rounds = random.pick([[first], [first, first + 1], [first, first + 2]]);
  return { name, by: random.pick(members), rounds, members };
}

const UNTROUBLED = {
  isHealthy: false,
  isUnseeded: false,
  trainingMs: [20, 100],
  consent: undefined,
  faults: [],
  gone: [],
  wayOn: 'return',
} satisfies Partial<Scenario>;

/** Four hospitals, one of which attacks the first training round; nothing else goes wrong. */
function attackScenario(random: Random, name: AttackName): Scenario {
  const protocol = inPrivate(plainProtocol(random, HOSPITALS.slice(0, 4), 2));
  const attack = { name, by: random.pick(protocol.members), rounds: [1], members: protocol.members };
  return { ...UNTROUBLED, protocol, attack, dropouts: [], faultsEnd: 0 };
}

/** Four hospitals, two of which vanish in the first training round: one more than it can do without. */
function tooFewScenario(random: Random, theme: 'too few contribute' | 'too few are left'): Scenario {
  const protocol = inPrivate(plainProtocol(random, HOSPITALS.slice(0, 4), 2));
  const gone = random.shuffled(protocol.members).slice(0, 2);
  const [silent, vanishing] = theme === 'too few contribute' ? [gone, []] : [[], gone];
  const dropout: Dropout = { round: 1, silent, vanishing, losing: [], isWhole: false, isTooMany: true };
  return { ...UNTROUBLED, protocol, dropouts: [dropout], attack: undefined, faultsEnd: 0 };
}

function dropoutScenario(random: Random, seed: number): Scenario {
  let study = seed - 1;
  for (const count of DROPOUT_MEMBERS) {
    const members = HOSPITALS.slice(0, count);
    if (study >= dropoutStudies(members)) {
      study -= dropoutStudies(members);
      continue;
    }
    const protocol = inPrivate(plainProtocol(random, members, DROPOUT_ROUNDS));
    return { ...UNTROUBLED, protocol, dropouts: dropoutsOf(members, study), attack: undefined, faultsEnd: 0 };
  }
  throw new RangeError(`there is no study of dropouts ${seed}`);
}

const studiesOf = (counts: readonly number[], studies: (members: readonly Msp[]) => number) =>
  counts.reduce((sum, count) => sum + studies(HOSPITALS.slice(0, count)), 0);

/** How many studies go through all combinations of dropouts. */
export const DROPOUT_STUDIES = studiesOf(DROPOUT_MEMBERS, dropoutStudies);
/** The first of these have all combinations of up to six hospitals, and of seven all but for which hospital is which. */
export const DROPOUT_STUDIES_FIRST =
  studiesOf(DROPOUT_MEMBERS.slice(0, -1), dropoutStudies) + studiesOf(DROPOUT_MEMBERS.slice(-1), dropoutKindStudies);

/** Training rounds from the first on, and a day to finish each. */
function plainProtocol(random: Random, members: readonly Msp[], trainingRounds: number): StudyProtocol {
  const { deadlines, ...protocol } = protocolOf(random, true);
  return StudyProtocol.parse({
    ...protocol,
    members,
    trainingRounds,
    roundsMax: undefined,
    standardisation: 'declared-ranges',
    metrics: 'sums',
    deadlines: { ...deadlines, finishMs: DAY_MS },
  });
}

/**
 * A rule that the study's hospitals are enough for. Where patients must consent a hospital may have nobody to train on, so none
 * that needs every hospital.
 */
function withRule(protocol: StudyProtocol, random: Random): StudyProtocol {
  if (!random.chance(ROBUST_SHARE)) return protocol;
  const { length } = protocol.members;
  const rules = [
    { rule: 'coordinate-median' },
    { rule: 'geometric-median' },
    { rule: 'norm-clipped-mean' },
    { rule: 'trimmed-mean', trim: 1 },
    { rule: 'krum', dishonestMax: 1 },
    { rule: 'multi-krum', dishonestMax: 1 },
  ] as const;
  const spare = protocol.consent ? 1 : 0;
  const suitable = rules.filter((rule) => updatesNeeded(rule) <= length - spare);
  return StudyProtocol.parse({ ...protocol, aggregation: { ...protocol.aggregation, ...random.pick(suitable) } });
}

function inPrivate(protocol: StudyProtocol): StudyProtocol {
  return StudyProtocol.parse({ ...protocol, mode: 'private' });
}

function withConsent(protocol: StudyProtocol, random: Random): StudyProtocol {
  const onWithdrawal = random.pick(['flag', 'retrain', 'retrain', 'keep']);
  return StudyProtocol.parse({ ...protocol, purposes: ['DUO:0000042'], consent: { onWithdrawal } });
}

function protocolOf(random: Random, isSmall: boolean): StudyProtocol {
  const members = HOSPITALS.slice(0, isSmall ? 3 : random.pick([3, 3, 3, 4, 4, 4, 5]));
  const trainingRounds = isSmall ? random.pick([1, 2]) : random.chance(0.05) ? 6 : random.pick([2, 2, 3]);
  return StudyProtocol.parse({
    schemaVersion: 1,
    title: 'A simulated study',
    members,
    publicData: true,
    mode: 'open',
    metrics: random.pick(['open', 'sums', 'final']),
    columns: [{ kind: 'number', name: 'age', min: 0, max: 120 }],
    label: { kind: 'number', column: 'outcome', min: 0, max: 1 },
    standardisation: random.chance(0.7) ? 'federated' : 'declared-ranges',
    split: { kind: 'listed' },
    model: { kind: 'linear-regression' },
    personalTensors: [PERSONAL_TENSOR],
    seed: random.between(0, 1_000),
    training: { steps: 1, batchSize: 1, optimiser: { kind: 'sgd', learningRate: 0.1 } },
    aggregation: { server: { kind: random.pick(['fedavg', 'fedavgm']) } },
    trainingRounds,
    ...(random.chance(0.2) ? { averageFrom: 2 } : {}),
    ...(random.chance(0.1) ? { roundsMax: trainingRounds + 3 } : {}),
    deadlines: { joinMs: PHASE_MS, contributeMs: PHASE_MS, finishMs: 2 * PHASE_MS },
  });
}
