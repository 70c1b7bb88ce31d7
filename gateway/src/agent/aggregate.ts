/** Recomputes what a round makes, and keeps it: the version's file first, then the outcome that will be attested. */
import { refusal } from '@consilium/domain';
import { gatherMaterials, obtain, recompute } from './recomputeRound.js';
import { journalOutcome } from './roundJournal.js';
import type { StepOf } from './step.js';
import { roundOf, type StepContext } from './stepContext.js';

export async function aggregate(step: StepOf<'aggregate'>, context: StepContext): Promise<void> {
  const { ports, identity, view, timings, signal } = context;
  const { study, round: number } = step;
  const round = roundOf(context, step);
  const began = ports.clock.monotonic();
  const members = [...view.registered.keys()];
  const materials = await gatherMaterials(ports, identity, round, members, signal);
  const gathered = ports.clock.monotonic();
  timings.span(study, number, 'exchange', began, gathered);
  const { outcome, file, scores = [] } = recompute(ports.arithmetic, round, materials);
  for (const { msp, weightSent, weight, norm, clipFactor } of scores)
    if (weight !== weightSent || clipFactor < 1)
      ports.log.warn(
        { study, round: number, msp, weightSent, weight, norm, clipFactor },
        'an update was brought within what the protocol allows',
      );
  if (outcome.kind === 'version') {
    const kept = file && (await ports.blobs.put(file));
    if (kept !== outcome.digest)
      throw refusal('VERSION_FILE_INVALID', {
        problem: `round ${number} made ${kept}, its outcome says ${outcome.digest}`,
      });
  }
  journalOutcome(ports.journal, study, number, outcome);
  timings.span(study, number, 'aggregation', gathered, ports.clock.monotonic());
}

/** Fetches a version that this hospital did not make, by the digest that t members attested. */
export async function fetchVersion(step: StepOf<'fetchVersion'>, { ports, signal }: StepContext): Promise<void> {
  await obtain(ports, step.version, step.holders, signal);
}
