/** This hospital's own tensors for a version. */
import type { Msp, VersionRef } from '@consilium/domain';
import type { PersonalStore, PersonalTensors } from './ports.js';
import type { StudyView } from './studyView.js';

/**
 * What this hospital trained for the version where it took part, else what it had for the parent, and so on back: a
 * hospital that sat a round out keeps the base's, and a rejected version's are simply not on the way.
 *
 * @returns undefined: the protocol's start
 */
export function personalOf(
  store: PersonalStore,
  view: StudyView,
  msp: Msp,
  version: VersionRef | null,
): PersonalTensors | undefined {
  for (let at = version; at; ) {
    const recorded = view.model(at.version);
    if (!recorded) return undefined;
    const own = recorded.survivors.includes(msp) ? store.get(view.study, at.version) : undefined;
    if (own) return own;
    at = recorded.parent;
  }
  return undefined;
}
