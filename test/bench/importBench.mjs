import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hospitalOnChannel, startHospitals } from './hospitalOnChannel.mjs';
import { cpuMs, processCpuMs } from './processCpu.mjs';
import { figure } from './spread.mjs';

const PATIENTS = 100_000;
const IN_THREE_MINUTES = { direction: 'at most', bound: 180 };
const YEAR_MS = 365 * 86_400_000;

/**
 * A hospital takes in the consents of 100,000 patients: its real store, outbox, mirror and ledger client, on an embedded
 * channel of four hospitals with the contract as it is built. From the first order to the last event on the channel and in
 * the own mirror; once with every event on the channel, once with the roots of batches alone.
 */
export async function importBench(repository, say) {
  const folder = await mkdtemp(join(tmpdir(), 'consilium-import-'));
  say('four hospitals on the embedded channel');
  const network = await startHospitals(repository, folder);
  let hospital;
  try {
    hospital = await hospitalOnChannel(network.home, join(folder, 'gateway'));
    const figures = [];
    for (const placement of ['ledger', 'roots']) {
      say(`${PATIENTS} patients, placement ${placement}`);
      await hospital.publishPolicy({ placement });
      const before = cpuMs(network);
      const own = processCpuMs(process.pid);
      const { seconds, home } = await hospital.take(ordersOf(placement));
      const [all, gateway] = [cpuMs(network) - before, processCpuMs(process.pid) - own];
      const name = placement === 'ledger' ? 'every event on the channel' : 'roots alone on the channel';
      figures.push(
        figure(`import of ${PATIENTS} patients, ${name}`, 's', [seconds], IN_THREE_MINUTES),
        figure('  of that until all is kept at home', 's', [home]),
        figure('  processor time of the gateway', 's', [gateway / 1000]),
        figure('  processor time of channel and contract, for all four', 's', [(all - gateway) / 1000]),
      );
    }
    return figures;
  } finally {
    await hospital?.close();
    await network.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** As an import of older records has them: dated back, each with the hash of its evidence. */
function ordersOf(placement) {
  const now = Date.now();
  return Array.from({ length: PATIENTS }, (_, k) => ({
    ...{ patient: `${placement}-${k}`, kind: 'grant', reason: 'imported-from-record' },
    terms: [{ code: 'DUO:0000042' }, { code: k % 3 ? 'DUO:0000018' : 'DUO:0000021' }],
    ...{ dataClasses: ['laboratory'], effectiveFrom: now - YEAR_MS - k * 60_000 },
    evidence: { source: 'paper', hash: k.toString(16).padStart(64, '0') },
  }));
}
