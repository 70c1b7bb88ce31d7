/** Steps that failed here when they were last tried: where an operator sees why the hospital makes no progress. */
import { ConsiliumError, refusal, type StudyId } from '@consilium/domain';
import type { FailureBook, StepFailure } from './ports.js';
import type { Step, StepName } from './step.js';

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
    const refused = error instanceof ConsiliumError ? error : refusal('INTERNAL', { reference: `step ${step.name}` });
    // Overtaken by another member or by an earlier try: that is how members share work.
    if (refused.kind === 'conflict') return;
    this.#note(step.study, aim(step), { step: step.name, round: step.round, times, at }, refused);
  }

  /** @param round whose outcome this hospital attested otherwise, so that it holds still; undefined: none */
  disputed(study: StudyId, round: number | undefined, at: number): void {
    this.#lasting(study, DISPUTE, round, { step: 'aggregate', at, refused: 'VERSION_DISPUTED' });
  }

  /** @param round that is sat out because patients may not be used any more; undefined: none */
  satOut(study: StudyId, round: number | undefined, at: number): void {
    this.#lasting(study, SAT_OUT, round, { step: 'sitOut', at, refused: 'CONSENT_WITHDRAWN' });
  }

  #lasting(
    study: StudyId,
    key: string,
    round: number | undefined,
    { step, at, refused }: Readonly<{ step: StepName; at: number; refused: 'VERSION_DISPUTED' | 'CONSENT_WITHDRAWN' }>,
  ): void {
    const known = this.#byStudy.get(study)?.get(key);
    if (known?.round === round) return;
    this.#byStudy.get(study)?.delete(key);
    if (round !== undefined) this.#note(study, key, { step, round, times: 1, at }, refusal(refused, { study, round }));
  }

  /** What has been done in a later round too is no longer in the way. */
  succeeded(step: Step): void {
    this.#byStudy.get(step.study)?.delete(aim(step));
  }

  #note(
    study: StudyId,
    key: string,
    tried: Omit<StepFailure, 'code' | 'detail'>,
    { code, detail }: ConsiliumError,
  ): void {
    const ofStudy = this.#byStudy.get(study) ?? new Map<string, StepFailure>();
    this.#byStudy.set(study, ofStudy);
    ofStudy.set(key, { ...tried, code, detail });
  }
}

const DISPUTE = 'dispute';
const SAT_OUT = 'sat out';

function aim(step: Step): string {
  return step.name === 'shareVector' ? `${step.name} ${step.to}` : step.name;
}
