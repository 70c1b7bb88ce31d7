/** Rounds and model versions as the REST interface shows them. */
import type { Dispute, ModelResource, RoundResource, RoundSummary } from '@consilium/client/resources';
import {
  type Agreement,
  canonicalJson,
  deriveRound,
  type HospitalTimings,
  ledgerKey,
  ModelVersion,
  outcomeCamps,
  type RoundState,
  refusal,
  type StudyId,
} from '@consilium/domain';
import type { Records } from './records.js';
import { type RoundRecords, roundRecords } from './roundRecords.js';

/** @throws ConsiliumError ROUND_UNKNOWN */
export function requireRound(records: Records, study: StudyId, round: number): RoundRecords {
  const found = roundRecords(records, study, round);
  if (!found) throw refusal('ROUND_UNKNOWN', { study, round });
  return found;
}

export function roundSummary(records: Records, { round, protocol, facts }: RoundRecords): RoundSummary {
  const state = deriveRound(protocol, facts);
  const outcome = state.agreement?.outcome;
  const { study, round: number, kind, base, openedBy, openedAt } = round;
  return {
    study,
    round: number,
    kind,
    stage: state.stage,
    base,
    openedBy,
    openedAt,
    roster: state.roster ? [...state.roster] : null,
    survivors: state.survivors ? [...state.survivors] : null,
    attestations: state.agreement?.members.length ?? outcomeCamps(facts.attestations)[0]?.members.length ?? 0,
    modelDigest: outcome?.kind === 'version' ? outcome.digest : null,
    status: records.get(ModelVersion, ledgerKey.model(study, number))?.status ?? null,
    abort: state.abort ?? null,
  };
}

export function roundResource(
  records: Records,
  found: RoundRecords,
  timings: HospitalTimings | undefined,
): RoundResource {
  const { round, protocol, facts } = found;
  return {
    ...roundSummary(records, found),
    opened: round,
    joins: Object.fromEntries(facts.joins),
    contributions: Object.fromEntries(facts.contributions),
    reveals: Object.fromEntries(facts.reveals),
    attested: Object.fromEntries(facts.attestations),
    closes: [...facts.closes.values()],
    disputes: disputesOf(deriveRound(protocol, facts), facts),
    timings: timings ?? null,
  };
}

export function modelResource(
  records: Records,
  model: ModelVersion & { record: ModelResource['record'] },
  fileHere: boolean,
): ModelResource {
  const found = roundRecords(records, model.study, model.version);
  const state = found && deriveRound(found.protocol, found.facts);
  return {
    ...model,
    attestations: state?.agreement?.members.length ?? model.attestedBy.length,
    disputes: found && state ? disputesOf(state, found.facts) : [],
    fileHere,
  };
}

/** Camps beside the one that t members are in; all of them where members differ and no camp has t. */
function disputesOf(
  { agreement }: RoundState,
  { attestations }: Pick<RoundRecords['facts'], 'attestations'>,
): Dispute[] {
  const camps = outcomeCamps(attestations);
  if (camps.length < 2) return [];
  const agreed = agreement && canonicalJson(agreement.outcome);
  return camps.filter(({ outcome }) => canonicalJson(outcome) !== agreed).map(disputeOf);
}

function disputeOf({ outcome, members }: Agreement): Dispute {
  return { outcome, members: [...members] };
}
