/** What the study of every run is called. */
import { StudyId } from '@consilium/domain';

export const STUDY = StudyId.parse('heart');
