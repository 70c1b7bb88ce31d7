/** A process that runs seeds as it is told, and tells of each run. It ends with the process that started it. */
import { createHash } from 'node:crypto';
import { PLANTED_BUGS, PLANTED_CONSENT_BUGS } from './plantedBugs.js';
import { PLANTED_PRIVATE_BUGS } from './plantedPrivateBugs.js';
import type { SeedOrder, SeedReport } from './seedReport.js';
import { type RunOutcome, simulate } from './simulation.js';
import { REAL } from './variant.js';

const ALL_PLANTED_BUGS = [...PLANTED_BUGS, ...PLANTED_CONSENT_BUGS, ...PLANTED_PRIVATE_BUGS];

/** Of the trace of a run that went wrong. */
const TRACE_LINES_TOLD = 150;

process.on('disconnect', () => process.exit());
process.on('message', (order: SeedOrder) => {
  void run(order);
});

async function run({ seeds, bug, tellsTrace, theme = 'any' }: SeedOrder): Promise<void> {
  const variant = bug === undefined ? REAL : ALL_PLANTED_BUGS.find(({ name }) => name === bug)?.variant;
  for (const seed of seeds) {
    const outcome = await simulate(seed, variant, theme);
    tell(reportOf(outcome, tellsTrace === true));
    if (outcome.violation !== undefined) break;
  }
  tell('done');
}

function tell(message: SeedReport | 'done'): void {
  process.send?.(message);
}

function reportOf(outcome: RunOutcome, tellsTrace: boolean): SeedReport {
  const { seed, violation, trace, met, events, endedAt, ended } = outcome;
  return {
    seed,
    violation,
    met: [...met.keys()],
    ended,
    traceDigest: createHash('sha256').update(trace.join('\n')).digest('hex'),
    story: violation === undefined && !tellsTrace ? [] : storyOf(outcome, tellsTrace),
    summary: `seed ${seed}: ${ended} after ${endedAt} virtual ms and ${events} events`,
  };
}

function storyOf({ scenario, trace }: RunOutcome, isWhole: boolean): string[] {
  const { protocol, faults, consent, gone, dropouts, attack } = scenario;
  return [
    `${protocol.members.length} hospitals, ${protocol.trainingRounds} training rounds; gone in the end: ${gone.join(' ') || 'nobody'}`,
    ...(consent ? [JSON.stringify({ ...consent.plan, onWithdrawal: protocol.consent?.onWithdrawal })] : []),
    ...(attack ? [JSON.stringify(attack)] : []),
    ...[...faults, ...dropouts, ...(consent?.faults ?? [])].map((fault) => JSON.stringify(fault)),
    ...(isWhole ? trace : trace.slice(-TRACE_LINES_TOLD)),
  ];
}
