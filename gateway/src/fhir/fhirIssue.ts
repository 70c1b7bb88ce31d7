/** What is wrong with a resource: where, and what, never the value that stands there. */
import { ConsiliumError } from '@consilium/domain';
import { ISSUES_TOLD_MAX } from './fhirLimits.js';
import type { R4OperationOutcome } from './fhirTypes.js';

/** Codes of http://hl7.org/fhir/issue-type, the same in R4 and R5. */
export type IssueCode =
  | 'structure'
  | 'required'
  | 'value'
  | 'invariant'
  | 'code-invalid'
  | 'not-supported'
  | 'not-found'
  | 'business-rule'
  | 'conflict'
  | 'too-long'
  | 'security'
  | 'forbidden'
  | 'login'
  | 'throttled'
  | 'transient'
  | 'exception'
  | 'informational';

export type FhirIssue = Readonly<{
  code: IssueCode;
  /** A FHIRPath such as `Consent.provision.actor[0].role`, of FHIR's own names alone; empty: the whole. */
  expression: string;
  text: string;
}>;

/** A resource that is not taken. Its message names the first ISSUES_TOLD_MAX problems. */
export class FhirInvalid extends ConsiliumError {
  readonly issues: readonly FhirIssue[];

  constructor(issues: readonly FhirIssue[]) {
    const told = issues.slice(0, ISSUES_TOLD_MAX);
    super(
      'FHIR_INVALID',
      told.map(({ expression, text }) => (expression ? `${expression}: ${text}` : text)).join('; '),
    );
    this.issues = told;
  }
}

/** @throws FhirInvalid where there is any */
export function requireNone(issues: readonly FhirIssue[]): void {
  if (issues.length > 0) throw new FhirInvalid(issues);
}

export function outcomeOf(
  issues: readonly FhirIssue[],
  severity: 'error' | 'information' = 'error',
): R4OperationOutcome {
  return {
    resourceType: 'OperationOutcome',
    issue: issues.map(({ code, expression, text }) => ({
      severity,
      code,
      details: { text },
      ...(expression ? { expression: [expression] } : {}),
    })),
  };
}
