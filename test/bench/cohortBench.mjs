import { randomBytes } from 'node:crypto';
import { figure } from './spread.mjs';

const PATIENTS = 100_000;
const RUNS = 5;
const PROOFS = 2_000;
const STUDY = 'heart';
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
  return [
    figure('matching 100,000 consents', 'ms', matching),
    figure('cohort of 100,000 patients committed', 's', making, { direction: 'at most', bound: 2 }),
    figure('proof of presence or absence', 'ms', proving, { direction: 'at most', bound: 5 }),
    figure('its check', 'ms', verifying),
    figure('its size', 'bytes', bytes, { direction: 'at most', bound: 1_024, judged: 'max' }),
  ];
}
