/** What can go wrong in a run, and how it is drawn. */
import { type Msp, majority, type StudyProtocol } from '@consilium/domain';
import type { AgentNews } from '../../gateway/src/agent/ports.js';
import type { StepName } from '../../gateway/src/agent/step.js';
import { LIES, type Lie } from './dishonestArithmetic.js';
import type { Random } from './random.js';

type Window = Readonly<{ from: number; until: number }>;

/** Where a gateway is killed, and for how long. */
type Outage = Readonly<{
  /** Absent: whoever it is that takes the step. */
  msp?: Msp;
  downMs: number;
  /** Whether the hospital's peer is down as well. */
  isWhole: boolean;
  /** When the backup was made that its database is restored from; absent: its disk is as it was. */
  backupAt?: number;
}>;

export type Fault =
  | (Outage & Readonly<{ kind: 'crash'; at: number }>)
  | (Outage &
      Readonly<{
        kind: 'crash-at-step';
        step: StepName;
        event: AgentNews['event'];
        /** The how manieth of its kind, from 1. */
        nth: number;
        afterMs: number;
      }>)
  | Readonly<{ kind: 'absent'; msp: Msp; until: number; isWhole: boolean }>
  | (Window & Readonly<{ kind: 'lag'; msp: Msp; peerMs: number; mirrorMs: number }>)
  | (Window & Readonly<{ kind: 'clock'; msp: Msp; offsetMs: number }>)
  | Readonly<{ kind: 'dishonest'; msp: Msp; round: number; lie: string; about: Lie['about'] }>
  | Readonly<{ kind: 'worsened'; round: number }>
  | Readonly<{ kind: 'weightless'; round: number }>
  | (Window & Readonly<{ kind: 'transactions'; rate: number }>)
  | (Window & Readonly<{ kind: 'drops'; rate: number }>)
  | (Window & Readonly<{ kind: 'cut'; between: readonly [Msp, Msp] }>)
  | Readonly<{ kind: 'training-fails'; msp: Msp; times: number }>
  /** Its gateway is killed, and the folder of its round secrets is gone when it comes back. */
  | Readonly<{ kind: 'secrets-lost'; msp: Msp; at: number; downMs: number }>
  | Readonly<{ kind: 'vote'; at: number; on: 'veto' | 'abort' | 'finish' | 'end' }>;

/** Steps that each hospital takes in a round, and those that one of them takes for all. */
const OWN_STEPS: readonly StepName[] = [
  'registerMember',
  'joinRound',
  'makeVector',
  'shareVector',
  'contribute',
  'aggregate',
  'attest',
  'fetchVersion',
  'reportEvaluation',
];
/** In private rounds also these. */
const PRIVATE_STEPS: readonly StepName[] = [...OWN_STEPS, 'reveal', 'reveal', 'registerShareKey', 'forgetSecrets'];
const TURNS: readonly StepName[] = ['openRound', 'closePhase', 'abortRound', 'recordVersion'];

/** A healthy study takes some seconds, so most of what goes wrong begins in these; what it causes may take minutes. */
const FAULTS_BEGIN_MS_MAX = 8_000;
/** A fault that waits for a step to be taken waits no longer. */
const FAULTS_MS_MAX = 60_000;

/** Joining and contributing last so long: whoever is away for it comes back when the others are about to close. */
export const PHASE_MS = 20_000;

type Drawn = (random: Random, protocol: StudyProtocol) => Fault[];

/** Kinds of faults by how often they are drawn. */
const KINDS: readonly (readonly [share: number, draw: Drawn])[] = [
  [10, (random, { members }) => [{ kind: 'crash', ...outage(random, random.pick(members)), at: beginning(random) }]],
  [
    30,
    (random, { members, mode }) => [
      {
        kind: 'crash-at-step',
        ...outage(random, random.pick(members)),
        step: random.pick(mode === 'private' ? PRIVATE_STEPS : OWN_STEPS),
        ...moment(random, 6),
      },
    ],
  ],
  [
    10,
    (random) => {
      const { downMs, isWhole } = outage(random, undefined);
      return [{ kind: 'crash-at-step', downMs, isWhole, step: random.pick(TURNS), ...moment(random, 5) }];
    },
  ],
  [
    7,
    (random, { members }) => [
      { kind: 'absent', msp: random.pick(members), until: windowOf(random).until, isWhole: random.chance(0.5) },
    ],
  ],
  [
    8,
    (random, { members }) => [
      {
        kind: 'lag',
        msp: random.pick(members),
        ...windowOf(random),
        peerMs: random.between(0, 3_000),
        mirrorMs: random.between(0, 3_000),
      },
    ],
  ],
  [
    3,
    (random, { members }) => [
      { kind: 'clock', msp: random.pick(members), ...windowOf(random), offsetMs: random.between(-8_000, 8_000) },
    ],
  ],
  [
    8,
    (random, protocol) => {
      const liars = random.shuffled(protocol.members).slice(0, random.between(1, protocol.members.length - 1));
      const round = roundOf(random, protocol);
      const about = random.pick(LIES);
      // Whoever leaves out the same survivor comes to the same.
      const same = about === 'survivors' || random.chance(0.5);
      return liars.map((msp) => ({ kind: 'dishonest', msp, round, lie: same ? 'the same' : msp, about }));
    },
  ],
  [6, (random, protocol) => inARow(random, protocol).map((round) => ({ kind: 'worsened', round }))],
  [3, (random, protocol) => inARow(random, protocol).map((round) => ({ kind: 'weightless', round }))],
  [8, (random) => [{ kind: 'transactions', ...windowOf(random), rate: random.pick([0.05, 0.2, 0.5]) }]],
  [5, (random) => [{ kind: 'drops', ...windowOf(random), rate: random.pick([0.1, 0.4, 0.9]) }]],
  [
    3,
    (random, { members }) => {
      const [a, b] = random.shuffled(members) as [Msp, Msp];
      return [{ kind: 'cut', ...windowOf(random), between: [a, b] }];
    },
  ],
  [
    5,
    (random, { members }) => [
      { kind: 'training-fails', msp: random.pick(members), times: random.pick([1, 2, 5, 10, 30]) },
    ],
  ],
  [
    6,
    (random, { members, mode }) =>
      mode === 'private'
        ? [
            {
              kind: 'secrets-lost',
              msp: random.pick(members),
              at: beginning(random),
              downMs: random.between(10, 8_000),
            },
          ]
        : [],
  ],
  [
    4,
    (random) => [{ kind: 'vote', at: beginning(random), on: random.pick(['veto', 'abort', 'finish', 'end'] as const) }],
  ],
];

/** @param counts how many are drawn: one of these numbers */
export function faultsOf(
  random: Random,
  protocol: StudyProtocol,
  counts: readonly number[] = [1, 2, 3, 4, 6, 8],
): Fault[] {
  const total = KINDS.reduce((sum, [share]) => sum + share, 0);
  const drawn = Array.from({ length: random.pick(counts) }, () => {
    let left = random.between(1, total);
    for (const [share, draw] of KINDS) {
      left -= share;
      if (left <= 0) return draw(random, protocol);
    }
    return [];
  });
  return tolerable(drawn.flat(), protocol);
}

/** When a fault is over at the latest. */
export function endOf(fault: Fault): number {
  switch (fault.kind) {
    case 'crash':
    case 'secrets-lost':
      return fault.at + fault.downMs;
    case 'crash-at-step':
      return FAULTS_MS_MAX;
    case 'vote':
      return fault.at;
    case 'dishonest':
    case 'worsened':
    case 'weightless':
    case 'training-fails':
      return 0;
    default:
      return fault.until;
  }
}

function outage<Who extends Msp | undefined>(random: Random, msp: Who) {
  const downMs = random.pick([
    () => random.between(10, 2_000),
    () => random.between(10, 2_000),
    () => random.between(2_000, 40_000),
    () => PHASE_MS + random.between(-350, 50),
  ])();
  const backup = random.chance(0.25) ? { backupAt: beginning(random) } : {};
  return { msp, downMs, isWhole: random.chance(0.3), ...backup };
}

function moment(random: Random, nthMax: number) {
  const event = random.pick(['step-started', 'step-finished'] as const);
  return { event, nth: random.between(1, nthMax), afterMs: random.between(0, 8) };
}

function beginning(random: Random): number {
  return random.between(0, random.chance(0.8) ? FAULTS_BEGIN_MS_MAX : FAULTS_MS_MAX);
}

function windowOf(random: Random): Window {
  const from = beginning(random);
  return { from, until: from + random.between(100, random.chance(0.6) ? 10_000 : FAULTS_MS_MAX) };
}

function roundOf(random: Random, { trainingRounds }: StudyProtocol): number {
  return random.between(0, trainingRounds + 3);
}

/** One round, or several that follow each other. */
function inARow(random: Random, protocol: StudyProtocol): number[] {
  const first = roundOf(random, protocol);
  return Array.from({ length: random.pick([1, 1, 3, 12]) }, (_, k) => first + k);
}

/** As many as attest a version must not tell the same lie: beyond that the protocol promises nothing. */
function tolerable(faults: readonly Fault[], protocol: StudyProtocol): Fault[] {
  const liars = new Map<string, Set<Msp>>();
  return faults.filter((fault) => {
    if (fault.kind !== 'dishonest') return true;
    const lie = `${fault.about} ${fault.lie}`;
    const others = liars.get(lie) ?? new Set<Msp>();
    if (!others.has(fault.msp) && others.size + 1 >= majority(protocol)) return false;
    liars.set(lie, others.add(fault.msp));
    return true;
  });
}
