/** Steps that record a fact of this hospital's own. Each is written down before it is sent, and sent again as it was. */
import { majority, refusal, vectorLayout } from '@consilium/domain';
import { joinKeysOf, ownShareKey } from './dealSecrets.js';
import {
  journalContribution,
  journaledContribution,
  journaledEvaluation,
  journaledOutcome,
  journaledVector,
  journalJoin,
} from './roundJournal.js';
import { selectCohort } from './selectCohort.js';
import type { StepOf } from './step.js';
import { roundOf, type StepContext, type StepResult } from './stepContext.js';
import { whileAllowed } from './whileAllowed.js';

export async function registerMember(
  step: StepOf<'registerMember'>,
  { ports, view, signal }: StepContext,
): Promise<StepResult> {
  const { study } = step;
  const receiptKey = await ports.receiptKeys.publicKey(study);
  const isPrivate = view.version.protocol.mode === 'private';
  const shareKey = isPrivate ? { shareKey: await ownShareKey({ study, index: 0 }, ports) } : {};
  return ports.channel.submit('StudyContract:registerMember', { study, receiptKey, ...shareKey }, signal);
}

export async function registerShareKey(
  { study, index }: StepOf<'registerShareKey'>,
  { ports, signal }: StepContext,
): Promise<StepResult> {
  const publicKey = await ownShareKey({ study, index }, ports);
  return ports.channel.submit('StudyContract:registerShareKey', { study, index, publicKey }, signal);
}

export async function joinRound(step: StepOf<'joinRound'>, context: StepContext): Promise<StepResult> {
  const { ports, timings } = context;
  const { study, round } = step;
  const { protocol, facts } = roundOf(context, step);
  const { base, protocolHash } = facts.round;
  if (!base) throw refusal('PHASE_CLOSED', { phase: 'joining', round });
  const cohort = protocol.consent ? (await selectCohort(step, context)).commitment : undefined;
  const keys = facts.round.shareKeys ? { keys: await joinKeysOf(step, context) } : {};
  const command = { study, round, protocolHash, baseDigest: base.digest, ...(cohort ? { cohort } : {}), ...keys };
  return whileAllowed(context, step, async (during) => {
    journalJoin(ports.journal, study, round, base.digest);
    timings.ready(study, round, 'joining', ports.clock.monotonic());
    return ports.channel.submit('RoundContract:joinRound', command, during);
  });
}

export async function contribute(step: StepOf<'contribute'>, context: StepContext): Promise<StepResult> {
  const { ports, receipts, timings } = context;
  const { study, round } = step;
  return whileAllowed(context, step, async (during) => {
    const command = journaledContribution(ports.journal, study, round) ?? newContribution();
    timings.ready(study, round, 'contributing', ports.clock.monotonic());
    return ports.channel.submit('RoundContract:contribute', command, during);
  });

  function newContribution() {
    const vectorDigest = journaledVector(ports.journal, study, round);
    if (vectorDigest === undefined) throw refusal('VECTOR_UNKNOWN', { digest: 'of this round' });
    const { protocol, facts } = roundOf(context, step);
    // As many as the channel asks for: each is written by every peer for ever.
    const signed = [...receipts.of(study, round).values()]
      .slice(0, majority(protocol) - 1)
      .sort((a, b) => (a.msp < b.msp ? -1 : 1));
    const vectorLength = vectorLayout(protocol, facts.round.kind).length;
    const made = { study, round, vectorDigest, vectorLength, receipts: signed };
    journalContribution(ports.journal, made);
    return made;
  }
}

export async function attest(step: StepOf<'attest'>, { ports, timings, signal }: StepContext): Promise<StepResult> {
  const { study, round } = step;
  const outcome = journaledOutcome(ports.journal, study, round);
  if (!outcome) throw refusal('ROUND_NOT_SETTLED', { study, round, stage: 'not recomputed here' });
  timings.ready(study, round, 'attesting', ports.clock.monotonic());
  return ports.channel.submit('RoundContract:attest', { study, round, outcome }, signal);
}

export async function reportEvaluation(step: StepOf<'reportEvaluation'>, context: StepContext): Promise<StepResult> {
  const { ports } = context;
  const { study, round } = step;
  const command = journaledEvaluation(ports.journal, study, round);
  if (!command) throw refusal('ROUND_NOT_SETTLED', { study, round, stage: 'not evaluated here' });
  return whileAllowed(context, step, (during) =>
    ports.channel.submit('RoundContract:reportEvaluation', command, during),
  );
}
