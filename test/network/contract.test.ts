/**
 * The contract on the embedded channel: four hospitals, each with its own chaincode process, play a study as agents do,
 * all at once. Nothing that they send may end invalid.
 */
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import {
  type CommandInput,
  canonicalDigest,
  type Digest,
  LEDGER_EVENT,
  LedgerEvent,
  ModelVersion,
  type Msp,
  type Outcome,
  type Role,
  receiptPayload,
  refusalIn,
  StudyProtocol,
  type TransactionName,
  vectorLayout,
} from '@consilium/domain';
import { EndorseError, type Gateway, type Network } from '@hyperledger/fabric-gateway';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { CHAINCODE, CHANNEL, EmbeddedNetwork } from './support/embeddedNetwork.js';

jest.setTimeout(240_000);

const HOSPITALS = ['ClevelandMSP', 'HungaryMSP', 'SwitzerlandMSP', 'VaMSP'] as Msp[];
const [CLEVELAND, HUNGARY] = HOSPITALS as [Msp, Msp];
const T_MEMBERS = HOSPITALS.slice(0, 3);
const STUDY = 'heart';
/** Transactions of a valid block have this code. */
const VALID = 0;
const STALE_ATTEMPTS_MAX = 200;

const protocol = StudyProtocol.parse({
  schemaVersion: 1,
  title: 'Heart disease',
  members: HOSPITALS,
  publicData: true,
  mode: 'open',
  columns: [{ kind: 'number', name: 'age', min: 0, max: 120 }],
  label: { kind: 'binary', column: 'num', positive: { above: 0 } },
  standardisation: 'federated',
  split: { kind: 'listed' },
  model: { kind: 'logistic-regression' },
  seed: 1,
  training: { steps: 1, batchSize: 1, optimiser: { kind: 'sgd', learningRate: 0.1 } },
  aggregation: {},
  trainingRounds: 1,
});

let network: EmbeddedNetwork;
const gateways = new Map<string, Gateway>();
/** The block of the newest event that was read. */
let recordedIn = 0n;
const receiptKeys = new Map<Msp, { publicKey: string; privateKey: KeyObject }>();

beforeAll(async () => {
  network = await EmbeddedNetwork.create(HOSPITALS, 'chaincode/contract');
  await network.start();
  for (const msp of HOSPITALS) {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const x = Buffer.from(publicKey.export({ format: 'jwk' }).x as string, 'base64url');
    receiptKeys.set(msp, { publicKey: x.toString('base64'), privateKey });
  }
});

afterAll(async () => {
  for (const gateway of gateways.values()) gateway.close();
  await network.close();
});

async function contractAs(msp: Msp, role: Role) {
  const name = `${msp} ${role}`;
  const known = gateways.get(name);
  const gateway = known ?? network.gateway(msp, await network.hospital(msp).person(role, { role }));
  gateways.set(name, gateway);
  return gateway.getNetwork(CHANNEL).getContract(CHAINCODE);
}

/** Another hospital's peer may lag by a block: then the endorsements differ, and the proposal is made again. */
function isStale(error: unknown): boolean {
  return (
    error instanceof EndorseError &&
    error.details.length > 0 &&
    error.details.every(({ message }) => /payloads do not match|_NOT_REACHED|_UNKNOWN|_NOT_SETTLED/.test(message))
  );
}

/** Endorses, submits, waits for the commit, and answers what the transaction answered. */
async function submit<Name extends TransactionName>(
  name: Name,
  command: CommandInput<Name>,
  msp: Msp,
  role: Role = 'agent',
) {
  const contract = await contractAs(msp, role);
  for (let attempt = 1; ; attempt++) {
    try {
      return JSON.parse(Buffer.from(await contract.submitTransaction(name, JSON.stringify(command))).toString());
    } catch (error) {
      if (!isStale(error) || attempt === STALE_ATTEMPTS_MAX) throw error;
    }
  }
}

const everyone = <T>(act: (msp: Msp) => Promise<T>) => Promise.all(HOSPITALS.map(act));
const inRound = (round: number) => ({ study: STUDY, round });

/** The command of a contribution, with the receipts of two others. */
function contribution(round: number, msp: Msp, kind: 'statistics' | 'training' | 'evaluation') {
  const vectorDigest: Digest = canonicalDigest({ round, msp });
  const holders = HOSPITALS.filter((holder) => holder !== msp).slice(0, 2);
  const text = Buffer.from(receiptPayload(CHANNEL, STUDY, round, msp, vectorDigest));
  const receipts = holders.map((holder) => ({
    msp: holder,
    signature: sign(null, text, receiptKeys.get(holder)?.privateKey as KeyObject).toString('base64'),
  }));
  return { ...inRound(round), vectorDigest, vectorLength: vectorLayout(protocol, kind).length, receipts };
}

async function play(round: number, kind: 'statistics' | 'training' | 'evaluation', outcome: Outcome): Promise<void> {
  const opened = await submit('RoundContract:openRound', { ...inRound(round), attestedBy: T_MEMBERS }, CLEVELAND);
  expect(opened.kind).toBe(kind);
  const { protocolHash, base } = opened;
  await everyone((msp) =>
    submit('RoundContract:joinRound', { ...inRound(round), protocolHash, baseDigest: base.digest }, msp),
  );
  await everyone((msp) => submit('RoundContract:contribute', contribution(round, msp, kind), msp));
  await everyone((msp) => submit('RoundContract:attest', { ...inRound(round), outcome }, msp));
}

const version = (name: string, changes: object = {}): Outcome =>
  ({
    kind: 'version',
    digest: canonicalDigest(name),
    sumDigest: canonicalDigest(`sum of ${name}`),
    result: {},
    ...changes,
  }) as Outcome;

test('a whole study without one invalid transaction, told completely by its events', async () => {
  const chaincodeDigest = canonicalDigest('chaincode');
  await everyone((msp) =>
    submit(
      'HospitalContract:registerHospital',
      { name: msp, exchangeUrl: 'https://localhost:1', chaincodeDigest },
      msp,
      'admin',
    ),
  );
  const { protocolHash } = await submit(
    'StudyContract:proposeStudy',
    { study: STUDY, protocol },
    HUNGARY,
    'researcher',
  );
  const approval = { study: STUDY, version: 1, protocolHash, meaning: 'approval', reason: '' };
  await everyone((msp) => submit('StudyContract:approveStudy', approval, msp, 'compliance-officer'));
  await everyone((msp) =>
    submit(
      'StudyContract:registerMember',
      { study: STUDY, receiptKey: receiptKeys.get(msp)?.publicKey as string },
      msp,
    ),
  );
  await submit('RoundContract:openRound', { ...inRound(0), attestedBy: [] }, HUNGARY, 'researcher');
  await everyone((msp) =>
    submit('RoundContract:attest', { ...inRound(0), outcome: version('weights', { sumDigest: null }) }, msp),
  );
  await play(1, 'statistics', version('statistics'));
  await play(2, 'training', version('trained'));
  const validation = { patients: 10, loss: 5, parentLoss: 6, metrics: null };
  await play(3, 'evaluation', version('trained', { result: { validation } }));
  await submit('ModelContract:recordVersion', { ...inRound(3), attestedBy: T_MEMBERS }, HUNGARY);

  const lineage = await (await contractAs(HUNGARY, 'auditor')).evaluateTransaction(
    'ModelContract:lineage',
    JSON.stringify({ study: STUDY, items: 3 }),
  );
  const { items, cursor } = JSON.parse(Buffer.from(lineage).toString()) as {
    items: { value: unknown }[];
    cursor: string;
  };
  expect(items.map(({ value }) => ModelVersion.parse(value).status)).toEqual(['accepted', 'accepted', 'accepted']);
  expect(cursor).toBe('model~heart~0000000003');
  expect(await mirrored()).toMatchObject({ invalid: 0, models: 4 });
});

/** Reads the chain from its first block: transactions that are not valid, and what a mirror of the events holds. */
async function mirrored() {
  const gateway = gateways.get(`${HUNGARY} auditor`) as Gateway;
  const channel = gateway.getNetwork(CHANNEL);
  const mirror = new Map<string, unknown>();
  const events = await channel.getChaincodeEvents(CHAINCODE, { startBlock: 0n });
  try {
    for await (const { eventName, payload, blockNumber } of events) {
      expect(eventName).toBe(LEDGER_EVENT);
      for (const { key, value } of LedgerEvent.parse(JSON.parse(Buffer.from(payload).toString())).writes)
        mirror.set(key, value);
      recordedIn = blockNumber;
      if (mirror.has('model~heart~0000000003')) break;
    }
  } finally {
    events.close();
  }
  const invalid = (await codes(channel)).filter((code) => code !== VALID).length;
  return { invalid, models: [...mirror.keys()].filter((key) => key.startsWith('model~')).length };
}

/** The validation code of every transaction up to the one that recorded the last version. */
async function codes(channel: Network): Promise<number[]> {
  const found: number[] = [];
  const blocks = await channel.getFilteredBlockEvents({ startBlock: 1n });
  try {
    for await (const block of blocks) {
      const transactions = block.getFilteredTransactionsList();
      found.push(...transactions.map((each) => each.getTxValidationCode()));
      if (BigInt(block.getNumber()) >= recordedIn) break;
    }
  } finally {
    blocks.close();
  }
  return found;
}

describe('a refusal comes through Fabric with its code', () => {
  const refused = async (asked: Promise<unknown>) => {
    const error = await asked.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    if (!(error instanceof EndorseError)) throw new Error(`not refused: ${String(error)}`);
    return error.details.map(({ message }) => refusalIn(message)?.code);
  };

  test('for a role that the certificate does not have', async () => {
    const command = { study: STUDY, subject: 'end', yes: true, reason: '' };
    expect(await refused(submit('StudyContract:castVote', command, HUNGARY, 'agent'))).toEqual(['ROLE_REQUIRED']);
  });

  test('for a command that is none', async () => {
    const command = { ...inRound(-1), attestedBy: [] };
    expect(await refused(submit('RoundContract:openRound', command, HUNGARY))).toEqual(['INPUT_INVALID']);
  });

  test('for a study that has ended', async () => {
    expect(await refused(submit('RoundContract:openRound', { ...inRound(4), attestedBy: T_MEMBERS }, HUNGARY))).toEqual(
      ['STUDY_ENDED'],
    );
  });
});
