/**
 * What the suite covers: every function of Fabric's stub and of its client library, listed with every outcome in one file,
 * a line each.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Client, credentials } from '@grpc/grpc-js';
import { connect } from '@hyperledger/fabric-gateway';
import { gateway as messages } from '@hyperledger/fabric-protos';
import { describe, expect, test } from '@jest/globals';
import { CASES } from './cases/index.js';
import { nameOf } from './support/case.js';

const PAIRS_MIN = 150;

const listed = readFileSync(join(import.meta.dirname, 'pairs.txt'), 'utf8')
  .trimEnd()
  .split('\n');
const names = CASES.map(nameOf);

function functionsOf(name: string, prototype: object): string[] {
  return Object.getOwnPropertyNames(prototype)
    .filter((each) => each !== 'constructor' && !each.startsWith('_') && !each.startsWith('Symbol'))
    .map((each) => `${name}.${each}`);
}

const ofPrototype = (name: string, instance: object) => functionsOf(name, Object.getPrototypeOf(instance));

/** Every function that the client library hands out, found on its objects. */
function clientFunctions(): string[] {
  const client = new Client('localhost:1', credentials.createInsecure());
  const gateway = connect({ client, identity: { mspId: 'M', credentials: new Uint8Array() } });
  const network = gateway.getNetwork('c');
  const contract = network.getContract('c');
  const commit = gateway.newCommit(new messages.SignedCommitStatusRequest().serializeBinary());
  client.close();
  const requests = {
    ChaincodeEventsRequest: network.newChaincodeEventsRequest('c'),
    BlockEventsRequest: network.newBlockEventsRequest(),
    FilteredBlockEventsRequest: network.newFilteredBlockEventsRequest(),
    BlockAndPrivateDataEventsRequest: network.newBlockAndPrivateDataEventsRequest(),
  };
  return [
    ...ofPrototype('Gateway', gateway),
    ...ofPrototype('Network', network),
    ...ofPrototype('Contract', contract),
    ...ofPrototype('Proposal', contract.newProposal('t')),
    ...ofPrototype('Commit', commit),
    ...['getBytes', 'getDigest', 'getResult', 'getTransactionId', 'submit'].map((each) => `Transaction.${each}`),
    ...Object.keys(requests).flatMap((name) => [`${name}.getEvents`, `${name}.getBytes`, `${name}.getDigest`]),
  ];
}

describe('the pairs of function and outcome', () => {
  test('are listed in one file, a line each', () => {
    expect(listed).toEqual(names);
  });

  test(`are distinct, and at least ${PAIRS_MIN}`, () => {
    expect(new Set(names).size).toBe(names.length);
    expect(names.length).toBeGreaterThanOrEqual(PAIRS_MIN);
  });

  test("name every function of the chaincode library's stub", () => {
    const Stub = createRequire(import.meta.url)('fabric-shim/lib/stub.js') as { prototype: object };
    const covered = new Set(CASES.map((each) => each.of));
    expect(functionsOf('stub', Stub.prototype).filter((each) => !covered.has(each))).toEqual([]);
  });

  test('name every function of the client library', () => {
    const covered = new Set(CASES.map((each) => each.of));
    const internal = ['setSignature', 'getSignedRequest'];
    const missing = clientFunctions().filter(
      (each) => !covered.has(each) && !internal.some((name) => each.endsWith(name)),
    );
    expect(missing).toEqual([]);
  });
});
