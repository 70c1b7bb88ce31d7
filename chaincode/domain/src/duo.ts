/**
 * Codes of the GA4GH Data Use Ontology (DUO, http://purl.obolibrary.org/obo/duo.owl; ids, shorthands and labels as its own
 * `duo.csv` has them, CC BY 4.0) and what they include. A test holds the digest of this table: a changed code is a changed
 * meaning of consents on file.
 */

export type DuoEntry = Readonly<{
  shorthand: string;
  label: string;
  /** `permission`: what data may be used for. `modifier`: a condition on it. `extension`: a modifier that allows more. */
  kind: 'permission' | 'modifier' | 'extension';
  /** Permissions that this one includes, by id; of a permission alone. */
  includes: readonly string[];
  /** What a term with this code names: nothing, or one value or more. */
  values:
    | 'none'
    | 'diseases'
    | 'months'
    | 'regions'
    | 'projects'
    | 'users'
    | 'institutions'
    | 'research types'
    | 'date';
}>;

/** Ids by shorthand. */
export const DUO = {
  NRES: 'DUO:0000004',
  GRU: 'DUO:0000042',
  HMB: 'DUO:0000006',
  DS: 'DUO:0000007',
  POA: 'DUO:0000011',
  RS: 'DUO:0000012',
  NMDS: 'DUO:0000015',
  GSO: 'DUO:0000016',
  NPUNCU: 'DUO:0000018',
  PUB: 'DUO:0000019',
  COL: 'DUO:0000020',
  IRB: 'DUO:0000021',
  GS: 'DUO:0000022',
  MOR: 'DUO:0000024',
  TS: 'DUO:0000025',
  US: 'DUO:0000026',
  PS: 'DUO:0000027',
  IS: 'DUO:0000028',
  RTN: 'DUO:0000029',
  CC: 'DUO:0000043',
  NPOA: 'DUO:0000044',
  NPU: 'DUO:0000045',
  NCU: 'DUO:0000046',
} as const;

function permission(
  shorthand: string,
  label: string,
  includes: readonly string[],
  values: DuoEntry['values'] = 'none',
) {
  return { shorthand, label, kind: 'permission', includes, values } as const;
}

function modifier(shorthand: string, label: string, values: DuoEntry['values'] = 'none') {
  return { shorthand, label, kind: 'modifier', includes: [], values } as const;
}

/**
 * By id. General research includes health or biomedical research, which includes research on a disease, but not research
 * on origins or ancestry (the definition of DUO:0000006 says so).
 */
export const DUO_TABLE: Readonly<Record<string, DuoEntry>> = {
  [DUO.NRES]: permission('NRES', 'no restriction', [DUO.GRU, DUO.HMB, DUO.DS, DUO.POA]),
  [DUO.GRU]: permission('GRU', 'general research use', [DUO.HMB, DUO.DS, DUO.POA]),
  [DUO.HMB]: permission('HMB', 'health or medical or biomedical research', [DUO.DS]),
  [DUO.DS]: permission('DS', 'disease specific research', [], 'diseases'),
  [DUO.POA]: permission('POA', 'population origins or ancestry research only', []),
  [DUO.RS]: modifier('RS', 'research specific restrictions', 'research types'),
  [DUO.NMDS]: modifier('NMDS', 'no general methods research'),
  [DUO.GSO]: modifier('GSO', 'genetic studies only'),
  [DUO.NPUNCU]: modifier('NPUNCU', 'not for profit, non commercial use only'),
  [DUO.PUB]: modifier('PUB', 'publication required'),
  [DUO.COL]: modifier('COL', 'collaboration required'),
  [DUO.IRB]: modifier('IRB', 'ethics approval required'),
  [DUO.GS]: modifier('GS', 'geographical restriction', 'regions'),
  [DUO.MOR]: modifier('MOR', 'publication moratorium', 'date'),
  [DUO.TS]: modifier('TS', 'time limit on use', 'months'),
  [DUO.US]: modifier('US', 'user specific restriction', 'users'),
  [DUO.PS]: modifier('PS', 'project specific restriction', 'projects'),
  [DUO.IS]: modifier('IS', 'institution specific restriction', 'institutions'),
  [DUO.RTN]: modifier('RTN', 'return to database or resource'),
  [DUO.CC]: { shorthand: 'CC', label: 'clinical care use', kind: 'extension', includes: [], values: 'none' },
  [DUO.NPOA]: modifier('NPOA', 'population origins or ancestry research prohibited'),
  [DUO.NPU]: modifier('NPU', 'not for profit organisation use only'),
  [DUO.NCU]: modifier('NCU', 'non-commercial use only'),
};

/** What is known of a code; undefined: it is none that this product acts on. */
export function duoEntry(code: string): DuoEntry | undefined {
  return Object.hasOwn(DUO_TABLE, code) ? DUO_TABLE[code] : undefined;
}

export function isPermission(code: string): boolean {
  return duoEntry(code)?.kind === 'permission';
}

/** Whether what the first permission allows holds the second. Diseases are compared elsewhere. */
export function includesPurpose(permitted: string, purpose: string): boolean {
  return (
    isPermission(permitted) && (permitted === purpose || (duoEntry(permitted)?.includes.includes(purpose) ?? false))
  );
}
