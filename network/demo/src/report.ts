/** The demo's report: every figure as JSON. */
import { writeFile } from 'node:fs/promises';
import type { RoundSeconds } from '@consilium/domain';
import type { CohortSource } from './cohortRecord.js';
import type { Comparison } from './comparison.js';
import type { DemoHospital, DemoNetwork } from './hospitals.js';
import type { FinishedStudy } from './runStudy.js';

export type SeedFigures = Readonly<{ seed: number; modelDigest: string; metrics: Comparison }>;
export type FractionFigures = Readonly<{
  fraction: number;
  nTrain: Readonly<Record<string, number>>;
  metrics: Comparison;
}>;

export type Report = Readonly<{
  channel: string;
  mode: string;
  seed: number;
  study: string;
  /** Whether the same seed gives the same model again: not where noise comes from the operating system. The sum is exact either way. */
  reproducible: boolean;
  /** Differential privacy; null: none. */
  privacy: Readonly<{
    epsilon: number;
    delta: number;
    samplingRate: number;
    noiseMultiplier: number;
    patientClipNorm: number;
    spent: Readonly<Record<string, Readonly<{ rounds: number; epsilon: number }>>>;
  }> | null;
  engine: Readonly<{ name: string; version: string }>;
  /** From nothing running to every gateway ready. */
  setupSeconds: number;
  data: CohortSource;
  hospitals: readonly Readonly<{ msp: string; name: string; nTrain: number; nTest: number }>[];
  rounds: readonly Readonly<{
    round: number;
    kind: string;
    modelDigest: string | null;
    attestations: number;
    status: string;
    abort?: string;
    seconds: RoundSeconds | null;
  }>[];
  modelDigest: string;
  modelVersion: number;
  invalidTransactions: number;
  metrics: Comparison;
  seeds?: readonly SeedFigures[];
  seedsMean?: Comparison;
  fractions?: readonly FractionFigures[];
}>;

export function reportOf(
  network: DemoNetwork,
  setupSeconds: number,
  data: CohortSource,
  finished: FinishedStudy,
): Report {
  const { arms, rounds, protocol } = finished;
  return {
    channel: network.channel,
    mode: protocol.mode,
    seed: protocol.seed,
    study: finished.study,
    reproducible: protocol.privacy === undefined,
    privacy: privacyFigures(finished),
    engine: arms.engine,
    setupSeconds,
    data,
    hospitals: network.hospitals.map(({ msp, name }) => ({
      msp,
      name,
      nTrain: arms.training.get(msp)?.rows ?? 0,
      nTest: arms.rows.federated.get(msp)?.length ?? 0,
    })),
    rounds: rounds.map(({ round, attestations, seconds }) => ({
      round: round.round,
      kind: round.kind,
      modelDigest: round.modelDigest,
      attestations,
      status: round.status ?? round.stage,
      ...(round.abort ? { abort: round.abort.reason } : {}),
      seconds: seconds ?? null,
    })),
    modelDigest: finished.released.digest,
    modelVersion: finished.released.version,
    invalidTransactions: 0,
    metrics: finished.comparison,
  };
}

function privacyFigures({ protocol, spent }: FinishedStudy): Report['privacy'] {
  if (!protocol.privacy) return null;
  const { budgetMicroEpsilon, delta, samplingRate, noiseMultiplier, patientClipNorm } = protocol.privacy;
  const byHospital = spent.map(({ msp, joins, microEpsilon }) => [msp, { rounds: joins, epsilon: microEpsilon / 1e6 }]);
  return {
    epsilon: budgetMicroEpsilon / 1e6,
    ...{ delta, samplingRate, noiseMultiplier, patientClipNorm },
    spent: Object.fromEntries(byHospital),
  };
}

/** Committed and invalid transactions that the gateways sent since they started. */
export async function invalidTransactions(hospitals: readonly DemoHospital[]): Promise<number> {
  const channels = await Promise.all(hospitals.map((hospital) => hospital.as('researcher').channel()));
  return channels.reduce((sum, { transactions }) => sum + transactions.invalid, 0);
}

export async function writeReport(file: string, report: Report): Promise<void> {
  await writeFile(file, `${JSON.stringify(report, null, 2)}\n`);
}
