/** Subjects of the trial: when they consented, how and when their part in it ended. */
import type { DemographicsRow, DispositionRow, TrialTables } from './trialTables.js';

export const WITHDRAWAL = 'WITHDRAWAL BY SUBJECT';
export const SCREEN_FAILURE = 'SCREEN FAILURE';
const DISPOSITION = 'DISPOSITION EVENT';

export type TrialSubject = Readonly<{
  /** The hospital's number of the patient. */
  patient: string;
  site: string;
  demographics: DemographicsRow;
  /** The one disposition event that each subject has. */
  disposition: DispositionRow;
  /** First instant in UTC of the day of the screening visit, at which consent was taken. */
  consentedAt: number;
  /** First instant of the day of the disposition event. */
  endedAt: number;
}>;

/** Days are the trial's own, without a time of day: they begin at midnight in UTC. */
export function instantOf(day: string): number {
  return Date.parse(`${day}T00:00:00Z`);
}

/**
 * In the order of the table of demographics.
 * @throws Error where a subject has no disposition event, or two, or one before its consent
 */
export function subjectsOf({ dm, ds }: Pick<TrialTables, 'dm' | 'ds'>): TrialSubject[] {
  const dispositions = grouped(
    ds.filter(({ DSCAT }) => DSCAT === DISPOSITION),
    ({ USUBJID }) => USUBJID,
  );
  return dm.map((demographics) => {
    const { USUBJID: patient, SITEID: site, DMDTC } = demographics;
    const [disposition, ...more] = dispositions.get(patient) ?? [];
    if (!disposition || more.length > 0) throw new Error(`subject ${patient} has not one disposition event`);
    const [consentedAt, endedAt] = [instantOf(DMDTC), instantOf(disposition.DSSTDTC)];
    if (endedAt < consentedAt) throw new Error(`subject ${patient} ended before it began`);
    return { patient, site, demographics, disposition, consentedAt, endedAt };
  });
}

/** Sites are hospitals; those with most subjects come first. */
export function sitesOf(subjects: readonly TrialSubject[]): ReadonlyMap<string, readonly TrialSubject[]> {
  const sites = grouped(subjects, ({ site }) => site);
  return new Map([...sites].sort(([a, some], [b, others]) => others.length - some.length || (a < b ? -1 : 1)));
}

function grouped<Row>(rows: readonly Row[], keyOf: (row: Row) => string): Map<string, Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const key = keyOf(row);
    const group = groups.get(key);
    if (group) group.push(row);
    else groups.set(key, [row]);
  }
  return groups;
}
