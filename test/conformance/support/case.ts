import { type Answer, anonymous, answerOf, atDeadline } from './answer.js';
import type { Stage } from './stage.js';

/** One function of Fabric's stub or client library, and one thing that can come of it. */
export interface Case {
  /** The function: `stub.getState`, `Contract.evaluate`, `_lifecycle.CommitChaincodeDefinition`. */
  readonly of: string;
  /** What comes of it, in words. */
  readonly outcome: string;
  /** Leaves out of the answer what is chance on one and the same channel. */
  readonly compared?: (answer: Answer) => Answer;
  /** Calls it. What this resolves to, or the error that it rejects with, is the answer that is compared. */
  run(stage: Stage): Promise<unknown>;
}

/** Shorthand for the tables of cases. */
export function pair(of: string, outcome: string, run: Case['run']): Case {
  return { of, outcome, run };
}

/** Likewise, where Fabric asks peers or orderers that it picks at random: what they say is compared, not who says it. */
export function pairOfAny(of: string, outcome: string, run: Case['run']): Case {
  return { of, outcome, run, compared: anonymous };
}

/** Likewise, where the call's deadline passes. */
export function pairAtDeadline(of: string, outcome: string, run: Case['run']): Case {
  return { of, outcome, run, compared: atDeadline };
}

/** Runs a case and describes what came of it. Never rejects. */
export async function answerTo({ run, compared = (answer) => answer }: Case, stage: Stage): Promise<Answer> {
  return compared(await answerOf(() => run(stage)));
}

/** Name of a case, as the list of pairs and the golden file have it. */
export function nameOf({ of, outcome }: Pick<Case, 'of' | 'outcome'>): string {
  return `${of} | ${outcome}`;
}
