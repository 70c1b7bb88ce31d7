import { createHash } from 'node:crypto';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { createServer, get as httpGet, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  FIRST_AT,
  fill,
  generator,
  HOSPITALS,
  KINDS,
  OWN,
  pick,
  REASONS,
  ROUNDS,
  root,
  SPAN_MS,
  STUDIES,
  signer,
} from './officerChannel.mjs';
import { figure } from './spread.mjs';
import { openAll, PROTOCOL, sent } from './storeOnMirror.mjs';

const EVENTS = 1_000_000;
const PATIENTS_AT_HOME = 20_000;
/** Rounds of which a selection of all patients is kept. */
const SELECTIONS = 20;
const REQUESTS = 100;
const RUNS = 3;
const AT_MOST_200 = { direction: 'at most', bound: 200, judged: 'max' };
const TOKEN = 'bench';
/** A person may ask 6,000 times a minute: they take turns. */
const PEOPLE_EACH = 4;

/**
 * A compliance officer's questions over HTTP: a million events on the channel, taken in by the mirror's own code, nine of
 * ten of them the own hospital's; and a consent store. Each figure is the 95th percentile of a run of requests with random
 * parameters.
 */
export async function officerBench(_repository, say) {
  const folder = await mkdtemp(join(tmpdir(), 'consilium-officer-'));
  const random = generator(7);
  const { store, mirror, readings, database, close } = await openAll(folder);
  try {
    say(`${EVENTS} events into the read model`);
    const filling = performance.now();
    const refs = fill(mirror, random, EVENTS);
    const seconds = (performance.now() - filling) / 1_000;
    const bytes = (await stat(join(folder, 'gateway.db'))).size;
    say(`${Math.round(EVENTS / seconds)} events a second, ${(bytes / 2 ** 20).toFixed(0)} MiB`);
    say(`${PATIENTS_AT_HOME} patients into the consent store`);
    const patients = await fillStore(store, random);
    const api = await listen({ store, mirror, readings });
    try {
      const figures = [];
      for (const [name, ask] of questions(random, refs, patients, store)) {
        const runs = [];
        let answered = 0;
        for (let run = 0; run < RUNS; run++) {
          const times = [];
          for (let k = 0; k < REQUESTS; k++) {
            const asked = ask(k);
            const started = performance.now();
            const answer = await api.ask(asked);
            times.push(performance.now() - started);
            if (answer.status !== 200) throw new Error(`${name}: ${answer.status} ${answer.text}`);
            answered += JSON.parse(answer.text).total === 0 ? 0 : 1;
          }
          runs.push(percentile(times, 0.95));
        }
        figures.push(
          figure(name, 'ms, p95', runs, {
            ...AT_MOST_200,
            source: `${Math.round((100 * answered) / (RUNS * REQUESTS))} % found something`,
          }),
        );
      }
      say('all events as CSV');
      const started = performance.now();
      const { lines } = await api.countLines(`/consents/events?format=csv&msp=${OWN}`);
      figures.push(
        figure('lines of CSV written a second', '/s', [lines / ((performance.now() - started) / 1_000)]),
        figure('events taken in a second', '/s', [EVENTS / seconds]),
      );
      return figures;
    } finally {
      await api.close();
    }
  } finally {
    await close();
    database.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function fillStore(store, random) {
  const { StudyProtocol } = await import('../../chaincode/domain/dist/index.js');
  const patients = Array.from({ length: PATIENTS_AT_HOME }, (_, k) => `P-${k}`);
  const by = { name: 'steward', role: 'data-steward' };
  const terms = [{ code: 'DUO:0000006', values: [] }];
  store.start();
  for (let first = 0; first < patients.length; first += 1_000)
    await store.record(
      patients
        .slice(first, first + 1_000)
        .map((patient) => ({ patient, kind: 'grant', reason: 'patient-asked', terms })),
      by,
    );
  await sent(store);
  const protocol = StudyProtocol.parse(PROTOCOL);
  for (let round = 0; round < SELECTIONS; round++)
    await store.desk.select({ study: STUDIES[round % STUDIES.length], protocol, round, patients });
  const withdrawing = Array.from({ length: 2_000 }, () => patients[random.below(patients.length)]);
  await store.record(
    [...new Set(withdrawing)].map((patient) => ({ patient, kind: 'withdraw', reason: 'patient-asked' })),
    by,
  );
  await sent(store);
  return patients;
}

function questions(random, refs, patients, store) {
  const instant = () => FIRST_AT + random.below(SPAN_MS);
  const ref = () => refs[random.below(refs.length)];
  const kind = () => pick(random, KINDS);
  const home = () => store.refsOf(patients[random.below(patients.length)]).at(-1);
  const study = () => STUDIES[random.below(STUDIES.length)];
  const month = () => {
    const from = instant();
    return `from=${from}&to=${from + 30 * 86_400_000}`;
  };
  const get = (path) => ({ path: `/consents${path}` });
  return [
    ['events: newest', () => get(`/events?limit=${1 + random.below(200)}`)],
    ['events: a kind in a month', () => get(`/events?kind=${kind()}&${month()}`)],
    [
      'events: by clinical date, of a reason and policy',
      () =>
        get(
          `/events?axis=effective&reason=${pick(random, REASONS)}&policyVersion=${1 + random.below(3)}&from=${instant()}&order=ascending`,
        ),
    ],
    [
      'events: a rare kind, all years',
      () => get(`/events?kind=opt-in&order=${random.below(2) ? 'ascending' : 'descending'}`),
    ],
    ['events: what restricts, from an instant on', () => get(`/events?restricts=true&from=${instant()}`)],
    [
      'events: of a signer, in a month',
      () => get(`/events?actor=${encodeURIComponent(signer(random.below(5)))}&${month()}`),
    ],
    ['events: all of a range, counted', () => get(`/events?from=${FIRST_AT + 1}&to=${instant()}&limit=200`)],
    ['events: of another hospital', () => get(`/events?msp=${HOSPITALS[1 + random.below(3)]}&${month()}`)],
    ['a record as the ledger has it', () => get(`/hospitals/${OWN}/records/${ref()}`)],
    ['uses of a policy', () => get(`/uses?policyVersion=${1 + random.below(3)}`)],
    ['uses of a cohort', () => get(`/uses?root=${root(study(), random.below(ROUNDS), OWN)}`)],
    ['uses of a study', () => get(`/uses?study=${study()}`)],
    ['policies', () => get('/policies')],
    [
      'a patient’s records by number',
      () => ({ path: '/consents/records/searches', body: { patient: patients[random.below(patients.length)] } }),
    ],
    ['a patient’s history', () => get(`/records/${home()}/history`)],
    [
      'a patient’s effective consent at an instant',
      () => get(`/records/${home()}/effective?effectiveAt=${instant()}&knownAt=${Date.now()}`),
    ],
    ['a patient’s uses', () => get(`/records/${home()}/uses`)],
    ['withdrawals', () => get(`/withdrawals?limit=${1 + random.below(200)}`)],
    [
      'selections of a day',
      () => get(`/selections?day=${new Date().toISOString().slice(0, 10)}&limit=${1 + random.below(20)}`),
    ],
    [
      'decisions of a selection',
      () => get(`/selections/${1 + random.below(SELECTIONS)}/decisions?limit=${1 + random.below(200)}`),
    ],
    ['who consulted a record', () => get(`/records/${home()}/reads`)],
    ['the log of reads', () => get(`/reads?from=${Date.now() - random.below(60_000)}`)],
  ];
}

/** The real app, over plain HTTP: TLS costs a connection, not a question. */
async function listen({ store, mirror, readings }) {
  const { makeApi } = await import('../../gateway/dist/http/api.js');
  const { EventHub } = await import('../../gateway/dist/http/eventHub.js');
  const never = () => Promise.reject(new Error('not asked for in this bench'));
  const person = (role) => (_, number) => ({
    ...{ name: `${role}-${number}`, role, channel: { send: never } },
    tokenSha256: createHash('sha256').update(`${TOKEN}-${role}-${number}`).digest('hex'),
  });
  const api = makeApi(
    {
      hospital: {
        ...{ msp: OWN, name: 'Cleveland', exchangeUrl: 'https://localhost', channel: 'consilium' },
        ...{ chaincode: 'consilium', chaincodeDigest: '0'.repeat(64) },
      },
      people: ['compliance-officer', 'auditor'].flatMap((role) => Array.from({ length: PEOPLE_EACH }, person(role))),
      readings: mirror,
      consentReadings: readings,
      consents: store,
      peer: { isUp: () => true, recentCommitMs: () => 0, transactions: () => ({}), fateOf: async () => undefined },
      blobs: { put: never, get: never, has: never, remove: never },
      verifier: { verify: never },
      timings: { timings: () => undefined },
      failures: { failures: () => [] },
      ownRows: { predictions: never, trainAlone: never, report: never, engine: () => null },
      clock: { now: () => Date.now(), monotonic: () => performance.now() },
      log: { info() {}, warn() {}, error() {} },
    },
    new EventHub(),
  );
  const server = createServer(api.app);
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  let asked = 0;
  const roleOf = (path) => (path.includes('msp=') ? 'auditor' : 'compliance-officer');
  const optionsOf = (path) => ({
    ...{ host: '127.0.0.1', port, path: `/api/v1${path}` },
    headers: {
      authorization: `Bearer ${TOKEN}-${roleOf(path)}-${asked++ % PEOPLE_EACH}`,
      'content-type': 'application/json',
    },
  });
  return {
    ask({ path, body }) {
      return new Promise((resolve, reject) => {
        const sending = request({ ...optionsOf(path), method: body ? 'POST' : 'GET' }, (answer) => {
          let text = '';
          answer.setEncoding('utf8').on('data', (chunk) => (text += chunk));
          answer.on('end', () => resolve({ status: answer.statusCode, text }));
        });
        sending.on('error', reject);
        sending.end(body ? JSON.stringify(body) : undefined);
      });
    },
    countLines(path) {
      return new Promise((resolve, reject) => {
        httpGet(optionsOf(path), (answer) => {
          if (answer.statusCode !== 200) reject(new Error(`${path}: ${answer.statusCode}`));
          let lines = -1;
          answer.on('data', (chunk) => {
            for (const byte of chunk) if (byte === 0x0a) lines += 1;
          });
          answer.on('end', () => resolve({ lines }));
          answer.on('error', reject);
        }).on('error', reject);
      });
    },
    async close() {
      api.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function percentile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)];
}
