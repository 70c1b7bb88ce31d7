/** Steps that any member may take. Nothing of them is this hospital's own: they say what the facts say. */
import type { StepOf } from './step.js';
import type { StepContext, StepResult } from './stepContext.js';

export async function openRound(
  step: StepOf<'openRound'>,
  { ports, timings, signal }: StepContext,
): Promise<StepResult> {
  const { study, round, attestedBy } = step;
  timings.ready(study, round, 'opening', ports.clock.monotonic());
  return ports.channel.submit('RoundContract:openRound', { study, round, attestedBy: [...attestedBy] }, signal);
}

export async function closePhase(
  step: StepOf<'closePhase'>,
  { ports, timings, signal }: StepContext,
): Promise<StepResult> {
  const { study, round, phase } = step;
  timings.closing(study, round, phase, ports.clock.monotonic());
  return ports.channel.submit('RoundContract:closePhase', { study, round, phase }, signal);
}

export async function abortRound(step: StepOf<'abortRound'>, { ports, signal }: StepContext): Promise<StepResult> {
  const { study, round } = step;
  return ports.channel.submit('RoundContract:abortRound', { study, round }, signal);
}

export async function recordVersion(
  step: StepOf<'recordVersion'>,
  { ports, signal }: StepContext,
): Promise<StepResult> {
  const { study, round, attestedBy } = step;
  return ports.channel.submit('ModelContract:recordVersion', { study, round, attestedBy: [...attestedBy] }, signal);
}
