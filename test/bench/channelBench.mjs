import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cpuMs } from './processCpu.mjs';
import { smallChaincode } from './smallChaincode.mjs';
import { figure } from './spread.mjs';

const HOSPITALS = ['Cleveland', 'Hungary', 'Switzerland', 'Va'];
const SEQUENTIAL = 100;
const CONCURRENT = 1_000;
const IN_FLIGHT = 50;
const EVALUATIONS = 200;
const TRANSACTIONS = 10_000;
const UP_MS_MAX = 30_000;

const atMost = (bound, rest = {}) => ({ direction: 'at most', bound, ...rest });
const atLeast = (bound) => ({ direction: 'at least', bound });

/** What is asked of each kind of channel; what has no bound is only told. */
const BOUNDS = {
  embedded: {
    first: atMost(5),
    sequential: atMost(60),
    throughput: atLeast(70),
    cpu: atMost(20),
    evaluate: atMost(10),
    memory: atMost(200),
    restart: atMost(2),
  },
  fabric: { sequential: atMost(150) },
};

/** The channel alone, without gateways: four hospitals, a chaincode that puts 100 bytes, Fabric's client library. */
export async function channelBench(repository, say) {
  const { findFabricCommands } = await import('../../network/dist/channel/fabric/fabricCommands.js');
  const figures = await measure('embedded', repository, say);
  try {
    findFabricCommands(process.env);
  } catch {
    say('real Fabric is not measured: its commands are neither on PATH nor in FABRIC_BIN_DIR');
    return figures;
  }
  return [...figures, ...(await measure('fabric', repository, say))];
}

async function measure(kind, repository, say) {
  const folder = await mkdtemp(join(tmpdir(), 'consilium-channel-'));
  const bounds = BOUNDS[kind];
  say(`${kind}: from nothing to the first commit`);
  const { startNetwork } = await import('../../network/dist/startNetwork.js');
  const checkout = await smallChaincode(repository, folder);
  const started = performance.now();
  const network = await startNetwork({
    ...{ topology: await checkout.topology(HOSPITALS), home: join(folder, 'home'), repository: checkout.root },
    ...{ channel: kind, channelOnly: true },
  });
  let client;
  try {
    client = await connect(network);
    await client.untilCommitted();
    const first = (performance.now() - started) / 1000;
    const figures = [figure(`${kind}: from nothing to the first commit`, 's', [first], bounds.first)];
    say(`${kind}: ${SEQUENTIAL} submits one after another`);
    const times = await timed(SEQUENTIAL, 1, (n) => client.submit(`s${n}`));
    figures.push(figure(`${kind}: one submit, p50`, 'ms', [percentile(times.each, 50)], bounds.sequential));
    figures.push(figure(`${kind}: one submit, p95`, 'ms', [percentile(times.each, 95)]));

    say(`${kind}: ${CONCURRENT} submits, ${IN_FLIGHT} in flight`);
    const cpuBefore = cpuMs(network);
    const busy = await timed(CONCURRENT, IN_FLIGHT, (n) => client.submit(`c${n}`));
    const cpu = (cpuMs(network) - cpuBefore) / CONCURRENT;
    figures.push(
      figure(`${kind}: submits a second, ${IN_FLIGHT} in flight`, '/s', [busy.perSecond], bounds.throughput),
    );
    figures.push(figure(`${kind}: processor time of a submit, client included`, 'ms', [cpu], bounds.cpu));
    figures.push(figure(`${kind}: submits whose outcome the gateway did not know`, '', [busy.unknown]));
    const reads = await timed(EVALUATIONS, 1, () => client.evaluate('s1'));
    figures.push(figure(`${kind}: one evaluate, p50`, 'ms', [percentile(reads.each, 50)], bounds.evaluate));
    if (kind === 'embedded') figures.push(...(await afterMany(network, client, bounds, say)));
    return figures;
  } finally {
    client?.close();
    await network.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Memory and restart once the chain is long. */
async function afterMany(network, client, bounds, say) {
  say(`embedded: up to ${TRANSACTIONS} transactions`);
  await timed(TRANSACTIONS - SEQUENTIAL - CONCURRENT, IN_FLIGHT, (n) => client.submit(`m${n}`));
  const memory = residentMiB(partOf(network, 'embedded').process.pid);
  const started = performance.now();
  await network.restart('channel', 'embedded');
  const restart = (performance.now() - started) / 1000;
  const after = `after ${TRANSACTIONS} transactions`;
  return [
    figure(`embedded: memory of the channel's process ${after}`, 'MiB', [memory], bounds.memory),
    figure(`embedded: stop and start ${after}`, 's', [restart], bounds.restart),
  ];
}

async function connect(network) {
  const { Home } = await import('../../network/dist/home.js');
  const { PeerAccess } = await import('../../network/dist/peerAccess.js');
  const { readConnection } = await import('../../network/dist/connectionFile.js');
  const hospital = new Home(network.home).hospital('ClevelandMSP');
  const access = new PeerAccess(readConnection(hospital.connectionFile), hospital.person('researcher'));
  const contract = access.network.getContract('consilium');
  const value = 'x'.repeat(100);
  const submit = (key) => contract.submitTransaction('put', key, value);
  return {
    submit,
    evaluate: (key) => contract.evaluateTransaction('get', key),
    close: () => access.close(),
    /** Real Fabric's peers may still be looking for each other. */
    async untilCommitted() {
      const deadline = performance.now() + UP_MS_MAX;
      for (;;) {
        try {
          return await submit('first');
        } catch (error) {
          if (performance.now() > deadline) throw error;
        }
      }
    },
  };
}

/** Runs a call so many times, at most `width` at once. */
async function timed(count, width, call) {
  const each = [];
  let unknown = 0;
  let next = 0;
  const started = performance.now();
  const run = async () => {
    while (next < count) {
      const number = next;
      next += 1;
      const before = performance.now();
      try {
        await call(number);
        each.push(performance.now() - before);
      } catch (error) {
        // Under BFT an orderer may have had the transaction from another one before: it commits all the same.
        if (error.name !== 'SubmitError') throw error;
        unknown += 1;
      }
    }
  };
  await Promise.all(Array.from({ length: width }, run));
  return { each, unknown, perSecond: (each.length * 1000) / (performance.now() - started) };
}

function percentile(values, percent) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))];
}

function partOf(network, name) {
  return network.status().find((part) => part.name === name);
}

function residentMiB(pid) {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;
}
