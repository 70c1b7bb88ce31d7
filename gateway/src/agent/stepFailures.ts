/** Steps that failed here when they were last tried: where an operator sees why the hospital makes no progress. */
import { ConsiliumError, refusal, type StudyId } from '@consilium/domain';
import type { FailureBook, StepFailure } from './ports.js';
import type { Step } from './step.js';

export class StepFailures implements FailureBook {
  /** By study, and by what was tried, whichever round it was for. */
  readonly #byStudy = new Map<StudyId, Map<string, StepFailure>>();

  failures(study: StudyId): readonly StepFailure[] {
    return [...(this.#byStudy.get(study)?.values() ?? [])];
  }

  /**
   * @param at milliseconds since 1970
   * @param times how often in a row
   */
  failed(step: Step, error: unknown, at: number, times: number): void {
    const { code, detail, kind } =
      error instanceof ConsiliumError ? error : refusal('INTERNAL', { reference: `step ${step.name}` });
    // Overtaken by another member or by an earlier try: that is how members share work.
    if (kind === 'conflict') return;
    const ofStudy = this.#byStudy.get(step.study) ?? new Map<string, StepFailure>();
    this.#byStudy.set(step.study, ofStudy);
    ofStudy.set(aim(step), { step: step.name, round: step.round, code, detail, times, at });
  }

  /** What has been done in a later round too is no longer in the way. */
  succeeded(step: Step): void {
    this.#byStudy.get(step.study)?.delete(aim(step));
  }
}

function aim(step: Step): string {
  return step.name === 'shareVector' ? `${step.name} ${step.to}` : step.name;
}
