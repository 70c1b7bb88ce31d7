import { createHash, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { setTimeout as pause } from 'node:timers/promises';
import { BaselineResult, type GatewayEvent, VerificationReport } from '@consilium/client';
import { canonicalDigest, roundSeconds, StudyProtocol } from '@consilium/domain';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { CLEVELAND, HUNGARY, PROTOCOL, TwoHospitals } from './hospitals.js';

jest.setTimeout(300_000);

const STUDY = 'synthetic';
const ENDED_MS_MAX = 180_000;

let hospitals: TwoHospitals;
beforeAll(async () => {
  hospitals = new TwoHospitals();
  await hospitals.start();
});
afterAll(() => hospitals.stop());

const as = (msp: string, role: string) => hospitals.as(msp, role);

// One network; the tests build on each other, in this order.
describe('people and their gateway', () => {
  test('anybody learns whether it is up, and nothing else', async () => {
    const stranger = hospitals.as(CLEVELAND, 'researcher', 'no-token-of-anybody');
    expect(await stranger.health()).toMatchObject({ status: 'up', msp: CLEVELAND, studiesRunning: [] });
    await expect(stranger.studies()).rejects.toMatchObject({ code: 'UNAUTHENTICATED', status: 401 });
  });

  test('a token of another hospital opens nothing', async () => {
    const foreign = hospitals.as(CLEVELAND, 'admin', hospitals.token(HUNGARY, 'admin'));
    await expect(foreign.registerHospital()).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  test('the certificate decides what a person may write, and a refusal changes nothing', async () => {
    const { height } = await as(CLEVELAND, 'researcher').health();
    await expect(as(CLEVELAND, 'researcher').registerHospital({}, { wait: true })).rejects.toMatchObject({
      code: 'ROLE_REQUIRED',
      status: 403,
    });
    await expect(
      as(CLEVELAND, 'admin').proposeStudy({ study: STUDY as never, protocol: PROTOCOL }),
    ).rejects.toMatchObject({ code: 'ROLE_REQUIRED' });
    expect((await as(CLEVELAND, 'researcher').health()).height).toBe(height);
  });

  test('hospitals register, each its own, and see each other', async () => {
    for (const msp of [CLEVELAND, HUNGARY]) {
      const { record, state } = await as(msp, 'admin').registerHospital({}, { wait: true });
      expect({ state, own: record?.own, msp: record?.msp }).toEqual({ state: 'valid', own: true, msp });
    }
    const { items } = await as(HUNGARY, 'auditor').hospitals();
    expect(items.map(({ msp, own }) => [msp, own])).toEqual([
      [CLEVELAND, false],
      [HUNGARY, true],
    ]);
  });
});

describe('a study', () => {
  test('is proposed, and its hash is what members sign', async () => {
    const { record } = await as(CLEVELAND, 'researcher').proposeStudy(
      { study: STUDY as never, protocol: PROTOCOL },
      { wait: true },
    );
    expect(record).toMatchObject({ stage: 'proposed', missingApprovals: [CLEVELAND, HUNGARY] });
    expect(record?.protocolHash).toBe(canonicalDigest(StudyProtocol.parse(PROTOCOL)));
  });

  test('is not approved under another hash, nor twice under the same one with another meaning', async () => {
    const officer = as(HUNGARY, 'compliance-officer');
    const other = { version: 1, protocolHash: canonicalDigest('another protocol') };
    await expect(officer.approveStudy(STUDY, other, { wait: true })).rejects.toMatchObject({
      code: 'PROTOCOL_HASH_MISMATCH',
      status: 409,
    });
    expect((await officer.study(STUDY)).missingApprovals).toEqual([CLEVELAND, HUNGARY]);
  });

  test('is approved by each hospital; without waiting, the transaction tells its fate', async () => {
    const { protocolHash } = await as(HUNGARY, 'compliance-officer').study(STUDY);
    const sent = await as(HUNGARY, 'compliance-officer').approveStudy(STUDY, { version: 1, protocolHash });
    expect(sent).toMatchObject({ state: 'pending', record: null });
    const officer = as(HUNGARY, 'compliance-officer');
    await until(async () => (await officer.transaction(sent.transactionId)).state === 'valid');
    // The other hospital never sent it, and knows it all the same.
    await until(async () => (await as(CLEVELAND, 'auditor').transaction(sent.transactionId)).state === 'valid');
    expect(await as(CLEVELAND, 'auditor').transaction(sent.transactionId)).toMatchObject({ validationCode: 'VALID' });
    expect(await officer.transaction('f'.repeat(64))).toMatchObject({ state: 'unknown' });

    const { record } = await as(CLEVELAND, 'compliance-officer').approveStudy(
      STUDY,
      { version: 1, protocolHash, reason: 'ethics board, item 12' },
      { wait: true },
    );
    expect(record).toMatchObject({ msp: CLEVELAND, reason: 'ethics board, item 12' });
  });

  test('is followed live to its end', async () => {
    const stop = new AbortController();
    const seen: GatewayEvent[] = [];
    const listening = (async () => {
      for await (const event of as(HUNGARY, 'researcher').events(STUDY, stop.signal)) seen.push(event);
    })();
    await until(async () => (await as(CLEVELAND, 'researcher').study(STUDY)).stage === 'ended', ENDED_MS_MAX);
    await until(async () => (await as(HUNGARY, 'researcher').study(STUDY)).stage === 'ended', ENDED_MS_MAX);
    stop.abort();
    await listening;
    expect(seen.some((event) => event.type === 'agent' && event.step === 'makeVector')).toBe(true);
    const keys = seen.flatMap((event) => (event.type === 'ledger' ? event.writes.map(({ key }) => key) : []));
    expect(keys.length).toBeGreaterThan(0);
    expect(keys.every((key) => key.split('~')[1] === STUDY)).toBe(true);
    expect(await as(CLEVELAND, 'researcher').study(STUDY)).toMatchObject({
      progress: { ended: 'evaluated' },
      rounds: 5,
    });
  });
});

describe('what came of the study', () => {
  test('every round was attested alike, and its time is accounted for', async () => {
    const gateways = [as(CLEVELAND, 'researcher'), as(HUNGARY, 'researcher')];
    const rounds = await gateways[0]?.rounds(STUDY);
    expect(rounds?.items.map(({ kind, stage, attestations }) => [kind, stage, attestations])).toEqual([
      ['initial', 'agreed', 2],
      ['statistics', 'agreed', 2],
      ['training', 'agreed', 2],
      ['training', 'agreed', 2],
      ['evaluation', 'agreed', 2],
    ]);
    const details = await Promise.all(gateways.map((gateway) => gateway.round(STUDY, 2)));
    expect(details.map(({ disputes }) => disputes)).toEqual([[], []]);
    expect(Object.keys(details[0]?.contributions ?? {})).toEqual([CLEVELAND, HUNGARY]);
    const seconds = roundSeconds(
      details.flatMap(({ timings }) => timings ?? []),
      2,
    );
    expect(seconds?.total).toBeGreaterThan(0);
  });

  test('both hospitals hold the same bytes under the attested digest', async () => {
    const [ours, theirs] = await Promise.all(
      [CLEVELAND, HUNGARY].map((msp) => as(msp, 'clinical-approver').modelFile(STUDY, 3)),
    );
    const { digest } = await as(CLEVELAND, 'auditor').model(STUDY, 3);
    for (const bytes of [ours, theirs])
      expect(
        createHash('sha256')
          .update(bytes as Uint8Array)
          .digest('hex'),
      ).toBe(digest);
  });

  test('hospitals report their own figures, and tell their own rows to their own people alone', async () => {
    await until(async () => (await as(CLEVELAND, 'researcher').evaluations(STUDY)).items.length === 2);
    const { items } = await as(CLEVELAND, 'researcher').evaluations(STUDY);
    expect(items.map(({ msp }) => msp)).toEqual([CLEVELAND, HUNGARY]);
    const predictions = await as(CLEVELAND, 'researcher').predictions(STUDY, 3);
    expect(predictions.rows).toHaveLength(items[0]?.base.patients ?? -1);
    expect(predictions.rows.every(({ score }) => score > 0 && score < 1)).toBe(true);
    await expect(as(CLEVELAND, 'auditor').predictions(STUDY, 3)).rejects.toMatchObject({ code: 'ROLE_REQUIRED' });
    await expect(
      hospitals.as(CLEVELAND, 'researcher', hospitals.token(HUNGARY, 'researcher')).predictions(STUDY, 3),
    ).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    const report = await as(CLEVELAND, 'data-steward').dataReport(STUDY);
    expect(report.rowsRead).toBe(report.used.train + report.used.test);
  });

  test('a hospital alone is trained as a job, with its own settings', async () => {
    const researcher = as(HUNGARY, 'researcher');
    const job = await researcher.startBaseline(STUDY, { training: { steps: 3 } });
    const result = await researcher.jobResult(BaselineResult, job);
    expect(result.trainingRows + result.rows.length).toBe(60);
    await expect(as(HUNGARY, 'admin').job(job.id)).rejects.toMatchObject({ code: 'JOB_UNKNOWN' });
  });

  test('a round is recomputed by its hospital and agrees', async () => {
    const auditor = as(CLEVELAND, 'auditor');
    const report = await auditor.jobResult(VerificationReport, await auditor.verifyRound(STUDY, 2));
    expect(report.checks.length).toBeGreaterThan(0);
    expect(report).toMatchObject({ ok: true, disputeLifted: false });
  });

  test('not one transaction was invalid', async () => {
    for (const msp of [CLEVELAND, HUNGARY]) {
      const { transactions } = await as(msp, 'auditor').channel();
      expect(transactions).toMatchObject({ invalid: 0, invalidByCode: {} });
      expect(transactions.valid).toBeGreaterThan(10);
    }
  });
});

describe('the exchange of a gateway', () => {
  const get = (path: string, certFile: string, keyFile: string) =>
    new Promise<{ status: number; body: string }>((resolve, reject) => {
      const { exchange } = hospitals.configuration(HUNGARY) as { exchange?: { listen: string } };
      const sending = request(
        {
          host: 'localhost',
          port: Number(exchange?.listen.split(':')[1]),
          path,
          agent: false,
          ca: readFileSync(hospitals.file(HUNGARY, 'msp', 'tlscacerts', 'tlsca.pem')),
          cert: readFileSync(certFile),
          key: readFileSync(keyFile),
        },
        (answer) => {
          const chunks: Buffer[] = [];
          answer.on('data', (chunk: Buffer) => chunks.push(chunk));
          answer.on('end', () =>
            resolve({ status: answer.statusCode ?? 0, body: Buffer.concat(chunks).toString('latin1') }),
          );
          answer.on('error', reject);
        },
      );
      sending.on('error', reject);
      sending.end();
    });
  const tls = (msp: string, name: string) => hospitals.file(msp, 'gateway', 'tls', name);

  test('serves members by digest, under the certificate of their own gateway', async () => {
    const { digest } = await as(CLEVELAND, 'auditor').model(STUDY, 3);
    const path = `/exchange/v1/blobs/${digest}`;
    const { status, body } = await get(path, tls(CLEVELAND, 'server.crt'), tls(CLEVELAND, 'server.key'));
    expect(status).toBe(200);
    expect(createHash('sha256').update(Buffer.from(body, 'latin1')).digest('hex')).toBe(digest);
  });

  test('does not know people, only gateways', async () => {
    const cert = hospitals.file(CLEVELAND, 'people', 'admin', 'cert.pem');
    const key = hospitals.file(CLEVELAND, 'people', 'admin', 'key.pem');
    expect(new X509Certificate(readFileSync(cert)).subject).toContain(CLEVELAND);
    await expect(get(`/exchange/v1/blobs/${'0'.repeat(64)}`, cert, key)).rejects.toThrow();
  });
});

describe('a gateway process', () => {
  test('rebuilds what it knows of the channel from the first block, and stops cleanly', async () => {
    const second = hospitals.startGateway(CLEVELAND, 'second', {});
    await second.ready();
    const [before, after] = [as(CLEVELAND, 'auditor'), second.as('auditor')];
    const { height } = await before.health();
    await until(async () => (await after.health()).height === height);
    expect(await after.study(STUDY)).toEqual(await before.study(STUDY));
    for (const round of [0, 1, 2, 3, 4])
      expect({ ...(await after.round(STUDY, round)), timings: null }).toEqual({
        ...(await before.round(STUDY, round)),
        timings: null,
      });
    // Of the bytes it fetches what its agent needs, and says who has the others.
    await expect(after.modelFile(STUDY, 1)).rejects.toMatchObject({
      code: 'VERSION_FILE_NOT_HERE',
      status: 404,
      detail: expect.stringContaining(HUNGARY),
    });
    expect(await second.exit('SIGTERM')).toBe(0);
  });

  test('does not start on a channel that runs another chaincode', async () => {
    const other = hospitals.startGateway(CLEVELAND, 'other', { chaincodeDigest: '0'.repeat(64) });
    expect(await other.exit()).toBe(1);
    expect(other.output).toMatch(/CHAINCODE_DIFFERS: .*0{64}/);
  });

  test('is up without its peer, and says so', async () => {
    const connectionFile = hospitals.writeConnection(CLEVELAND, 'localhost:1');
    const alone = hospitals.startGateway(CLEVELAND, 'alone', { connectionFile });
    await alone.ready();
    expect(await alone.as('auditor').health()).toMatchObject({ status: 'degraded', peerReachable: false, height: 0 });
    const vote = alone.as('compliance-officer').castVote(STUDY, { subject: 'end', yes: true });
    await expect(vote).rejects.toMatchObject({ code: 'LEDGER_UNAVAILABLE', status: 503 });
    expect(await alone.exit('SIGTERM')).toBe(0);
  });

  test('writes neither token nor key into its log', async () => {
    const second = hospitals.startGateway(CLEVELAND, 'logging', { logLevel: 'debug' });
    await second.ready();
    await second.as('auditor').studies();
    await second.exit('SIGTERM');
    expect(second.output).toContain('"path":"/api/v1/studies"');
    expect(second.output).not.toContain(hospitals.token(CLEVELAND, 'auditor'));
    expect(second.output).not.toMatch(/PRIVATE KEY|Bearer/);
  });
});

async function until(condition: () => Promise<boolean>, msMax = 60_000): Promise<void> {
  const deadline = Date.now() + msMax;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error('it did not happen in time');
    await pause(50);
  }
}
