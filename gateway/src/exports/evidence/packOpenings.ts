/** What a hospital opens of its own records in a pack, and how it proves events that it keeps at home. */
import {
  ConsentBatch,
  type ConsentRef,
  cohortPosition,
  type Msp,
  refusal,
  type StudyId,
  StudyVersion,
  tenDigits,
} from '@consilium/domain';
import type { Archive } from './archive.js';
import type { PackParts } from './packParts.js';
import type { CohortMember, CohortOpening, EndorsedPage, EvidenceStore, KeptEvent } from './ports.js';

/** @throws ConsiliumError CONSENT_RECORD_UNKNOWN where the record is none of this hospital's, or was erased */
export function openingOf(pack: PackParts, store: EvidenceStore, ref: ConsentRef, withPatient: boolean) {
  const opened = store.opening(ref);
  if (!opened) throw refusal('CONSENT_RECORD_UNKNOWN', {});
  const patient = withPatient ? (store.patientOf(ref) ?? null) : null;
  return openedMember(pack, { ref, salt: opened.salt, patient, events: store.history({ ref }) });
}

/** Salt and contents, of those events alone that stand on the channel: others are not evidence yet. */
export function openedMember(
  pack: PackParts,
  { events, ...member }: Omit<CohortMember, 'events'> & Readonly<{ events: readonly KeptEvent[] }>,
) {
  const standing = events.filter(({ content, batch }) => pack.stands(content, batch));
  return { ...member, events: standing.map(({ content }) => content) };
}

/** Adds, for every event of a record that only a batch's root proves, its path to that root. */
export function addBatchProofs(pack: PackParts, msp: Msp, store: EvidenceStore, ref: ConsentRef): void {
  if (!store.opening(ref)) return;
  const proofs = store.history({ ref }).flatMap(({ content, batch }) => {
    const proof = batch !== null && pack.stands(content, batch) ? store.batchProof(ref, content.seq) : undefined;
    if (!proof) return [];
    return [{ msp, batch: proof.batch, index: proof.index, event: proof.leaf, path: proof.path }];
  });
  if (proofs.length > 0) pack.archive.addJson('batch-proofs.json', proofs);
}

/**
 * Adds every event of every batch whose root stands on the channel: refs, codes and commitments of all the hospital's
 * records, since else nothing shows that a withdrawal is not among them.
 */
export function addWholeBatches(
  archive: Archive,
  msp: Msp,
  store: EvidenceStore,
  policies: readonly EndorsedPage[],
): void {
  for (const { key, value } of policies.flatMap(({ records }) => records)) {
    if (!key.startsWith(`consentroot~${msp}~`)) continue;
    const { batch } = ConsentBatch.parse(value);
    archive.addJson(`batches/${tenDigits(batch)}.json`, { msp, batch, events: store.batchLeaves(batch) });
  }
}

/** Whether the study rests on a permit: then the permits are evidence too. */
export function asksForPermit(studyPages: readonly EndorsedPage[], study: StudyId): boolean {
  return studyPages
    .flatMap(({ records }) => records)
    .filter(({ key }) => key.startsWith(`study~${study}~`))
    .some(({ value }) => StudyVersion.parse(value).protocol.consent?.legalBasis === 'ehds-permit');
}

/** Members by ref, and the positions that nobody can compute any more, with the records that were erased. */
export function cohortEntry({ members, positions, erased }: CohortOpening, study: StudyId, round: number) {
  const opened = new Set<string>(members.map(({ ref, salt }) => cohortPosition(salt, ref, study, round)));
  return {
    members: members.map(({ ref }) => ref),
    unopened: positions.filter((position) => !opened.has(position)),
    erased: [...erased],
  };
}
