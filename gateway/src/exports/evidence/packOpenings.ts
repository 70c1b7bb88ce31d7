/** What a hospital opens of its own records in a pack, and how it proves events that it keeps at home. */
import { type ConsentRef, type Msp, refusal } from '@consilium/domain';
import type { Archive } from './archive.js';
import type { EvidenceStore } from './ports.js';

/** State of an event that stands on the channel. */
const COMMITTED = 'committed';

/** @throws ConsiliumError CONSENT_RECORD_UNKNOWN where the record is none of this hospital's, or was erased */
export function openingOf(store: EvidenceStore, ref: ConsentRef, withPatient: boolean) {
  const opened = store.opening(ref);
  if (!opened) throw refusal('CONSENT_RECORD_UNKNOWN', {});
  const events = store.history({ ref }).filter(({ state }) => state === COMMITTED);
  return {
    ref,
    salt: opened.salt,
    patient: withPatient ? (store.patientOf(ref) ?? null) : null,
    events: events.map(({ content }) => content),
  };
}

/** Adds, for every event of these records that only a batch's root proves, its path to that root. */
export function addBatches(archive: Archive, msp: Msp, store: EvidenceStore, refs: readonly ConsentRef[]): void {
  const proofs = refs.flatMap((ref) =>
    store.history({ ref }).flatMap(({ content, batch, state }) => {
      if (batch === null || state !== COMMITTED) return [];
      const proof = store.batchProof(ref, content.seq);
      if (!proof) return [];
      return [{ msp, batch: proof.batch, index: proof.index, event: proof.leaf, path: proof.path }];
    }),
  );
  if (proofs.length > 0) archive.addJson('batch-proofs.json', proofs);
}
