import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hospitalOnChannel, startHospitals } from './hospitalOnChannel.mjs';
import { HOSPITALS, hash, OWN } from './officerChannel.mjs';
import { cpuMs, processCpuMs } from './processCpu.mjs';
import { figure } from './spread.mjs';
import { PROTOCOL } from './storeOnMirror.mjs';

const MEMBERS = 10_000;
const STUDY = 'heart';

/**
 * The audit of a cohort of 10,000 members, as `consilium audit cohort` has it made and `consilium-verify` checks it: every
 * member's history endorsed by a majority of four hospitals' peers, read together with the join.
 */
export async function auditBench(repository, say) {
  const folder = await mkdtemp(join(tmpdir(), 'consilium-audit-'));
  const { canonicalDigest, StudyProtocol } = await import('../../chaincode/domain/dist/index.js');
  const { verifyPack } = await import('../../chaincode/verifier/dist/index.js');
  const protocol = StudyProtocol.parse({ ...PROTOCOL, standardisation: 'federated' });
  say('four hospitals on the embedded channel');
  const network = await startHospitals(repository, folder);
  let hospital;
  try {
    hospital = await hospitalOnChannel(network.home, join(folder, 'gateway'));
    await hospital.publishPolicy({});
    const protocolHash = canonicalDigest(protocol);
    await openStudy(network.home, protocol, protocolHash);
    say(`${MEMBERS} patients and a cohort of them`);
    const patients = Array.from({ length: MEMBERS }, (_, k) => `P-${k}`);
    await hospital.take(patients.map(grant));
    const { commitment } = await hospital.store.desk.select({ study: STUDY, protocol, round: 1, patients });
    const joined = { study: STUDY, round: 1, protocolHash, baseDigest: WEIGHTS, cohort: commitment };
    await hospital.submit('RoundContract:joinRound', joined);
    say('its evidence');
    const [before, own] = [cpuMs(network), processCpuMs(process.pid)];
    let started = performance.now();
    const pack = await hospital.evidence().cohort({ study: STUDY, round: 1 });
    const making = (performance.now() - started) / 1_000;
    const [all, gateway] = [cpuMs(network) - before, processCpuMs(process.pid) - own];
    started = performance.now();
    const { holds, genesis, about, failures } = verifyPack(pack, undefined);
    const checking = (performance.now() - started) / 1_000;
    if (!holds || !about.some((line) => line.includes(`with an allowing consent: ${MEMBERS}, without: 0`)))
      throw new Error(`of genesis ${genesis}: ${about.join('; ')} ${JSON.stringify(failures.slice(0, 3))}`);
    const each = (seconds) => [(seconds * 1_000) / MEMBERS];
    return [
      figure(`evidence of a cohort of ${MEMBERS}, made`, 's', [making]),
      figure('  the same, of one member', 'ms', each(making)),
      figure('  processor time of the gateway for one', 'ms', each(gateway / 1_000)),
      figure('  processor time of channel and contract for one', 'ms', each((all - gateway) / 1_000)),
      figure('its check, offline', 's', [checking]),
      figure('its size', 'MiB', [pack.length / 2 ** 20]),
    ];
  } finally {
    await hospital?.close();
    await network.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

const grant = (patient) => ({
  ...{ patient, kind: 'grant', reason: 'patient-asked' },
  terms: [{ code: 'DUO:0000006', values: [] }],
});

const WEIGHTS = hash('weights 0');

/** Approved by all, its first version attested by all, and round 1 open: nobody computes here. */
async function openStudy(networkHome, protocol, protocolHash) {
  const { Home } = await import('../../network/dist/home.js');
  const { PeerAccess } = await import('../../network/dist/peerAccess.js');
  const { readConnection } = await import('../../network/dist/connectionFile.js');
  const submit = async (msp, person, name, command) => {
    const files = new Home(networkHome).hospital(msp);
    const access = new PeerAccess(readConnection(files.connectionFile), files.person(person));
    try {
      const [contract, transaction] = name.split(':');
      const called = access.network.getContract(access.chaincode, contract);
      await called.submitTransaction(transaction, JSON.stringify(command));
    } finally {
      access.close();
    }
  };
  for (const msp of HOSPITALS)
    await submit(msp, 'admin', 'HospitalContract:registerHospital', {
      ...{ name: msp, exchangeUrl: `https://${msp.toLowerCase()}.example:9443`, chaincodeDigest: hash('chaincode') },
    });
  await submit(OWN, 'researcher', 'StudyContract:proposeStudy', { study: STUDY, protocol });
  for (const msp of HOSPITALS) {
    const approval = { study: STUDY, version: 1, protocolHash, meaning: 'approval', reason: '' };
    await submit(msp, 'compliance-officer', 'StudyContract:approveStudy', approval);
    const receiptKey = randomBytes(32).toString('base64');
    await submit(msp, 'agent', 'StudyContract:registerMember', { study: STUDY, receiptKey });
  }
  await submit(OWN, 'agent', 'RoundContract:openRound', { study: STUDY, round: 0, attestedBy: [] });
  const outcome = { kind: 'version', digest: WEIGHTS, sumDigest: null, result: {} };
  for (const msp of HOSPITALS) await submit(msp, 'agent', 'RoundContract:attest', { study: STUDY, round: 0, outcome });
  const attestedBy = HOSPITALS.slice(0, Math.floor(HOSPITALS.length / 2) + 1);
  await submit(OWN, 'agent', 'RoundContract:openRound', { study: STUDY, round: 1, attestedBy });
}
