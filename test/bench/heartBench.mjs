import { runDemo } from './runDemo.mjs';
import { figure } from './spread.mjs';

const SEEDS = '42,43,44,45,46';

/** The heart study on FLamby's split, the mean over seeds 42 to 46, against each hospital alone and the majority. */
export async function heartBench(repository, say) {
  say(`heart study, seeds ${SEEDS}`);
  const { report } = await runDemo(repository, ['--seeds', SEEDS]);
  const perSeed = report.seeds;
  const values = (metric, arm, which) => perSeed.map(({ metrics }) => metrics[metric][arm][which]);
  const mean = (list) => [list.reduce((sum, value) => sum + value, 0) / list.length];
  const line = (name, metric, arm, which, bound) => figure(name, '', mean(values(metric, arm, which)), bound);
  return [
    line('federated: accuracy, mean of hospitals', 'accuracy', 'federated', 'meanOfHospitals', {
      direction: 'at least',
      bound: 0.81,
    }),
    line('federated: accuracy, all test rows', 'accuracy', 'federated', 'pooledTestExact', {
      direction: 'at least',
      bound: 0.79,
    }),
    line('federated: AUC, all test rows', 'auc', 'federated', 'pooledTestExact', {
      direction: 'at least',
      bound: 0.875,
    }),
    line('federated: log-loss, all test rows', 'logLoss', 'federated', 'pooledTestExact', {
      direction: 'at most',
      bound: 0.46,
    }),
    line('alone: accuracy, mean of hospitals', 'accuracy', 'alone', 'meanOfHospitals'),
    line('alone: accuracy, all test rows', 'accuracy', 'alone', 'pooledTestExact'),
    line('alone: AUC, all test rows', 'auc', 'alone', 'pooledTestExact'),
    line('alone: log-loss, all test rows', 'logLoss', 'alone', 'pooledTestExact'),
    figure(
      'log-loss, federated less alone',
      '',
      mean(
        perSeed.map(({ metrics }) => metrics.logLoss.federated.pooledTestExact - metrics.logLoss.alone.pooledTestExact),
      ),
      { direction: 'at most', bound: 0 },
    ),
    line('majority: accuracy, mean of hospitals', 'accuracy', 'majority', 'meanOfHospitals'),
    line('majority: accuracy, all test rows', 'accuracy', 'majority', 'pooledTestExact'),
    line('majority: AUC, all test rows', 'auc', 'majority', 'pooledTestExact'),
  ];
}
