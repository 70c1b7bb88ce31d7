import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cpuMs } from './processCpu.mjs';
import { figure } from './spread.mjs';

const HOSPITALS = ['Cleveland', 'Hungary', 'Switzerland', 'Va'];
const BATCHES_EACH = 15;
const PER_SECOND = { direction: 'at least', bound: 500 };
const UP_MS_MAX = 30_000;

/**
 * Consents recorded on the embedded channel by the real contract, four hospitals at once, each from one queue: first
 * events, as an import makes them, then as many withdrawals of the same records.
 */
export async function consentBench(repository, say) {
  const folder = await mkdtemp(join(tmpdir(), 'consilium-consents-'));
  const { startNetwork } = await import('../../network/dist/startNetwork.js');
  say('four hospitals on the embedded channel, with the contract as it is built');
  await writeFile(join(folder, 'rows.csv'), 'age,label\n61,1\n');
  const topology = join(folder, 'topology.json');
  const hospitals = HOSPITALS.map((name) => ({ name, data: { file: 'rows.csv' } }));
  await writeFile(topology, JSON.stringify({ hospitals }));
  const network = await startNetwork({
    ...{ topology, home: join(folder, 'home'), repository, channel: 'embedded', channelOnly: true },
  });
  const { CONSENT_EVENTS_PER_TRANSACTION_MAX: BATCH } = await import('../../chaincode/domain/dist/index.js');
  const queues = [];
  try {
    for (const name of HOSPITALS) queues.push(await connect(network.home, `${name}MSP`));
    await Promise.all(queues.map((queue) => queue.publishPolicy()));
    const batches = queues.map(() => Array.from({ length: BATCHES_EACH }, () => records(BATCH)));
    say(`${BATCHES_EACH} batches of ${BATCH} first events by each hospital`);
    const cpuBefore = cpuMs(network);
    const grants = await measured(queues, batches, (ref) => event(ref, 0, 'grant'));
    const cpu = (cpuMs(network) - cpuBefore) / (queues.length * BATCHES_EACH * BATCH);
    say('as many withdrawals of the same records');
    const ends = await measured(queues, batches, (ref) => event(ref, 1, 'withdraw'));
    say('one hospital alone');
    const more = [Array.from({ length: BATCHES_EACH }, () => records(BATCH))];
    const alone = await measured(queues.slice(0, 1), more, (ref) => event(ref, 0, 'grant'));
    return [
      figure('consents recorded a second, four hospitals at once', '/s', [grants], PER_SECOND),
      figure('processor time of a consent, client and all endorsers included', 'ms', [cpu]),
      figure('withdrawals recorded a second, four hospitals at once', '/s', [ends], PER_SECOND),
      figure('consents recorded a second, one hospital alone', '/s', [alone], PER_SECOND),
    ];
  } finally {
    for (const queue of queues) queue.close();
    await network.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Events a second, from the first batch handed in to the last one committed. */
async function measured(queues, batches, eventOf) {
  const started = performance.now();
  const recorded = await Promise.all(queues.map((queue, k) => queue.record(batches[k], eventOf)));
  const seconds = (performance.now() - started) / 1000;
  return recorded.reduce((sum, count) => sum + count, 0) / seconds;
}

async function connect(home, msp) {
  const { Home } = await import('../../network/dist/home.js');
  const { PeerAccess } = await import('../../network/dist/peerAccess.js');
  const { readConnection } = await import('../../network/dist/connectionFile.js');
  const hospital = new Home(home).hospital(msp);
  const as = (person) => new PeerAccess(readConnection(hospital.connectionFile), hospital.person(person));
  const [officer, steward] = [as('compliance-officer'), as('data-steward')];
  const contract = (access) => access.network.getContract('consilium', 'ConsentContract');
  const submit = async (access, name, command) => {
    const deadline = performance.now() + UP_MS_MAX;
    for (;;) {
      try {
        const answer = await contract(access).submitTransaction(name, JSON.stringify(command));
        return JSON.parse(Buffer.from(answer).toString());
      } catch (error) {
        // Another peer may not have committed yet what this one answered from: asked again, as a gateway does.
        if (error.name !== 'EndorseError' || performance.now() > deadline) throw error;
      }
    }
  };
  return {
    async publishPolicy() {
      const policy = { title: 'Research', textHash: hash('text'), permittedPurposes: ['DUO:0000042'] };
      await submit(officer, 'publishPolicy', { ...policy, dataClasses: ['laboratory'], legalBasis: 'consent' });
    },
    /** One batch after another, as a hospital's outbox sends them. */
    async record(batches, eventOf) {
      let count = 0;
      for (const refs of batches) {
        const { recorded } = await submit(steward, 'recordConsents', { events: refs.map(eventOf) });
        count += recorded;
      }
      return count;
    },
    close() {
      officer.close();
      steward.close();
    },
  };
}

const hash = (text) => createHash('sha256').update(text).digest('hex');

function records(count) {
  return Array.from({ length: count }, () => randomBytes(16).toString('hex'));
}

function event(ref, seq, kind) {
  return {
    ...{ ref, seq, kind, commitment: hash(`${ref} ${seq}`), codes: ['DUO:0000042', 'DUO:0000018'] },
    ...{ policyVersion: 1, validFrom: null, validTo: null, effectiveFrom: Date.now() - 1_000 },
    ...{ meaning: 'recorded', reason: 'patient-asked' },
  };
}
