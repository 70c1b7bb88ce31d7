import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { CommandInput, ConsentRef, Msp } from '@consilium/domain';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { FakePeer, fabricError } from '../../../test/support/fakePeer.js';
import {
  type CertificateAndKey,
  type TestAuthority,
  testAuthority,
  testCertificate,
} from '../../../test/support/testCertificates.js';
import type { Clock, Log } from '../agent/ports.js';
import { CommitTimes, TransactionCounts } from './commitTimes.js';
import { FabricChannel } from './fabricChannel.js';
import { readIdentity } from './ledgerIdentity.js';
import { PeerConnection } from './peerConnection.js';
import { PeerLedger } from './peerLedger.js';

const CLEVELAND = 'ClevelandMSP' as Msp;
const NAMES = { channel: 'consilium', chaincode: 'consilium', msp: CLEVELAND };
const clock: Clock = { now: () => Date.now(), monotonic: () => performance.now() };
const log: Log = { info: () => {}, warn: () => {}, error: () => {} };
const VOTE: CommandInput<'StudyContract:castVote'> = { study: 'heart' as never, subject: 'end', yes: true, reason: '' };

const ABORTED = 10;
const UNAVAILABLE = 14;
const MVCC_READ_CONFLICT = 11;
const ENDORSEMENT_POLICY_FAILURE = 10;

let folder: string;
let authority: TestAuthority;
let person: CertificateAndKey;
let server: CertificateAndKey;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ledger-'));
  authority = await testAuthority(CLEVELAND);
  server = await testCertificate(authority, { organisation: CLEVELAND });
  person = await testCertificate(authority, { organisation: CLEVELAND, role: 'researcher' });
  writeFileSync(join(folder, 'ca.pem'), authority.certPem);
  writeFileSync(join(folder, 'cert.pem'), person.certPem);
  writeFileSync(join(folder, 'key.pem'), person.keyPem);
});
afterAll(() => rmSync(folder, { recursive: true }));

let peer: FakePeer;
let connection: PeerConnection;
let channel: FabricChannel;
let channelWith: (resubmitMs: number) => FabricChannel;
let counts: TransactionCounts;
let commitTimes: CommitTimes;
let mirrored: string[];
let ledger: PeerLedger;
let stopping: AbortController;
beforeEach(async () => {
  peer = new FakePeer();
  const endpoint = await peer.start(server);
  connection = new PeerConnection({
    ...NAMES,
    peer: { endpoint, tlsRootCertFile: join(folder, 'ca.pem'), serverName: 'localhost' },
  });
  const identity = readIdentity(CLEVELAND, { certFile: join(folder, 'cert.pem'), keyFile: join(folder, 'key.pem') });
  const gateway = connection.as(identity);
  counts = new TransactionCounts();
  commitTimes = new CommitTimes();
  mirrored = [];
  ledger = new PeerLedger(gateway, NAMES);
  stopping = new AbortController();
  const parts = {
    counts,
    commitTimes,
    clock,
    log,
    mirrored: async (transactionId: string) => {
      mirrored.push(transactionId);
    },
    stopping: stopping.signal,
  };
  // Waits of one answer, over gRPC: long enough that a busy machine keeps within them.
  channelWith = (resubmitMs) =>
    new FabricChannel(gateway, NAMES, parts, { endorseBackoffMs: 2, sendAgainMs: 500, resubmitMs });
  channel = channelWith(60_000);
  peer.answers.endorse = () => ({ result: '{"carried":true}', event: true });
});
afterEach(() => {
  stopping.abort();
  connection.close();
  peer.stop();
});

const submit = () => channel.submit('StudyContract:castVote', VOTE);

describe('a transaction that all goes well with', () => {
  test('gives the block and what the contract returned, once the own mirror has it', async () => {
    const committed = await submit();
    expect(committed.result).toEqual({ carried: true });
    expect(committed.blockNumber).toBe(5);
    expect(mirrored).toEqual([committed.transactionId]);
    expect(counts.totals()).toEqual({ valid: 1, invalid: 0, invalidByCode: {}, refused: 0 });
    expect(channel.recentCommitMs()).toBeGreaterThan(0);
  });

  test('does not wait for a mirror that will never hear of it', async () => {
    peer.answers.endorse = () => ({ result: '', event: false });
    expect((await submit()).result).toBeUndefined();
    expect(mirrored).toEqual([]);
  });

  test('is known by its id before it is committed', async () => {
    const sent = await channel.send('StudyContract:castVote', VOTE);
    expect(sent.transactionId).toMatch(/^[0-9a-f]{64}$/);
    expect((await sent.committed()).transactionId).toBe(sent.transactionId);
  });
});

describe('a refusal', () => {
  test('of the own peer is final and keeps its code', async () => {
    let asked = 0;
    peer.answers.endorse = () => {
      asked += 1;
      throw fabricError(ABORTED, 'failed to endorse transaction, see attached details for more info', [
        { mspId: CLEVELAND, message: 'chaincode response 500, STUDY_ENDED: study heart has ended (vote)' },
      ]);
    };
    await expect(submit()).rejects.toThrow(/^STUDY_ENDED: study heart has ended/);
    expect(asked).toBe(1);
    expect(counts.totals().refused).toBe(1);
  });

  test('of other peers alone is asked for again with a new proposal, since they may lag', async () => {
    const ids: string[] = [];
    peer.answers.endorse = (request) => {
      ids.push(request.getTransactionId());
      if (ids.length < 3)
        throw fabricError(ABORTED, 'failed to collect enough transaction endorsements', [
          { mspId: 'HungaryMSP', message: 'chaincode response 500, ROUND_UNKNOWN: study heart has no round 3' },
          { mspId: 'VaMSP', message: 'ProposalResponsePayloads do not match' },
        ]);
      return { result: '', event: false };
    };
    await submit();
    expect(new Set(ids).size).toBe(3);
  });

  test('of other peers that lasts comes out with its code', async () => {
    peer.answers.endorse = () => {
      throw fabricError(ABORTED, 'failed to collect enough transaction endorsements', [
        { mspId: 'HungaryMSP', message: 'chaincode response 500, CLOCK_SKEW: the transaction says 1' },
      ]);
    };
    await expect(submit()).rejects.toMatchObject({ code: 'CLOCK_SKEW' });
  });

  test('that the contract did not catalogue is LEDGER_REFUSED with its words', async () => {
    peer.answers.endorse = () => {
      throw fabricError(ABORTED, 'failed to endorse transaction', [
        { mspId: CLEVELAND, message: 'chaincode response 500, Expected 1 parameters, but 2 have been supplied' },
      ]);
    };
    await expect(submit()).rejects.toThrow('LEDGER_REFUSED: Expected 1 parameters, but 2 have been supplied');
  });

  test('of the identity is no contract matter and is not tried again', async () => {
    peer.answers.endorse = () => {
      throw fabricError(ABORTED, 'failed to endorse transaction', [
        { mspId: CLEVELAND, message: 'error validating proposal: proposal client identity expired' },
      ]);
    };
    await expect(submit()).rejects.toMatchObject({ code: 'LEDGER_REFUSED' });
  });

  test('peers that stay apart are named', async () => {
    peer.answers.endorse = () => {
      throw fabricError(ABORTED, 'failed to collect enough transaction endorsements', [
        { mspId: 'VaMSP', message: 'ProposalResponsePayloads do not match' },
      ]);
    };
    await expect(submit()).rejects.toThrow(/^LEDGER_UNAVAILABLE: .*VaMSP/);
  });
});

describe('a transaction that was sent', () => {
  test('and read what another one changed is LEDGER_CONFLICT, and counted', async () => {
    peer.answers.commitStatus = () => ({ code: MVCC_READ_CONFLICT, block: 6 });
    await expect(submit()).rejects.toMatchObject({
      code: 'LEDGER_CONFLICT',
      transactionId: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(counts.totals()).toMatchObject({ valid: 0, invalid: 1, invalidByCode: { MVCC_READ_CONFLICT: 1 } });
  });

  test('and is invalid for another reason says which', async () => {
    peer.answers.commitStatus = () => ({ code: ENDORSEMENT_POLICY_FAILURE, block: 6 });
    await expect(submit()).rejects.toThrow(/^LEDGER_REFUSED: .*ENDORSEMENT_POLICY_FAILURE/);
  });

  test('though the orderer said no, is valid if the peer has it: no second transaction is made', async () => {
    let endorsed = 0;
    peer.answers.endorse = () => {
      endorsed += 1;
      return { result: '', event: true };
    };
    peer.answers.submit = () => {
      throw fabricError(UNAVAILABLE, 'insufficient number of orderers could successfully process transaction', [
        { mspId: 'VaMSP', message: 'received unsuccessful response from orderer: status=SERVICE_UNAVAILABLE' },
      ]);
    };
    expect((await submit()).blockNumber).toBe(5);
    expect(endorsed).toBe(1);
    expect(counts.totals()).toMatchObject({ valid: 1, invalid: 0 });
  });

  test('goes out again as the same bytes while the peer does not know it', async () => {
    const sent: string[] = [];
    peer.answers.submit = (request) => {
      sent.push(Buffer.from(request.serializeBinary()).toString('hex'));
      if (sent.length === 1) throw fabricError(UNAVAILABLE, 'no orderer');
    };
    peer.answers.commitStatus = () => {
      if (sent.length < 2) throw fabricError(UNAVAILABLE, 'not yet');
      return { code: 0, block: 9 };
    };
    expect((await submit()).blockNumber).toBe(9);
    expect(sent).toHaveLength(2);
    expect(sent[0]).toBe(sent[1]);
  });

  test('and is too large for the orderers is refused, not sent again', async () => {
    let sent = 0;
    peer.answers.submit = () => {
      sent += 1;
      throw fabricError(UNAVAILABLE, 'insufficient number of orderers', [
        { mspId: '', message: 'status=BAD_REQUEST, info=message payload is 36004407 bytes' },
      ]);
    };
    peer.answers.commitStatus = () => {
      throw fabricError(UNAVAILABLE, 'not yet');
    };
    await expect(submit()).rejects.toMatchObject({ code: 'LEDGER_REFUSED' });
    expect(sent).toBe(1);
  });

  test('and was taken by orderers that lost it goes out again as the same bytes, until a block has it', async () => {
    const sent: string[] = [];
    peer.answers.submit = (request) => {
      sent.push(Buffer.from(request.serializeBinary()).toString('hex'));
      if (sent.length === 2) throw fabricError(UNAVAILABLE, 'the orderers are away');
    };
    peer.answers.commitStatus = () => {
      if (sent.length < 3) throw fabricError(UNAVAILABLE, 'not yet');
      return { code: 0, block: 9 };
    };
    const { committed } = await channelWith(100).send('StudyContract:castVote', VOTE);
    expect((await committed()).blockNumber).toBe(9);
    expect(sent.length).toBeGreaterThanOrEqual(3);
    expect(new Set(sent).size).toBe(1);
    expect(counts.totals()).toMatchObject({ valid: 1, invalid: 0 });
  });

  test('is found again after the connection broke while its commit was awaited', async () => {
    let asked = 0;
    peer.answers.commitStatus = () => {
      asked += 1;
      if (asked === 1) throw fabricError(UNAVAILABLE, 'Connection dropped');
      return { code: 0, block: 7 };
    };
    expect((await submit()).blockNumber).toBe(7);
  });
});

describe('waiting', () => {
  test('ends when the caller no longer wants the answer', async () => {
    peer.answers.commitStatus = () => {
      throw fabricError(UNAVAILABLE, 'not yet');
    };
    const stop = new AbortController();
    const sent = await channel.send('StudyContract:castVote', VOTE);
    const waiting = sent.committed(stop.signal);
    stop.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
  });

  test('called off while it is endorsed, the transaction never goes to the orderer', async () => {
    const stop = new AbortController();
    let sent = 0;
    peer.answers.submit = () => {
      sent += 1;
    };
    const endorse = peer.answers.endorse;
    peer.answers.endorse = (request) => {
      stop.abort(new Error('withdrawn'));
      return endorse(request);
    };
    await expect(channel.send('StudyContract:castVote', VOTE, stop.signal)).rejects.toThrow('withdrawn');
    await pause(100);
    expect(sent).toBe(0);
  });

  test('called off while the orderers do not confirm, the same bytes do not go out again', async () => {
    const stop = new AbortController();
    let sent = 0;
    peer.answers.submit = () => {
      sent += 1;
      stop.abort(new Error('withdrawn'));
      throw fabricError(UNAVAILABLE, 'no orderer could successfully process transaction');
    };
    peer.answers.commitStatus = () => {
      throw fabricError(UNAVAILABLE, 'not yet');
    };
    await expect(channel.send('StudyContract:castVote', VOTE, stop.signal)).rejects.toThrow('withdrawn');
    await pause(1_000);
    expect(sent).toBe(1);
  });

  test('called off once an orderer has it, the same bytes do not go out again, and its fate is told all the same', async () => {
    const stop = new AbortController();
    let sent = 0;
    let asked = 0;
    peer.answers.submit = () => {
      sent += 1;
    };
    peer.answers.commitStatus = () => {
      asked += 1;
      if (asked < 5) throw fabricError(UNAVAILABLE, 'not yet');
      return { code: 0, block: 9 };
    };
    const { committed } = await channelWith(100).send('StudyContract:castVote', VOTE, stop.signal);
    stop.abort(new Error('withdrawn'));
    expect((await committed()).blockNumber).toBe(9);
    expect(sent).toBe(1);
  });

  test('ends when the gateway stops, and says that the fate is not known', async () => {
    peer.answers.commitStatus = () => {
      throw fabricError(UNAVAILABLE, 'not yet');
    };
    const { committed } = await channel.send('StudyContract:castVote', VOTE);
    stopping.abort();
    await expect(committed()).rejects.toMatchObject({ code: 'LEDGER_COMMIT_UNKNOWN' });
  });

  test('a peer that is away is LEDGER_UNAVAILABLE', async () => {
    peer.stop();
    await expect(submit()).rejects.toMatchObject({ code: 'LEDGER_UNAVAILABLE' });
    expect(connection.isUp()).toBe(false);
  });
});

describe('what stands at the own peer alone', () => {
  const refs = ['aa'.repeat(16) as ConsentRef];
  const read = (signal?: AbortSignal) => channel.readAtHome('ConsentContract:readPrivate', { refs }, signal);

  test('is asked of that peer, and answered as a page', async () => {
    let organisations: string[] = [];
    const items = [{ key: `opening~${refs[0]}`, value: 'c2VhbGVk' }];
    peer.answers.evaluate = (request) => {
      organisations = request.getTargetOrganizationsList();
      return Buffer.from(JSON.stringify({ items, cursor: null }));
    };
    expect(await read()).toEqual({ items, cursor: null });
    expect(organisations).toEqual([CLEVELAND]);
  });

  test('is refused as the contract says, unavailable where the peer is away, and let go with the signal', async () => {
    const refused = 'chaincode response 500, ROLE_REQUIRED: to read needs the role agent; x has none';
    peer.answers.evaluate = () => {
      throw fabricError(2, 'evaluate call failed', [{ mspId: CLEVELAND, message: refused }]);
    };
    await expect(read()).rejects.toMatchObject({ code: 'ROLE_REQUIRED' });
    await expect(read(AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough');
    peer.stop();
    await expect(read()).rejects.toMatchObject({ code: 'LEDGER_UNAVAILABLE' });
  });
});

describe('the chaincode that the channel runs', () => {
  test('is taken if its definition has the digest that the gateway was built with, and refused otherwise', async () => {
    // QueryChaincodeDefinitionResult: sequence 1, version "aa".
    peer.answers.evaluate = () => Buffer.from([0x08, 1, 0x12, 2, 0x61, 0x61]);
    await ledger.requireChaincode('aa' as never);
    await expect(ledger.requireChaincode('bb' as never)).rejects.toThrow(/^CHAINCODE_DIFFERS: .*aa.*bb/);
  });
});
