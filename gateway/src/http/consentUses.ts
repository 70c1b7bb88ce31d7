/** What consents were used for, as the channel shows it: cohorts, what their hospitals did, and the versions made of it. */
import type { CohortUse, PatientUse, RoundsAfterResource, WithdrawalResource } from '@consilium/client/resources';
import { Contribution, Join, ledgerKey, ModelVersion, type Msp, type StudyId } from '@consilium/domain';
import { placed } from './consentHistory.js';
import type { JoinFound, JoinsAfter, UseKept, WithdrawalKept } from './consentOffice.js';
import { type ConsentRoom, ledgerPlace } from './consentRoom.js';
import type { Listing } from './listing.js';

type Outcome = Pick<CohortUse, 'contributed' | 'version'>;
type Uses = Pick<ConsentRoom, 'records'>;

export function cohortUse({ records }: Uses, { study, round, msp, place }: JoinFound): CohortUse {
  const join = records.get(Join, ledgerKey.join(study, round, msp));
  if (!join?.cohort) throw new Error(`the read model has a cohort of ${study} round ${round} that the mirror has not`);
  return {
    ...{ study, round, msp, cohort: join.cohort, joinedAt: join.at },
    ...outcomeOf({ records }, study, round, msp),
    record: ledgerPlace(join.record, place.position),
  };
}

export function patientUse(room: ConsentRoom, use: UseKept): PatientUse {
  const { records, msp, readings } = room;
  const { study, round } = use;
  const join = use.joined ? records.get(Join, ledgerKey.join(study, round, msp)) : undefined;
  const place = join && readings.joins({ study, round, msp }, undefined, 1).items[0]?.place;
  const outcome = join ? outcomeOf(room, study, round, msp) : { contributed: false, version: null };
  return {
    ...use,
    purposes: [...use.purposes],
    ...outcome,
    record: join ? ledgerPlace(join.record, place?.position) : null,
  };
}

/** @param study first rounds of this one; undefined: of all */
export function withdrawalResource(room: ConsentRoom, withdrawal: WithdrawalKept, study?: StudyId): WithdrawalResource {
  const { msp, readings } = room;
  const { ref, seq, kind, reason, ended, effectiveHereAt, state } = withdrawal;
  const { here, ledger } = momentsOf(room, withdrawal);
  return {
    ...{ ended, ref, seq, kind, reason, effectiveHereAt, state },
    ledger: placed(room, msp, withdrawal),
    firstRoundAfterHere: firstRound(room, readings.firstJoinAfter(msp, here, study)),
    firstRoundAfterLedger: ledger && firstRound(room, readings.firstJoinAfter(msp, ledger, study)),
  };
}

/** The first rounds after a withdrawal, a study an item: of each study that this hospital joined a round of since. */
export function roundsAfter(room: ConsentRoom, withdrawal: WithdrawalKept): Listing<RoundsAfterResource>['part'] {
  const { msp, readings } = room;
  const { here, ledger } = momentsOf(room, withdrawal);
  return (after, items) => {
    const found = readings.firstJoinsAfter(msp, here, after ?? '', items);
    const last = found.items.at(-1);
    return {
      items: found.items.map((join) => ({
        study: join.study,
        firstRoundAfterHere: firstRound(room, join),
        firstRoundAfterLedger: ledger && firstRound(room, readings.firstJoinAfter(msp, ledger, join.study)),
      })),
      total: found.total,
      next: found.more && last ? last.study : null,
    };
  };
}

/**
 * From when on a withdrawal counts, here and by the ledger; null: it does not stand there yet. A batch's root stands at
 * another place than its events, and what ends by its own terms ends after the event that says so: then the time decides.
 */
function momentsOf(
  { msp, readings }: ConsentRoom,
  { ref, seq, ended, effectiveHereAt, ledger }: WithdrawalKept,
): Readonly<{ here: JoinsAfter; ledger: JoinsAfter | null }> {
  const here = { at: effectiveHereAt };
  if (!ledger) return { here, ledger: null };
  const place = ended === 'by-event' ? readings.placeOf(msp, ref, seq) : undefined;
  return { here, ledger: place ? { place } : { at: Math.max(effectiveHereAt, ledger.recordedAt) } };
}

function firstRound(room: ConsentRoom, join: JoinFound | undefined): WithdrawalResource['firstRoundAfterHere'] {
  if (!join) return null;
  const { study, round, joinedAt, record } = cohortUse(room, join);
  return { study, round, joinedAt, record };
}

/** Whether the hospital contributed, and the version where its contribution is part of one. */
function outcomeOf({ records }: Uses, study: StudyId, round: number, msp: Msp): Outcome {
  const contributed = records.get(Contribution, ledgerKey.contribution(study, round, msp)) !== undefined;
  const model = records.get(ModelVersion, ledgerKey.model(study, round));
  const isPart = model?.survivors.includes(msp) === true;
  return {
    contributed,
    version: model && isPart ? { version: model.version, digest: model.digest, status: model.status } : null,
  };
}
