/** What differential privacy cost the patients of each hospital, and what the number means. */
import { textTable } from '@consilium/client/text';
import type { DemoHospital } from './hospitals.js';
import type { FinishedStudy } from './runStudy.js';

/** Empty for a study without differential privacy. */
export function privacyTables(
  hospitals: readonly Pick<DemoHospital, 'msp' | 'name'>[],
  { protocol, spent }: Pick<FinishedStudy, 'protocol' | 'spent'>,
): string {
  const { privacy } = protocol;
  if (!privacy) return '';
  const { budgetMicroEpsilon, delta, noiseMultiplier, samplingRate, patientClipNorm, declaredPatients } = privacy;
  const table = textTable(
    ['hospital', 'declared patients', 'training rounds joined', 'epsilon spent', 'of', 'delta'],
    hospitals.map(({ msp, name }) => {
      const own = spent.find((spending) => spending.msp === msp);
      return [
        name,
        String(declaredPatients[msp] ?? '-'),
        String(own?.joins ?? 0),
        epsilonText(own?.microEpsilon ?? 0),
        epsilonText(budgetMicroEpsilon),
        String(delta),
      ];
    }),
  );
  return [
    'Differential privacy: what the patients of each hospital have spent, as counted on the channel',
    table,
    `A step (${protocol.training.steps} a round) takes each patient with probability ${samplingRate}, clips the gradient of all the patient's rows to ${patientClipNorm}, and`,
    `adds noise of ${noiseMultiplier.toFixed(3)} times that from the operating system: no seed gives this model again; the sum is exact all the same.`,
    wordsOf(budgetMicroEpsilon / 1e6, delta),
  ].join('\n');
}

function epsilonText(micro: number): string {
  return (micro / 1e6).toFixed(6);
}

/** Epsilon in words. */
function wordsOf(epsilon: number, delta: number): string {
  const times = Math.exp(epsilon);
  const factor = times < 100 ? times.toFixed(2) : times.toPrecision(2);
  return [
    `Whatever others see of training is at most ${factor} times as likely with a patient as without, but for a probability of ${delta}.`,
    'Outside of that: the figures above, on test patients, and what each trained alone, without noise, for itself.',
  ].join('\n');
}
