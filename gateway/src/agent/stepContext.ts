/** What a step is performed with. */
import { refusal } from '@consilium/domain';
import type { AgentIdentity, AgentPorts } from './agentPorts.js';
import type { OwnReceipts } from './ownReceipts.js';
import type { Committed } from './ports.js';
import type { RoundTimings } from './roundTimings.js';
import type { SharedReads } from './sharedReads.js';
import type { Step } from './step.js';
import type { RoundView, StudyView } from './studyView.js';

export type StepContext = Readonly<{
  ports: AgentPorts;
  identity: AgentIdentity;
  /** As it was when the step was found to be owed. */
  view: StudyView;
  receipts: OwnReceipts;
  /** Of files on this disk that several steps send. */
  reads: SharedReads;
  timings: RoundTimings;
  /** Fires when the step is not owed any more, or the agent stops. */
  signal: AbortSignal;
}>;

/** What a step that sent a transaction knows of it. */
export type StepResult = Committed | undefined;

/** @throws ConsiliumError ROUND_UNKNOWN */
export function roundOf({ view }: StepContext, { study, round }: Pick<Step, 'study' | 'round'>): RoundView {
  const found = [view.newest, view.previous].find((candidate) => candidate?.number === round) ?? view.round(round);
  if (!found) throw refusal('ROUND_UNKNOWN', { study, round });
  return found;
}
