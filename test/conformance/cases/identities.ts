import { generateKeyPairSync } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Caller } from '../support/caller.js';
import { type Case, pair, pairOfAny } from '../support/case.js';
import { CLEVELAND, HUNGARY, SWITZERLAND } from '../support/hospitals.js';
import { changedProposal, clockMoved } from '../support/messages.js';
import { type Credentials, People, type PersonOptions } from '../support/people.js';
import type { ConnectionOptions, Stage } from '../support/stage.js';
import { first } from '../support/streams.js';

const HOUR_MS = 3_600_000;

interface Stranger {
  readonly who: string;
  /** Whether its signature is not that of the person who calls at Cleveland. */
  readonly signsDifferently?: boolean;
  caller(stage: Stage): Promise<Caller>;
}

function somebody(who: string, options: PersonOptions): Stranger {
  return { who, caller: async (stage) => stage.caller(CLEVELAND, await stage.person(CLEVELAND, 'somebody', options)) };
}

function alice(who: string, options: (stage: Stage) => ConnectionOptions): Stranger {
  return { who, caller: async (stage) => stage.caller(CLEVELAND, stage.alice, options(stage)) };
}

async function impostor(): Promise<Credentials> {
  return await (await People.impostors(CLEVELAND)).issue('alice');
}

function otherKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
}

/** Alice's certificate with another role of the same length written into it: only its authority's signature tells. */
function withForgedRole({ certificate, key }: Credentials): Credentials {
  const der = Buffer.from(certificate.replace(/-----[A-Z ]+-----|\s/g, ''), 'base64');
  const role = Buffer.from('"consilium.role":"');
  const at = der.indexOf(role);
  if (at < 0) throw new Error('the certificate has no role to forge');
  der[at + role.length] = (der[at + role.length] as number) ^ 1;
  const lines = der.toString('base64').match(/.{1,64}/g) as string[];
  return { certificate: ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n'), key };
}

const STRANGERS: readonly Stranger[] = [
  {
    who: 'certificate of another authority',
    signsDifferently: true,
    caller: async (stage) => stage.caller(CLEVELAND, await impostor()),
  },
  {
    who: 'certificate whose role was forged',
    caller: async (stage) => stage.caller(CLEVELAND, withForgedRole(stage.alice)),
  },
  alice('claims another organisation', () => ({ claims: HUNGARY })),
  alice('claims an organisation outside the channel', () => ({ claims: 'NopeMSP' })),
  { ...alice("key is not the certificate's", () => ({ key: otherKey() })), signsDifferently: true },
  somebody('certificate without role', { unit: null }),
  somebody('certificate with an unknown role', { unit: 'visitor' }),
  somebody('certificate that has expired', { lifetimeMs: -1_000 }),
  somebody('certificate that is not valid yet', { issuedMs: HOUR_MS }),
  somebody('certificate of an administrator', { unit: 'admin' }),
  somebody('certificate of a peer', { unit: 'peer' }),
  somebody('certificate of an orderer', { unit: 'orderer' }),
];

/** Each stranger tries the four things that a client can try. */
function attempts({ who, caller }: Stranger): Case[] {
  return [
    pair('identity, evaluating', who, async (stage) => (await caller(stage)).evaluate('Results:text')),
    pair('identity, endorsing', who, async (stage) => {
      await (await caller(stage)).endorse('Results:text');
      return 'endorsed';
    }),
    pair('identity, reading events', who, async (stage) => {
      const { network } = await caller(stage);
      const options = { startBlock: 0n };
      return (await first(await network.getChaincodeEvents(stage.chaincode, options))) !== undefined;
    }),
    pair('identity, reading blocks', who, async (stage) => {
      const { network } = await caller(stage);
      return (await first(await network.getBlockEvents({ startBlock: 0n }))) !== undefined;
    }),
  ];
}

/** A transaction that Cleveland's person had endorsed, sent by a stranger under its own name. */
function submitting({ who, caller }: Stranger): Case {
  return pairOfAny('identity, submitting', who, async (stage) => {
    const transaction = await stage.cleveland.endorse('State:put', 'id-submit', 'x');
    const stolen = (await caller(stage)).gateway.newTransaction(transaction.getBytes());
    await stage.cleveland.order(stolen);
    return (await stage.cleveland.statusOf(transaction.getTransactionId()).getStatus()).code;
  });
}

function clock(seconds: number) {
  const minutes = `${Math.abs(seconds) / 60} minutes ${seconds < 0 ? 'late' : 'early'}`;
  const proposalOf = ({ cleveland }: Stage) => {
    const proposal = cleveland.contract.newProposal('State:put', { arguments: ['id-clock', 'x'] });
    return cleveland.gateway.newProposal(changedProposal(proposal.getBytes(), clockMoved(seconds)));
  };
  return [
    pair('clock, evaluating', minutes, async (stage) => proposalOf(stage).evaluate()),
    pair('clock, submitting', minutes, async (stage) => {
      const transaction = await proposalOf(stage).endorse();
      return (await stage.cleveland.commit(transaction)).code;
    }),
  ];
}

export const IDENTITIES: readonly Case[] = [
  ...STRANGERS.flatMap(attempts),
  ...STRANGERS.filter(({ signsDifferently }) => signsDifferently).map(submitting),
  ...[-20, -14, 14, 20].flatMap((minutes) => clock(minutes * 60)),
  pair('identity, evaluating', "member of another hospital at somebody's peer", async (stage) => {
    const guest = stage.caller(HUNGARY, await stage.person(HUNGARY, 'guest'), { client: stage.client(SWITZERLAND) });
    return await guest.evaluate('Proposals:clientMsp');
  }),
  pair('identity, submitting', "member of another hospital at somebody's peer", async (stage) => {
    const guest = stage.caller(HUNGARY, await stage.person(HUNGARY, 'guest'), { client: stage.client(SWITZERLAND) });
    return await guest.code('State:put', 'id-guest', 'x');
  }),
  pair('identity, reading commit status', 'claims another organisation', async (stage) => {
    const transaction = await stage.cleveland.endorse('State:put', 'id-status', 'x');
    await stage.cleveland.commit(transaction);
    const liar = stage.caller(CLEVELAND, stage.alice, { claims: HUNGARY });
    return await liar.statusOf(transaction.getTransactionId()).getStatus();
  }),
  pairOfAny('identity, submitting', 'certificate that expired after the endorsement', async (stage) => {
    const lifetimeMs = 6_000;
    const person = await stage.person(CLEVELAND, 'fading', { lifetimeMs });
    const fading = stage.caller(CLEVELAND, person);
    const transaction = await fading.endorse('State:put', 'id-fading', 'x');
    await pause(lifetimeMs + 1_000);
    return await transaction.submit();
  }),
  pair('connection', 'nobody listens', async (stage) => {
    const client = stage.client(CLEVELAND, { endpoint: 'localhost:1' });
    return await stage.caller(CLEVELAND, stage.alice, { client }).evaluate('Results:text');
  }),
];
