/**
 * What a study may learn of the trial's subjects: who gets a skin reaction, the known side effect of these patches, from what
 * was known before the first one.
 */
import type { FeatureColumns, LabelRule } from '@consilium/domain';
import type { z } from 'zod';
import { SCREEN_FAILURE, type TrialSubject } from './trialSubjects.js';
import type { TrialTables } from './trialTables.js';

const VITAL_SIGNS = [
  { name: 'systolic', code: 'SYSBP', unit: 'mm Hg', min: 60, max: 250 },
  { name: 'pulse', code: 'PULSE', unit: '1/min', min: 30, max: 160 },
  { name: 'weight', code: 'WEIGHT', unit: 'kg', min: 25, max: 160 },
] as const;
const LABORATORY = [
  { name: 'albumin', code: 'ALB', unit: 'g/L', min: 20, max: 60 },
  { name: 'alt', code: 'ALT', unit: 'U/L', min: 0, max: 200 },
  { name: 'creatinine', code: 'CREAT', unit: 'umol/L', min: 20, max: 400 },
  { name: 'cholesterol', code: 'CHOL', unit: 'mmol/L', min: 1, max: 15 },
  { name: 'haemoglobin', code: 'HGB', unit: 'mmol/L', min: 3, max: 15 },
] as const;

const numbers = [
  { name: 'age', unit: 'years', min: 40, max: 100 },
  { name: 'mental_state', unit: 'points', min: 0, max: 30 },
  ...VITAL_SIGNS,
  ...LABORATORY,
];

/** Columns of the protocol, in the order of the files. Ranges are wider than any plausible value. */
export const TRIAL_COLUMNS: z.input<typeof FeatureColumns> = [
  ...numbers.map(({ name, unit, min, max }) => ({ kind: 'number' as const, name, unit, min, max })),
  { kind: 'category', name: 'sex', levels: ['F', 'M'] },
  { kind: 'category', name: 'arm', levels: ['Pbo', 'Xan_Lo', 'Xan_Hi'] },
];
export const TRIAL_LABEL: z.input<typeof LabelRule> = {
  kind: 'binary',
  column: 'skin_reaction',
  positive: { equals: '1' },
};
export const PATIENT_COLUMN = 'patient';

/**
 * The pilot's own definition of a dermatologic event (CQ01NAM of its analysis data set ADAE): an event of the skin, but no
 * sweating and no loss of hair, or one that names application, dermatitis, erythema or blister.
 */
function isSkinReaction({ AEDECOD, AEBODSYS }: TrialTables['ae'][number]): boolean {
  if (/APPLICATION|DERMATITIS|ERYTHEMA|BLISTER/.test(AEDECOD)) return true;
  return AEBODSYS === 'SKIN AND SUBCUTANEOUS TISSUE DISORDERS' && !/COLD SWEAT|HYPERHIDROSIS|ALOPECIA/.test(AEDECOD);
}

/**
 * A CSV file of the subjects who were treated: those who failed the screening have no data of the trial. Missing values are
 * empty fields.
 */
export function trialCsv(subjects: readonly TrialSubject[], tables: TrialTables): string {
  const measured = baselineOf(tables);
  const reacted = new Set(tables.ae.filter(isSkinReaction).map(({ USUBJID }) => USUBJID));
  const names = TRIAL_COLUMNS.map(({ name }) => name);
  const rows = subjects
    .filter(({ disposition }) => disposition.DSDECOD !== SCREEN_FAILURE)
    .map(({ patient, demographics: { AGE, SEX, ARMCD } }) => {
      const value = (name: string) => {
        if (name === 'age') return AGE;
        if (name === 'sex') return SEX;
        if (name === 'arm') return ARMCD;
        return measured.get(`${patient} ${name}`) ?? '';
      };
      return [patient, ...names.map(value), reacted.has(patient) ? 1 : 0].join(',');
    });
  return `${[[PATIENT_COLUMN, ...names, TRIAL_LABEL.column].join(','), ...rows].join('\n')}\n`;
}

/** By subject and name. The last of several baseline values counts; of the mental state, the sum of its items. */
function baselineOf({ vs, lbch, lbhe, qsmm }: TrialTables): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  const nameOf = new Map<string, string>([...VITAL_SIGNS, ...LABORATORY].map(({ code, name }) => [code, name]));
  for (const { USUBJID, VSTESTCD, VSSTRESN, VSBLFL } of vs) {
    const name = nameOf.get(VSTESTCD);
    if (name && VSBLFL === 'Y' && VSSTRESN !== null) found.set(`${USUBJID} ${name}`, VSSTRESN);
  }
  for (const { USUBJID, LBTESTCD, LBSTRESN, LBBLFL } of [...lbch, ...lbhe]) {
    const name = nameOf.get(LBTESTCD);
    if (name && LBBLFL === 'Y' && LBSTRESN !== null) found.set(`${USUBJID} ${name}`, LBSTRESN);
  }
  for (const { USUBJID, QSSTRESN } of qsmm) {
    const key = `${USUBJID} mental_state`;
    found.set(key, (found.get(key) ?? 0) + (QSSTRESN ?? 0));
  }
  return found;
}
