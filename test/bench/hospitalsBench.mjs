import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runDemo } from './runDemo.mjs';
import { figure } from './spread.mjs';

const HOSPITALS = 20;
const ROWS_PER_HOSPITAL = 60;

/** Twenty hospitals with made-up rows, all as full processes on this machine, finish a study of three rounds. */
export async function hospitalsBench(repository, say) {
  const folder = await mkdtemp(join(tmpdir(), 'consilium-twenty-'));
  try {
    say(`${HOSPITALS} hospitals with made-up rows`);
    const { topology, study } = await writeFederation(folder);
    const { report, seconds } = await runDemo(repository, ['--topology', topology, '--study', study, '--rounds', '3']);
    const accepted = report.rounds.filter(({ attestations }) => attestations > HOSPITALS / 2).length;
    return [
      figure(`${HOSPITALS} hospitals: nothing running to ready`, 's', [report.setupSeconds]),
      figure(
        `${HOSPITALS} hospitals: ledger seconds a round`,
        's',
        report.rounds.map((round) => round.seconds.ledger),
      ),
      figure(`${HOSPITALS} hospitals: rounds that a majority attested`, '', [accepted], {
        direction: 'at least',
        bound: report.rounds.length,
      }),
      figure(`${HOSPITALS} hospitals: the whole study and stop`, 's', [seconds]),
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Rows from a fixed generator: the label follows two of three columns, with noise. */
async function writeFederation(folder, hospitals = HOSPITALS) {
  const random = generator(7);
  const entries = [];
  for (let h = 1; h <= hospitals; h += 1) {
    const name = `Ward${String(h).padStart(2, '0')}`;
    const lines = Array.from({ length: ROWS_PER_HOSPITAL }, () => {
      const [a, b, c] = [random() * 2 - 1, random() * 2 - 1, random() * 2 - 1];
      return [a.toFixed(4), b.toFixed(4), c.toFixed(4), a - b + (random() - 0.5) > 0 ? 1 : 0].join(',');
    });
    await writeFile(join(folder, `${name}.csv`), ['a,b,c,sick', ...lines, ''].join('\n'));
    entries.push({ name, data: { file: `${name}.csv`, delimiter: ',', header: true } });
  }
  const topology = join(folder, 'topology.json');
  const study = join(folder, 'study.json');
  await writeFile(topology, JSON.stringify({ name: 'twenty', hospitals: entries }));
  await writeFile(
    study,
    JSON.stringify({
      title: 'Twenty hospitals with made-up rows',
      metrics: 'open',
      publicData: true,
      columns: ['a', 'b', 'c'].map((name) => ({ kind: 'number', name, min: -1, max: 1 })),
      label: { kind: 'binary', column: 'sick', positive: { equals: '1' } },
      standardisation: 'federated',
      split: { kind: 'hash', testShare: 0.3 },
      model: { kind: 'logistic-regression' },
      training: { steps: 50, batchSize: 16, optimiser: { kind: 'sgd', learningRate: 0.1 } },
      aggregation: {},
      trainingRounds: 3,
    }),
  );
  return { topology, study };
}

function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
