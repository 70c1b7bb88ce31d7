/** Does a step. What it throws is catalogued; what it wrote down before it failed is found by the next try. */
import { aggregate, fetchVersion } from './aggregate.js';
import { makeVector } from './makeVector.js';
import { attest, contribute, joinRound, registerMember, registerShareKey, reportEvaluation } from './recordFacts.js';
import { revealShares } from './revealShares.js';
import { shareVector } from './shareVector.js';
import { forgetVector, reportWithdrawal, sitOut } from './sitOut.js';
import type { Step } from './step.js';
import type { StepContext, StepResult } from './stepContext.js';
import { abortRound, closePhase, openRound, recordVersion } from './takeTurns.js';

export async function performStep(step: Step, context: StepContext): Promise<StepResult> {
  switch (step.name) {
    case 'registerMember':
      return registerMember(step, context);
    case 'registerShareKey':
      return registerShareKey(step, context);
    case 'reveal':
      return revealShares(step, context);
    case 'forgetSecrets':
      await context.ports.secrets.destroy(step.study, step.shareKeys, step.rounds);
      return undefined;
    case 'openRound':
      return openRound(step, context);
    case 'joinRound':
      return joinRound(step, context);
    case 'contribute':
      return contribute(step, context);
    case 'attest':
      return attest(step, context);
    case 'closePhase':
      return closePhase(step, context);
    case 'abortRound':
      return abortRound(step, context);
    case 'recordVersion':
      return recordVersion(step, context);
    case 'reportEvaluation':
      return reportEvaluation(step, context);
    case 'fetchVersion':
      await fetchVersion(step, context);
      return undefined;
    case 'reportWithdrawal':
      return reportWithdrawal(step, context);
    case 'sitOut':
      await sitOut(step, context);
      return undefined;
    case 'forgetVector':
      await forgetVector(step, context);
      return undefined;
    case 'makeVector':
      await makeVector(step, context);
      return undefined;
    case 'shareVector':
      await shareVector(step, context);
      return undefined;
    case 'aggregate':
      await aggregate(step, context);
      return undefined;
  }
}
