import {
  ApprovalResource,
  HospitalResource,
  StudyResource,
  submissionOf,
  TransactionResource,
} from '@consilium/client/resources';
import { ConsiliumError, refusal } from '@consilium/domain';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { COMMIT_WAIT_MS_MAX } from './apiLimits.js';
import type { Sent } from './ports.js';
import { ApiUnderTest } from './testing/apiUnderTest.js';
import {
  CLEVELAND,
  digestOf,
  HEART,
  HUNGARY,
  MSPS,
  PROTOCOL,
  PROTOCOL_HASH,
  transactionIdOf,
  writeStudy,
} from './testing/channelExample.js';

const ID = transactionIdOf('sent 1');

let api: ApiUnderTest;
beforeEach(async () => {
  api = new ApiUnderTest();
  await api.start();
});
afterEach(() => api.stop());

/** A transaction whose commit the test decides. */
function heldBack(): { sent: Sent; commit(): void } {
  let commit = (): void => undefined;
  const committed = new Promise<{ transactionId: string; blockNumber: number; result: unknown }>((resolve) => {
    commit = () => resolve({ transactionId: ID, blockNumber: 7, result: undefined });
  });
  const sent: Sent = {
    transactionId: ID,
    committed: (signal) =>
      signal
        ? Promise.race([
            committed,
            new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
          ])
        : committed,
  };
  return { sent, commit: () => commit() };
}

describe('a request that needs a commit', () => {
  test('is answered at once with where its transaction is found', async () => {
    const { sent, commit } = heldBack();
    api.send = async () => sent;
    const reply = await api.post('/studies', { study: HEART, protocol: PROTOCOL });
    expect(reply.status).toBe(202);
    expect(reply.headers.location).toBe(`/api/v1/transactions/${ID}`);
    expect(submissionOf(StudyResource).parse(reply.json)).toEqual({
      transactionId: ID,
      state: 'pending',
      validationCode: null,
      block: null,
      record: null,
    });
    const path = `/transactions/${ID}`;
    expect(TransactionResource.parse((await api.get(path)).json)).toMatchObject({ state: 'pending' });
    api.state.write({ 'study~heart': { study: HEART, versions: 1 } }, ID);
    commit();
    expect((await api.get(path)).json).toMatchObject({ state: 'valid', validationCode: 'VALID', block: 0 });
  });

  test('waits where it is asked to, and then gives the record and where it is', async () => {
    api.onCommit = () => writeStudy(api.state, []);
    const reply = await api.post('/studies?wait=commit', { study: HEART, protocol: PROTOCOL });
    expect(reply.status).toBe(201);
    expect(reply.headers.location).toBe('/api/v1/studies/heart');
    const { state, record } = submissionOf(StudyResource).parse(reply.json);
    expect(state).toBe('valid');
    expect(record).toMatchObject({
      study: HEART,
      stage: 'proposed',
      missingApprovals: MSPS,
      protocolHash: PROTOCOL_HASH,
    });
    expect(api.sent).toEqual([
      { person: 'researcher', name: 'StudyContract:proposeStudy', command: { study: HEART, protocol: PROTOCOL } },
    ]);
  });

  test('waits no longer than it says', async () => {
    const { sent } = heldBack();
    api.send = async () => sent;
    const headers = { prefer: 'respond-async, wait=1' };
    const started = performance.now();
    const reply = await api.post('/studies', { study: HEART, protocol: PROTOCOL }, { as: 'researcher', headers });
    expect(reply).toMatchObject({ status: 202, json: { state: 'pending' } });
    expect(performance.now() - started).toBeLessThan(COMMIT_WAIT_MS_MAX);
  });

  test('refuses another way to wait, and sends nothing', async () => {
    const reply = await api.post('/studies?wait=forever', { study: HEART, protocol: PROTOCOL });
    expect(reply).toMatchObject({ status: 400, json: { code: 'INPUT_INVALID' } });
    expect(api.sent).toEqual([]);
  });
});

describe('a refusal', () => {
  class OfTransaction extends ConsiliumError {
    readonly transactionId = ID;
  }
  const committing = (error: Error) => async (): Promise<Sent> => ({
    transactionId: ID,
    committed: () => Promise.reject(error),
  });

  test('of the contract keeps its code, with the status of its kind', async () => {
    for (const [error, status] of [
      [refusal('STUDY_ENDED', { study: HEART, how: 'vote' }), 409],
      [refusal('NOT_A_MEMBER', { msp: CLEVELAND, study: HEART }), 403],
      [refusal('STUDY_UNKNOWN', { study: HEART }), 404],
      [refusal('PROTOCOL_TOO_LARGE', { bytes: 2, bytesMax: 1 }), 413],
      [refusal('LEDGER_UNAVAILABLE', { reason: 'no peer' }), 503],
    ] as const) {
      api.send = async () => {
        throw error;
      };
      const reply = await api.post('/studies/heart/votes', { subject: 'end', yes: true }, { as: 'compliance-officer' });
      expect(reply).toMatchObject({ status, json: { code: error.code, detail: error.detail, status } });
    }
  });

  test('that came after sending names the transaction', async () => {
    for (const [code, status] of [
      ['LEDGER_CONFLICT', 409],
      ['LEDGER_COMMIT_UNKNOWN', 503],
    ] as const) {
      api.send = committing(new OfTransaction(code, 'words'));
      const reply = await api.post('/studies/heart/votes?wait=commit', { subject: 'end', yes: true });
      expect(reply).toMatchObject({ status, json: { code, transactionId: ID } });
    }
  });
});

describe('what is written', () => {
  test('the own hospital is registered as the configuration names it', async () => {
    api.onCommit = ({ command }, transactionId) =>
      api.state.write({ [`hospital~${CLEVELAND}`]: { ...(command as object), msp: CLEVELAND } }, transactionId);
    const reply = await api.post('/hospitals?wait=commit', {}, { as: 'admin' });
    const own = {
      name: 'Cleveland',
      exchangeUrl: 'https://localhost:9443',
      chaincodeDigest: digestOf('chaincode'),
    };
    expect(api.sent).toEqual([{ person: 'admin', name: 'HospitalContract:registerHospital', command: own }]);
    expect(submissionOf(HospitalResource).parse(reply.json).record).toMatchObject({
      ...own,
      msp: CLEVELAND,
      own: true,
    });
    const list = (await api.get('/hospitals')).json;
    expect(list).toMatchObject({ total: 1, next: null, items: [{ msp: CLEVELAND, own: true }] });
  });

  test('an approval names its meaning even where the signer says none', async () => {
    writeStudy(api.state, [HUNGARY]);
    api.onCommit = () => writeStudy(api.state, [CLEVELAND]);
    const body = { version: 1, protocolHash: PROTOCOL_HASH, reason: 'board 12' };
    const reply = await api.post('/studies/heart/approvals?wait=commit', body, { as: 'compliance-officer' });
    expect(api.sent[0]?.command).toEqual({
      study: HEART,
      ...body,
      meaning: 'This hospital takes part in the study under this protocol.',
    });
    expect(submissionOf(ApprovalResource).parse(reply.json).record).toMatchObject({ msp: CLEVELAND, version: 1 });
  });
});

describe('a transaction that this gateway did not send', () => {
  test('is asked for at the peer', async () => {
    api.peer = {
      ...api.peer,
      fateOf: async () => ({ blockNumber: 9, valid: false, validationCode: 'MVCC_READ_CONFLICT' }),
    };
    expect((await api.get(`/transactions/${ID}`)).json).toEqual({
      transactionId: ID,
      state: 'invalid',
      validationCode: 'MVCC_READ_CONFLICT',
      block: 9,
    });
  });

  test('and that the peer does not know, may still come', async () => {
    expect((await api.get(`/transactions/${ID}`)).json).toMatchObject({ state: 'unknown', block: null });
  });
});
