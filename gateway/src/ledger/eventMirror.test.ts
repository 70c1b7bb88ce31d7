import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Msp } from '@consilium/domain';
import { gateway as protos } from '@hyperledger/fabric-protos';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { blockEvents, FakePeer, fabricError } from '../../../test/support/fakePeer.js';
import { type CertificateAndKey, testAuthority, testCertificate } from '../../../test/support/testCertificates.js';
import type { Log } from '../agent/ports.js';
import { EventMirror, type MirrorTarget, type ObservedTransaction } from './eventMirror.js';
import { readIdentity } from './ledgerIdentity.js';
import { QUIET_MS } from './ledgerLimits.js';
import { PeerConnection } from './peerConnection.js';

const CLEVELAND = 'ClevelandMSP' as Msp;
const NAMES = { channel: 'consilium', chaincode: 'consilium', msp: CLEVELAND };

let folder: string;
let server: CertificateAndKey;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mirror-'));
  const authority = await testAuthority(CLEVELAND);
  server = await testCertificate(authority, { organisation: CLEVELAND });
  const person = await testCertificate(authority, { organisation: CLEVELAND, role: 'agent' });
  writeFileSync(join(folder, 'ca.pem'), authority.certPem);
  writeFileSync(join(folder, 'cert.pem'), person.certPem);
  writeFileSync(join(folder, 'key.pem'), person.keyPem);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Remembers what it was given, batch by batch. */
class Target implements MirrorTarget {
  readonly batches: ObservedTransaction[][] = [];
  checkpoint() {
    return this.batches.at(-1)?.at(-1);
  }
  take(transactions: readonly ObservedTransaction[]): void {
    this.batches.push([...transactions]);
  }
  get ids(): string[] {
    return this.batches.flat().map(({ transactionId }) => transactionId);
  }
}

let peer: FakePeer;
let connection: PeerConnection;
let target: Target;
let mirror: EventMirror;
let mirrorThatIsQuietAfter: (ms: number) => EventMirror;
let warnings: string[];
beforeEach(async () => {
  peer = new FakePeer();
  const endpoint = await peer.start(server);
  connection = new PeerConnection({
    ...NAMES,
    peer: { endpoint, tlsRootCertFile: join(folder, 'ca.pem'), serverName: 'localhost' },
  });
  const identity = readIdentity(CLEVELAND, { certFile: join(folder, 'cert.pem'), keyFile: join(folder, 'key.pem') });
  target = new Target();
  warnings = [];
  const log: Log = { info: () => {}, warn: (_, message) => warnings.push(message), error: () => {} };
  const network = connection.as(identity).getNetwork('consilium');
  mirrorThatIsQuietAfter = (ms) => new EventMirror(network, 'consilium', target, log, ms);
  mirror = mirrorThatIsQuietAfter(QUIET_MS);
});
afterEach(async () => {
  await mirror.stop();
  connection.close();
  peer.stop();
});

const event = (transactionId: string, payload = '{"writes":[]}') => ({
  transactionId,
  name: 'consilium.writes',
  payload,
});

async function until(condition: () => boolean): Promise<void> {
  for (let waited = 0; !condition(); waited += 5) {
    if (waited > 30_000) throw new Error('it did not happen');
    await wait(5);
  }
}

function askedFrom(signed: protos.SignedChaincodeEventsRequest): { block: number | undefined; after: string } {
  const request = protos.ChaincodeEventsRequest.deserializeBinary(signed.getRequest_asU8());
  return {
    block: request.getStartPosition()?.getSpecified()?.getNumber(),
    after: request.getAfterTransactionId(),
  };
}

describe('the mirror of events', () => {
  test('begins at the first block and takes a block whole', async () => {
    const asked: unknown[] = [];
    peer.answers.chaincodeEvents = (stream) => {
      asked.push(askedFrom(stream.request));
      stream.write(blockEvents(1, [event('a', '{"writes":[{"key":"study~heart","value":{"versions":1}}]}')]));
      setTimeout(
        () =>
          stream.write(
            blockEvents(
              2,
              ['b', 'c', 'd', 'e'].map((id) => event(id)),
            ),
          ),
        20,
      );
    };
    mirror.start();
    await until(() => target.ids.length === 5);
    expect(asked).toEqual([{ block: 0, after: '' }]);
    expect(target.batches[0]).toEqual([
      { block: 1, transactionId: 'a', writes: [{ key: 'study~heart', value: { versions: 1 } }] },
    ]);
    expect(target.batches.slice(1)).toEqual([
      ['b', 'c', 'd', 'e'].map((transactionId) => ({ block: 2, transactionId, writes: [] })),
    ]);
  });

  test('goes on after the last transaction when the stream breaks, and says once that it broke', async () => {
    const asked: unknown[] = [];
    peer.answers.chaincodeEvents = (stream) => {
      asked.push(askedFrom(stream.request));
      if (asked.length === 1) {
        stream.write(blockEvents(7, [event('a')]));
        setTimeout(() => stream.emit('error', fabricError(14, 'going away')), 20);
      } else if (asked.length < 4) stream.emit('error', fabricError(14, 'still away'));
      else stream.write(blockEvents(8, [event('b')]));
    };
    mirror.start();
    await until(() => target.ids.length === 2);
    expect(asked.at(-1)).toEqual({ block: 7, after: 'a' });
    expect(target.ids).toEqual(['a', 'b']);
    expect(warnings).toHaveLength(1);
  });

  test('moves its checkpoint for events that write nothing', async () => {
    peer.answers.chaincodeEvents = (stream) => {
      stream.write(blockEvents(3, [{ transactionId: 'x', name: 'another', payload: 'not JSON' }]));
    };
    mirror.start();
    await until(() => target.ids.length === 1);
    expect(target.checkpoint()).toEqual({ block: 3, transactionId: 'x', writes: [] });
  });

  test('has caught up once it has the peer’s last block', async () => {
    peer.answers.chaincodeEvents = (stream) => {
      setTimeout(() => stream.write(blockEvents(4, [event('a')])), 50);
    };
    mirror = mirrorThatIsQuietAfter(50_000);
    mirror.start();
    await mirror.caughtUp(5, AbortSignal.timeout(40_000));
    expect(target.ids).toEqual(['a']);
  });

  test('has caught up when nothing more comes, and is not waited for beyond that', async () => {
    peer.answers.chaincodeEvents = () => undefined;
    mirror.start();
    await mirror.caughtUp(99, AbortSignal.timeout(40_000));
    await expect(mirror.caughtUp(99, AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough');
  });

  test('takes nothing of an event that it cannot read', async () => {
    peer.answers.chaincodeEvents = (stream) => {
      stream.write(blockEvents(3, [event('good'), event('bad', '{"writes":"all"}')]));
    };
    mirror.start();
    await until(() => warnings.length > 0);
    expect(target.ids).not.toContain('bad');
  });
});
