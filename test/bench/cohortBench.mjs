import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { publishPolicies } from './officerChannel.mjs';
import { figure } from './spread.mjs';
import { openAll, PROTOCOL, sent } from './storeOnMirror.mjs';

const PATIENTS = 100_000;
const RUNS = 5;
const PROOFS = 2_000;
const STUDY = 'heart';
const RESTARTS = 3;
const ORDERS_AT_ONCE = 10_000;
const STEWARD = { name: 'steward', role: 'data-steward' };
const AT_MOST_2 = { direction: 'at most', bound: 2 };
const hex = (bytes) => randomBytes(bytes).toString('hex');

/** A cohort of 100,000 patients: each consent matched, all positions and the tree's root made, presence and absence proven. */
export async function cohortBench(_, say) {
  const domain = await import('../../chaincode/domain/dist/index.js');
  const { nodeSha256 } = await import('../../gateway/dist/consent/nodeSha256.js');
  const { CohortTree, cohortPosition, matchConsent, verifyCohortProof, ConsentContent, DUO } = domain;
  const at = Date.now();
  const contents = Array.from({ length: PATIENTS }, (_each, k) =>
    ConsentContent.parse({
      ...{ schemaVersion: 1, msp: 'ClevelandMSP', ref: hex(16), seq: 0, kind: 'grant', subject: hex(32) },
      terms: [{ code: DUO.HMB }, { code: k % 2 ? DUO.NPU : DUO.IRB }],
      ...{ dataClasses: [], policyVersion: 1, validFrom: null, validTo: null, effectiveFrom: 0, evidence: null },
    }),
  );
  const policy = {
    ...{ msp: 'ClevelandMSP', version: 1, permittedPurposes: [DUO.GRU], dataClasses: [] },
    ...{ legalBasis: 'consent', silence: 'deny' },
  };
  const consent = domain.StudyConsent.parse({ use: { ethicsApproval: true } });
  const protocol = { purposes: [DUO.HMB], publicData: false, consent };
  const [matching, making, proving, verifying, bytes] = [[], [], [], [], []];
  for (let run = 0; run < RUNS; run += 1) {
    say(`run ${run + 1} of ${RUNS}`);
    const salts = contents.map(() => hex(32));
    let started = performance.now();
    const answers = contents.map((content) => matchConsent({ content, policy, study: { protocol }, at }).answer);
    matching.push(performance.now() - started);
    if (!answers.every((answer) => answer === 'allow')) throw new Error('every consent here allows the study');
    started = performance.now();
    const positions = contents.map(({ ref }, k) => cohortPosition(salts[k], ref, STUDY, run, nodeSha256));
    const tree = CohortTree.of(positions, nodeSha256);
    making.push((performance.now() - started) / 1_000);
    for (let k = 0; k < PROOFS; k += 1) {
      const [position, presence] = k % 2 ? [positions[k], 'present'] : [hex(32), 'absent'];
      started = performance.now();
      const proof = tree.prove(position);
      proving.push(performance.now() - started);
      started = performance.now();
      if (verifyCohortProof(tree.root, position, proof) !== presence) throw new Error('a proof of what is not so');
      verifying.push(performance.now() - started);
      bytes.push(Buffer.from(proof, 'base64').length);
    }
  }
  const { begun, warm } = await selections(say);
  return [
    figure('cohort of 100,000 patients committed, out of the store', 's', warm, AT_MOST_2),
    figure('  the first one, asked for as soon as the store is open', 's', begun),
    figure('matching 100,000 consents', 'ms', matching),
    figure('positions and tree of 100,000 patients', 's', making, AT_MOST_2),
    figure('proof of presence or absence', 'ms', proving, { direction: 'at most', bound: 5 }),
    figure('its check', 'ms', verifying),
    figure('its size', 'bytes', bytes, { direction: 'at most', bound: 1_024, judged: 'max' }),
  ];
}

/**
 * Selections by a hospital's own store: each patient's consent read, judged, and the cohort with its decisions durable.
 * Right after the store was opened anew, when it has to open every record; and later, out of memory, which is what it reads
 * ahead for from the start.
 */
async function selections(say) {
  const folder = await mkdtemp(join(tmpdir(), 'consilium-cohort-'));
  const { StudyProtocol } = await import('../../chaincode/domain/dist/index.js');
  const protocol = StudyProtocol.parse(PROTOCOL);
  const patients = Array.from({ length: PATIENTS }, (_, k) => `P-${k}`);
  const [begun, warm] = [[], []];
  let round = 0;
  const select = async (store) => {
    const started = performance.now();
    const selection = await store.desk.select({ study: STUDY, protocol, round: round++, patients });
    if (selection.patients.size !== PATIENTS) throw new Error('every consent here allows the study');
    return (performance.now() - started) / 1_000;
  };
  try {
    say(`${PATIENTS} patients into the consent store`);
    await withStore(folder, async ({ store, mirror }) => {
      publishPolicies(mirror);
      store.start();
      for (let first = 0; first < PATIENTS; first += ORDERS_AT_ONCE)
        await store.record(patients.slice(first, first + ORDERS_AT_ONCE).map(grant), STEWARD);
      await sent(store);
    });
    for (let restart = 0; restart < RESTARTS; restart += 1) {
      say(`restart ${restart + 1} of ${RESTARTS}`);
      await withStore(folder, async ({ store }) => {
        store.start();
        begun.push(await select(store));
        warm.push(await select(store), await select(store));
      });
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return { begun, warm };
}

async function withStore(folder, work) {
  const { store, mirror, database, close } = await openAll(folder);
  try {
    await work({ store, mirror });
  } finally {
    await close();
    database.close();
  }
}

const grant = (patient) => ({
  ...{ patient, kind: 'grant', reason: 'patient-asked' },
  terms: [{ code: 'DUO:0000006', values: [] }],
});
