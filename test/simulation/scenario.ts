/** What a run is about, drawn from its seed: a study, its hospitals, and what goes wrong. */
import { Msp, quorum, StudyId, StudyProtocol } from '@consilium/domain';
import { type ConsentFault, type ConsentPlan, consentFaultsOf, consentPlanOf } from './consentFaults.js';
import { endOf, type Fault, faultsOf, PHASE_MS } from './faults.js';
import type { Random } from './random.js';
import { PERSONAL_TENSOR } from './simulatedLearner.js';

export const STUDY = StudyId.parse('heart');
const HOSPITALS = ['Aachen', 'Bergen', 'Cleveland', 'Dresden', 'Eindhoven'].map((name) => Msp.parse(`${name}MSP`));

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
}>;

const HEALTHY_SHARE = 0.15;
/** Training that gives other bytes each time, as it does without a seed. */
const UNSEEDED_SHARE = 0.15;

/** Of studies at large; the others are of public data. */
const CONSENT_SHARE = 0.15;
/** Withdrawals come at any moment of the first seconds; those that wait for a step come later. */
const CONSENT_FAULTS_MS_MAX = 25_000;

/** Of studies without consent: masked, and opened by the shares of t hospitals. */
const PRIVATE_SHARE = 0.35;

/** Patients make trouble enough. */
const FEW_FAULTS = [0, 1, 1, 2, 3];
/**
 * Whether a validity has ended is a matter of the clock: where one jumps, nobody could know in the same turn. And a cohort has
 * a patient at least.
 */
const NOT_WITH_CONSENT: readonly Fault['kind'][] = ['clock', 'weightless'];

/** @param isOfWithdrawals a small study that asks for consent, in which patients withdraw */
export function scenarioOf(random: Random, isOfWithdrawals = false): Scenario {
  const drawnProtocol = protocolOf(random, isOfWithdrawals);
  const isHealthy = !isOfWithdrawals && random.chance(HEALTHY_SHARE);
  const trainingMs = random.pick<readonly [number, number]>([
    [20, 100],
    [20, 400],
    [500, 3_000],
  ]);
  const asksConsent = isOfWithdrawals || random.chance(CONSENT_SHARE);
  const masked = !asksConsent && random.chance(PRIVATE_SHARE);
  const protocol = asksConsent ? withConsent(drawnProtocol, random) : masked ? inPrivate(drawnProtocol) : drawnProtocol;
  const consent = asksConsent
    ? { plan: consentPlanOf(random, isHealthy), faults: isHealthy ? [] : consentFaultsOf(random, protocol) }
    : undefined;
  if (isHealthy)
    return { protocol, isHealthy, isUnseeded: false, trainingMs, consent, faults: [], faultsEnd: 0, gone: [] };
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
  return { protocol, isHealthy, isUnseeded, trainingMs, consent, faults, faultsEnd, gone };
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
