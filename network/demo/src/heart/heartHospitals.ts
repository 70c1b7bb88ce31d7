/** The four hospitals of the UCI Heart Disease data (Janosi, Steinbrunn, Pfisterer, Detrano 1988; CC BY 4.0; doi 10.24432/C52P4X). */

/** Columns of UCI's four processed files, from left to right. */
export const HEART_COLUMNS = [
  'age',
  'sex',
  'cp',
  'trestbps',
  'chol',
  'fbs',
  'restecg',
  'thalach',
  'exang',
  'oldpeak',
  'slope',
  'ca',
  'thal',
  'num',
] as const;

export type HeartKey = 'cleveland' | 'hungary' | 'switzerland' | 'va';

export type HeartHospital = Readonly<{
  key: HeartKey;
  name: string;
  msp: string;
  /** What UCI calls its file. */
  file: string;
  rows: number;
  /** Of the file as UCI ships it. */
  sha256: string;
}>;

/** In UCI's order, which is also that of tables. */
export const HEART_HOSPITALS: readonly HeartHospital[] = [
  {
    key: 'cleveland',
    name: 'Cleveland',
    msp: 'ClevelandMSP',
    file: 'processed.cleveland.data',
    rows: 303,
    sha256: 'a74b7efa387bc9d108d7d0115d831fe9b414b29ae7124f331b622b4efa0427c8',
  },
  {
    key: 'hungary',
    name: 'Hungary',
    msp: 'HungaryMSP',
    file: 'processed.hungarian.data',
    rows: 294,
    sha256: 'd1ad108f785768cd3d7e82dc522e6f5a61eea93cccfb3a46ee8076f73fc3d796',
  },
  {
    key: 'switzerland',
    name: 'Switzerland',
    msp: 'SwitzerlandMSP',
    file: 'processed.switzerland.data',
    rows: 123,
    sha256: '834a405ccf5b66ab4056bb77794adc8df0b7125186454c0a1d002d33c6c3b314',
  },
  {
    key: 'va',
    name: 'VA',
    msp: 'VaMSP',
    file: 'processed.va.data',
    rows: 200,
    sha256: 'e7c93d8d0d2acdadfa4c5e8de768e2191e7f618b952e29623f1f0d5949ff6b8f',
  },
];

/** One value for each hospital, by its key. */
export function byHospital<Value>(make: (hospital: HeartHospital) => Value): Record<HeartKey, Value> {
  return Object.fromEntries(HEART_HOSPITALS.map((hospital) => [hospital.key, make(hospital)])) as Record<
    HeartKey,
    Value
  >;
}
