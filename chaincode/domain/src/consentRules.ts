/** What a protocol that asks for consent must say, so that the matcher can answer. */
import { DUO, duoEntry, isPermission } from './duo.js';
import { type ConsiliumError, refusal } from './errors.js';
import type { StudyProtocol } from './study.js';
import type { DiseaseTerm, StudyUse } from './studyConsent.js';

/** @throws ConsiliumError PROTOCOL_CONSENT_UNSOUND; never for a protocol without a section `consent` */
export function requireSoundConsent({ consent, purposes }: Pick<StudyProtocol, 'consent' | 'purposes'>): void {
  if (!consent) return;
  requirePurposes(purposes);
  const { use, dataClasses } = consent;
  requireDiseases(use.diseases, purposes);
  requireUse(use);
  if (new Set(dataClasses).size < dataClasses.length) throw unsound('dataClasses: one of them stands twice');
}

function requirePurposes(purposes: readonly string[]): void {
  if (purposes.length === 0)
    throw unsound('purposes: a study that asks for consent names what it is for, as DUO permission codes');
  if (new Set(purposes).size < purposes.length) throw unsound('purposes: one of them stands twice');
  const unknown = purposes.find((purpose) => !isPermission(purpose));
  if (unknown === undefined) return;
  const entry = duoEntry(unknown);
  throw unsound(
    `purposes: ${unknown} is ${entry ? `a condition on use (${entry.label}): say it in consent.use` : 'none that is known'}`,
  );
}

/** A purpose of certain diseases names them, with all their ancestors: the matcher looks nothing up. */
function requireDiseases(diseases: readonly DiseaseTerm[], purposes: readonly string[]): void {
  if (purposes.includes(DUO.DS) && diseases.length === 0)
    throw unsound(`consent.use.diseases: ${DUO.DS} is research on certain diseases, and none is named`);
  if (new Set(diseases.map(({ id }) => id)).size < diseases.length)
    throw unsound('consent.use.diseases: one of them stands twice');
  for (const { id, ancestors } of diseases) {
    if (ancestors.includes(id)) throw unsound(`consent.use.diseases: ${id} is named as its own ancestor`);
    if (new Set(ancestors).size < ancestors.length)
      throw unsound(`consent.use.diseases: an ancestor of ${id} stands twice`);
  }
}

function requireUse({ regions, publishes, publishesNotBefore }: StudyUse): void {
  const region = regions.find((code) => !/^[A-Z]{2}$/.test(code));
  if (region !== undefined)
    throw unsound(
      `consent.use.regions: ${region} is no country in two capital letters, as ISO 3166-1 alpha-2 has them`,
    );
  if (publishesNotBefore !== null && !publishes)
    throw unsound('consent.use.publishesNotBefore: the study says that it does not publish');
}

function unsound(problem: string): ConsiliumError {
  return refusal('PROTOCOL_CONSENT_UNSOUND', { problem });
}
