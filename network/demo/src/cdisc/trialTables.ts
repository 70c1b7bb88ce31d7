/** Tables of the CDISC pilot trial in the Study Data Tabulation Model (SDTM), as far as they are used here. */
import { parquetReadObjects } from 'hyparquet';
import { z } from 'zod';

const Subject = z.object({ USUBJID: z.string().min(1) });
const Day = z.iso.date();

/** Demographics: one row a subject. */
export const DemographicsRow = z.object({
  ...Subject.shape,
  SITEID: z.string().regex(/^\d{3}$/),
  /** Day of the screening visit, at which consent was taken: the table's own column for it (`RFICDTC`) is empty throughout. */
  DMDTC: Day,
  AGE: z.number(),
  SEX: z.enum(['F', 'M']),
  ARMCD: z.enum(['Pbo', 'Xan_Lo', 'Xan_Hi', 'Scrnfail']),
});
export type DemographicsRow = z.infer<typeof DemographicsRow>;

/** Disposition: how each subject's part in the trial ended, among other events. */
export const DispositionRow = z.object({
  ...Subject.shape,
  DSCAT: z.string(),
  /** As the trial's standard words have it. */
  DSDECOD: z.string(),
  /** As the site wrote it down. */
  DSTERM: z.string(),
  DSSTDTC: Day,
});
export type DispositionRow = z.infer<typeof DispositionRow>;

/** Vital signs. */
export const VitalSignRow = z.object({
  ...Subject.shape,
  VSTESTCD: z.string(),
  VSSTRESN: z.number().nullable(),
  VSBLFL: z.string().nullable(),
});

/** Laboratory values, in standard units. */
export const LaboratoryRow = z.object({
  ...Subject.shape,
  LBTESTCD: z.string(),
  LBSTRESN: z.number().nullable(),
  LBBLFL: z.string().nullable(),
});

/** Items of the Mini-Mental State Examination, asked at screening. */
export const MentalStateRow = z.object({ ...Subject.shape, QSTESTCD: z.string(), QSSTRESN: z.number().nullable() });

/** Adverse events. */
export const AdverseEventRow = z.object({ ...Subject.shape, AEDECOD: z.string(), AEBODSYS: z.string() });

const ROWS = {
  dm: DemographicsRow,
  ds: DispositionRow,
  vs: VitalSignRow,
  lbch: LaboratoryRow,
  lbhe: LaboratoryRow,
  qsmm: MentalStateRow,
  ae: AdverseEventRow,
} as const;

export type TableName = keyof typeof ROWS;
export type TrialTables = Readonly<{ [Name in TableName]: readonly z.infer<(typeof ROWS)[Name]>[] }>;
export const TABLE_NAMES = Object.keys(ROWS) as TableName[];

/**
 * @param bytes a Parquet file's
 * @throws Error where the file is broken or a row is not what the table's rows are
 */
export async function readTable<Name extends TableName>(name: Name, bytes: Uint8Array): Promise<TrialTables[Name]> {
  const file = new Uint8Array(bytes).buffer;
  const rows = await parquetReadObjects({ file, columns: Object.keys(ROWS[name].shape) });
  return z.array(ROWS[name]).parse(rows) as unknown as TrialTables[Name];
}
