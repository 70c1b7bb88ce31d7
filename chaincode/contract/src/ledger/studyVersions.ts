/** Study versions are read by most transactions, never rewritten, and costly to check: what was checked is kept by its text. */
import { StudyVersion } from '@consilium/domain';

const STUDY_VERSIONS_KEPT_MAX = 16;
const kept = new Map<string, StudyVersion>();

/** Checks the text of a study version, or finds it checked. The result is shared: it is not to be changed. */
export function parseStudyVersion(text: string): StudyVersion {
  const known = kept.get(text);
  if (known) return known;
  const parsed = StudyVersion.parse(JSON.parse(text));
  const oldest = kept.keys().next();
  if (kept.size >= STUDY_VERSIONS_KEPT_MAX && !oldest.done) kept.delete(oldest.value);
  kept.set(text, parsed);
  return parsed;
}
