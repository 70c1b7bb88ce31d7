/** Figures that hospitals report each of their own: where all did, they add up to what was summed without telling whose. */
import { type Metrics, type RoundState, vectorLayout } from '@consilium/domain';
import { must } from '../doubt.js';
import { metricsIn } from './figures.js';
import type { RoundRecords } from './roundRecords.js';

type Additive = Readonly<Record<string, number>>;

/** @returns whether there was anything to compare. @throws Doubt that names the figure */
export function checkReportedFigures(
  { facts, version, evaluations }: RoundRecords,
  sum: Int32Array,
  { survivors = [] }: RoundState,
): boolean {
  const { test } = vectorLayout(version.protocol, facts.round.kind);
  for (const msp of evaluations.keys())
    must(survivors.includes(msp), `${msp} reports figures, and is not among the survivors`);
  if (!test || survivors.length === 0 || !survivors.every((msp) => evaluations.has(msp))) return false;
  const summed = metricsIn(sum, test.base);
  if (!summed) return false;
  const reported = survivors.map((msp) => additive((evaluations.get(msp) as { base: Metrics }).base));
  for (const [figure, total] of Object.entries(additive(summed))) {
    const added = reported.reduce((all, each) => all + (each[figure] ?? 0), 0);
    must(added === total, `${figure}: hospitals report ${added} in all, and their sum has ${total}`);
  }
  return true;
}

/** What of a hospital's figures adds up; pairs of patients do not. */
function additive(metrics: Metrics): Additive {
  const { patients, loss } = metrics;
  if (metrics.kind === 'number') return { patients, loss, absoluteError: metrics.absoluteError };
  const { positives, truePositives, trueNegatives } = metrics;
  return { patients, loss, positives, truePositives, trueNegatives };
}
