/** Standardised rows in the form that training reads fastest. */
import type { Patient } from './patients.js';

export type Rows = Readonly<{
  rows: number;
  features: number;
  /** `[rows, features]`. */
  inputs: Float64Array;
  /** `[rows]`, 0 or 1. */
  labels: Float64Array;
}>;

export type Standardisation = Readonly<{ means: Float64Array; deviations: Float64Array }>;

/** Below this, where a declared range is 2 wide, a feature is constant and only centred. */
const DEVIATION_MIN = 2 ** -10;

/** Mean and standard deviation of each feature over all patients of all hospitals given. */
export function standardisationOf(hospitals: readonly (readonly Patient[])[]): Standardisation {
  const patients = hospitals.flat();
  const features = patients[0]?.features.length ?? 0;
  const mean = (of: (patient: Patient) => number) => patients.reduce((sum, p) => sum + of(p), 0) / patients.length;
  const means = Float64Array.from({ length: features }, (_, k) => mean((p) => p.features[k] as number));
  const deviations = means.map((center, k) => {
    const variance = mean((p) => (p.features[k] as number) ** 2) - center * center;
    const deviation = Math.sqrt(Math.max(0, variance));
    return deviation < DEVIATION_MIN ? 1 : deviation;
  });
  return { means, deviations };
}

export function standardised(patients: readonly Patient[], { means, deviations }: Standardisation): Rows {
  const features = means.length;
  const inputs = new Float64Array(patients.length * features);
  for (const [row, patient] of patients.entries())
    for (let k = 0; k < features; k += 1)
      inputs[row * features + k] = ((patient.features[k] as number) - (means[k] as number)) / (deviations[k] as number);
  return { rows: patients.length, features, inputs, labels: Float64Array.from(patients, ({ label }) => label) };
}
