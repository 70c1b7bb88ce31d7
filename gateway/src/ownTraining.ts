/** Training over this hospital's rows: what it is doing is told to whoever listens. */
import type { StudyId } from '@consilium/domain';
import type { Clock, ConsentDesk, Learner, Log, NewsDesk, PatientSource } from './agent/ports.js';
import type { GatewayConfiguration } from './configuration.js';
import { CsvHospitalRows } from './data/csvHospitalRows.js';
import { TrainingLearner, type TrainingProgress } from './learning/learner.js';
import { systemClock } from './systemClock.js';

/** How often the progress of one piece of training is told. */
const PROGRESS_EVERY_MS = 250;

export type OwnTraining = ReturnType<typeof ownTraining>;

export function ownTraining(
  { msp, data, engine: setting }: GatewayConfiguration,
  consent: ConsentDesk,
  news: NewsDesk,
  log: Log,
) {
  const { kind: _csv, ...csv } = data;
  const source = new CsvHospitalRows(csv);
  const listeners = new Set<(progress: TrainingProgress) => void>([progressNews(news, systemClock)]);
  let engine: Readonly<{ name: string; version: string }> | null = null;
  const learner = new TrainingLearner({
    msp,
    rows: async (protocol, options) => (await source.read(protocol, options)).rows,
    engine: setting,
    log,
    onProgress: (progress) => {
      for (const listener of listeners) listener(progress);
    },
  });
  consent.onRestriction(() => learner.releaseSelections());
  const forAgent: Learner = {
    makeVector: async (task, signal) => {
      const made = await learner.makeVector(task, signal);
      engine = made.engine;
      return made;
    },
  };
  const patients: PatientSource = { patients: (protocol, signal) => source.patients(protocol, signal) };
  return {
    source,
    learner,
    forAgent,
    patients,
    /** What trained last; null before the first training. */
    engine: () => engine,
    /** Returns how to stop listening. */
    onProgress(listener: (progress: TrainingProgress) => void): () => void {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** Tells listeners how far training of a round is, not more often than they can use. */
function progressNews(news: NewsDesk, clock: Clock): (progress: TrainingProgress) => void {
  let toldAt = 0;
  return ({ study, round, step, steps }) => {
    const at = clock.monotonic();
    if (round === 'alone' || (at - toldAt < PROGRESS_EVERY_MS && step < steps)) return;
    toldAt = at;
    news.publish({
      study: study as StudyId,
      round,
      event: 'job-progress',
      step: 'makeVector',
      at,
      detail: { step, steps },
    });
  };
}
