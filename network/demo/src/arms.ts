/** The arms that are compared, as scores on each hospital's own test rows. Only a demo that owns all hospitals can put them together. */
import { type BaselineBody, BaselineResult, type Engine } from '@consilium/client';
import type { Msp } from '@consilium/domain';
import type { z } from 'zod';
import type { DemoHospital } from './hospitals.js';
import type { ScoredRow } from './scores.js';

export type ArmName = 'federated' | 'alone' | 'majority';
export type HospitalRows = ReadonlyMap<Msp, readonly ScoredRow[]>;

export type Arms = Readonly<{
  rows: Readonly<Record<ArmName, HospitalRows>>;
  training: ReadonlyMap<Msp, Readonly<{ rows: number; positives: number | null }>>;
  engine: z.infer<typeof Engine>;
}>;

/** How the hospital alone trains; what is left out is the study's own. */
export type AloneTraining = (msp: Msp) => BaselineBody['training'];

/**
 * Asks every gateway for the scores of the released version, and to train the same model on its rows alone. The majority
 * arm names each hospital's more frequent class of the training rows; its score is their share of positives.
 */
export async function collectArms(
  hospitals: readonly DemoHospital[],
  study: string,
  version: number,
  alone: AloneTraining,
  signal: AbortSignal,
): Promise<Arms> {
  const answers = await Promise.all(
    hospitals.map(async (hospital) => {
      const { msp } = hospital;
      const researcher = hospital.as('researcher');
      const predictions = await researcher.predictions(study, version, { signal });
      const job = await researcher.startBaseline(study, { training: alone(msp) }, { signal });
      const baseline = await researcher.jobResult(BaselineResult, job, { signal });
      return { msp, predictions, baseline };
    }),
  );
  const rows = (pick: (answer: (typeof answers)[number]) => readonly ScoredRow[]): HospitalRows =>
    new Map(answers.map((answer) => [answer.msp, pick(answer)]));
  return {
    rows: {
      federated: rows(({ predictions }) => predictions.rows),
      alone: rows(({ baseline }) => baseline.rows),
      majority: rows(({ predictions, baseline }) => majorityRows(predictions.rows, baseline)),
    },
    training: new Map(
      answers.map(({ msp, baseline }) => [msp, { rows: baseline.trainingRows, positives: baseline.trainingPositives }]),
    ),
    engine: (answers[0] as (typeof answers)[number]).predictions.engine,
  };
}

function majorityRows(rows: readonly ScoredRow[], baseline: z.infer<typeof BaselineResult>): ScoredRow[] {
  if (baseline.trainingPositives === null || baseline.trainingRows === 0) return [];
  const prevalence = baseline.trainingPositives / baseline.trainingRows;
  return rows.map(({ label }) => ({ score: prevalence, label, named: prevalence >= 0.5 ? 1 : 0 }));
}
