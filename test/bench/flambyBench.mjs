import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runDemo } from './runDemo.mjs';
import { figure } from './spread.mjs';

const SEEDS = '42,43,44,45,46';

/** FLamby's preparation and its FedAvg, trained by the product, against the row that FLamby published. */
export async function flambyBench(repository, say) {
  const folder = await mkdtemp(join(tmpdir(), 'consilium-flamby-'));
  try {
    say(`FLamby's preparation, seeds ${SEEDS}`);
    const study = join(repository, 'network/demo/heart/study.flamby.json');
    const { report } = await runDemo(repository, ['--study', study, '--seeds', SEEDS, '--models', folder]);
    const script = join(repository, 'network/demo/dist/heart/flambyPooledTest.js');
    const pooled = JSON.parse(execFileSync(process.execPath, [script, folder], { encoding: 'utf8' }));
    const { meanOfHospitals } = report.seedsMean.accuracy.federated;
    return [
      figure("FLamby's FedAvg: accuracy, mean of hospitals", '', [meanOfHospitals], {
        direction: 'at least',
        bound: 0.685,
        source: 'published: .6850',
      }),
      figure("FLamby's FedAvg: pooled test, scaled by all training rows", '', [pooled.pooledTestAccuracy], {
        direction: 'at least',
        bound: 0.748,
        source: 'published: .7480',
      }),
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
