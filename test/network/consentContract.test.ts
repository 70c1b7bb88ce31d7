/**
 * The main path of consent on a running channel, of either kind: hospitals record their own patients side by side, an
 * erasure waits for its hold, and openings stand in the own hospital's collection alone.
 */
import {
  type CommandInput,
  canonicalDigest,
  type LedgerPage,
  type Msp,
  type QueryInput,
  type QueryName,
  type Role,
  refusalIn,
  type TransactionName,
} from '@consilium/domain';
import { checkFabricCommands } from '@consilium/network/channel/fabric/fabricCommands';
import { EndorseError, GatewayError } from '@hyperledger/fabric-gateway';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { ConsentChannel, KeptRecord } from './support/consentChannel.js';

jest.setTimeout(240_000);

const [CLEVELAND, HUNGARY] = ['ClevelandMSP', 'HungaryMSP'] as [Msp, Msp];
const STALE_ATTEMPTS_MAX = 40;
const EVENTS_AT_ONCE = 50;

const missing = await checkFabricCommands(process.env).then(
  () => undefined,
  (error: Error) => error.message,
);
if (missing !== undefined) console.warn(`SKIPPED on real Fabric: ${missing}`);

describe.each(['embedded', ...(missing === undefined ? ['fabric'] : [])] as ('embedded' | 'fabric')[])(
  'on %s',
  (kind) => {
    let channel: ConsentChannel;

    beforeAll(async () => {
      channel = await ConsentChannel.start({ channel: kind });
      await channel.begin();
    });

    afterAll(() => channel?.stop());

    type How = Readonly<{ peerOf?: Msp; openings?: string; ownPeerAlone?: boolean }>;

    function contract(msp: Msp, role: Role, { peerOf = msp }: How = {}) {
      const { channel: name, chaincode } = channel.address(peerOf);
      return channel.as(peerOf, role, channel.identity(msp, role)).getNetwork(name).getContract(chaincode);
    }

    /** Another peer may not have committed yet what the own one answered from: asked again, as a gateway does. */
    async function submit<Name extends TransactionName>(
      msp: Msp,
      role: Role,
      name: Name,
      command: CommandInput<Name>,
      how: How = {},
    ) {
      for (let attempt = 1; ; attempt++) {
        try {
          const bytes = await contract(msp, role, how).submit(name, {
            arguments: [JSON.stringify(command)],
            ...(how.openings === undefined ? {} : { transientData: { openings: how.openings } }),
            ...(how.ownPeerAlone ? { endorsingOrganizations: [how.peerOf ?? msp] } : {}),
          });
          return JSON.parse(Buffer.from(bytes).toString());
        } catch (error) {
          const isStale = error instanceof EndorseError && /failed to collect enough/.test(error.message);
          if (!isStale || attempt === STALE_ATTEMPTS_MAX) throw error;
        }
      }
    }

    async function query<Name extends QueryName>(
      msp: Msp,
      role: Role,
      name: Name,
      asked: QueryInput<Name>,
      how: How = {},
    ) {
      const bytes = await contract(msp, role, how).evaluate(name, { arguments: [JSON.stringify(asked)] });
      return JSON.parse(Buffer.from(bytes).toString()) as LedgerPage;
    }

    const codeOf = async (asked: Promise<unknown>) => {
      const error = await asked.then(
        () => undefined,
        (reason: unknown) => reason,
      );
      if (!(error instanceof GatewayError)) throw new Error(`not refused by the peer: ${error}`);
      return refusalIn(error.details.map(({ message }) => message).join('\n'))?.code;
    };

    test('four hospitals record and withdraw side by side, and each has its own epoch', async () => {
      const recorded = await Promise.all(
        channel.msps.map(async (msp) => {
          const records = Array.from({ length: EVENTS_AT_ONCE }, (_, k) => new KeptRecord(msp, `patient ${k}`));
          const grants = records.map((record) => record.event('grant'));
          const ends = records.slice(0, 2).map((record) => record.event('withdraw'));
          const [first, second] = [
            await submit(msp, 'data-steward', 'ConsentContract:recordConsents', { events: grants }),
            await submit(msp, 'patient-desk', 'ConsentContract:withdrawConsents', { events: ends }),
          ];
          const again = await submit(msp, 'data-steward', 'ConsentContract:recordConsents', {
            events: [...grants, ...ends],
          });
          return { first, second, again, ref: (records[0] as KeptRecord).ref, msp };
        }),
      );
      for (const { first, second, again, msp } of recorded) {
        expect(first).toEqual({ msp, recorded: EVENTS_AT_ONCE, standing: 0, epoch: null });
        expect(second).toEqual({ msp, recorded: 2, standing: 0, epoch: 1 });
        expect(again).toEqual({ msp, recorded: 0, standing: EVENTS_AT_ONCE + 2, epoch: null });
      }
      const { ref } = recorded[0] as { ref: KeptRecord['ref'] };
      const { items } = await query(CLEVELAND, 'patient-desk', 'ConsentContract:consentHistory', {
        msp: CLEVELAND,
        ref,
      });
      expect(items.map(({ value }) => (value as { kind: string }).kind)).toEqual(['grant', 'withdraw']);
      const foreign = query(HUNGARY, 'compliance-officer', 'ConsentContract:consentHistory', { msp: CLEVELAND, ref });
      expect(await codeOf(foreign)).toBe('CONSENT_FOREIGN_RECORD');
    });

    test('an erasure waits for the hold, and ends the record', async () => {
      const ada = new KeptRecord(CLEVELAND, 'ada');
      await submit(CLEVELAND, 'data-steward', 'ConsentContract:recordConsents', { events: [ada.event('grant')] });
      const hold = {
        ref: ada.ref,
        stands: true,
        ground: 'gdpr-17-3-e',
        until: null,
        reason: 'a claim is pending',
      } as const;
      await submit(CLEVELAND, 'compliance-officer', 'ConsentContract:holdRecord', hold);
      const erase = { ref: ada.ref, ground: 'gdpr-17-1-b', receiptHash: canonicalDigest('receipt') } as const;
      const refused = submit(CLEVELAND, 'compliance-officer', 'ConsentContract:eraseRecord', erase);
      expect(await codeOf(refused)).toBe('CONSENT_ERASURE_ON_HOLD');
      await submit(CLEVELAND, 'compliance-officer', 'ConsentContract:holdRecord', { ...hold, stands: false });
      const tombstone = await submit(CLEVELAND, 'compliance-officer', 'ConsentContract:eraseRecord', erase);
      expect(tombstone).toMatchObject({ ref: ada.ref, msp: CLEVELAND });
      const late = submit(CLEVELAND, 'data-steward', 'ConsentContract:recordConsents', {
        events: [ada.event('withdraw')],
      });
      expect(await codeOf(late)).toBe('CONSENT_RECORD_ERASED');
    });

    test('openings are kept and purged by the own peer alone, and nobody else reads them', async () => {
      const refs = ['a', 'b'].map((name) => new KeptRecord(CLEVELAND, name).ref);
      const [kept] = refs as [KeptRecord['ref']];
      const given = Object.fromEntries(refs.map((ref) => [ref, Buffer.from(`sealed ${ref}`).toString('base64')]));
      const openings = JSON.stringify(given);
      const own = { openings, ownPeerAlone: true };
      const read = (how: How = {}, msp = CLEVELAND) =>
        query(msp, 'agent', 'ConsentContract:readPrivate', { refs }, how);

      expect(await submit(CLEVELAND, 'agent', 'ConsentContract:keepPrivate', { refs }, own)).toEqual({
        msp: CLEVELAND,
        kept: 2,
      });
      expect((await read()).items).toEqual(refs.map((ref) => ({ key: `opening~${ref}`, value: given[ref] })));
      // Hungary's agent at Cleveland's peer, Cleveland's at Hungary's, and Hungary's own collection.
      expect(await codeOf(read({ peerOf: CLEVELAND }, HUNGARY))).toBe('CONSENT_FOREIGN_RECORD');
      expect(await codeOf(read({ peerOf: HUNGARY }))).toBe('CONSENT_FOREIGN_RECORD');
      expect((await read({}, HUNGARY)).items).toEqual([]);
      const foreign = submit(HUNGARY, 'agent', 'ConsentContract:keepPrivate', { refs }, { ...own, peerOf: CLEVELAND });
      expect(await codeOf(foreign)).toBe('CONSENT_FOREIGN_RECORD');

      // The block names the refs, and neither what was kept of them nor the key that it is kept under.
      const commit = await contract(CLEVELAND, 'agent').submitAsync('ConsentContract:keepPrivate', {
        arguments: [JSON.stringify({ refs })],
        transientData: { openings },
        endorsingOrganizations: [CLEVELAND],
      });
      const { blockNumber, transactionId } = await commit.getStatus();
      const envelope = await channel.envelope(CLEVELAND, Number(blockNumber), transactionId);
      expect(envelope.includes(kept)).toBe(true);
      for (const secret of [...Object.values(given), 'opening~']) expect(envelope.includes(secret)).toBe(false);

      const purged = { refs: [kept] };
      expect(await submit(CLEVELAND, 'agent', 'ConsentContract:purgePrivate', purged, { ownPeerAlone: true })).toEqual({
        msp: CLEVELAND,
        purged: 1,
      });
      expect((await read()).items).toEqual([{ key: `opening~${refs[1]}`, value: given[refs[1] as string] }]);
      // A purge of what is not there is one too: an agent sends it until it is committed.
      await submit(CLEVELAND, 'agent', 'ConsentContract:purgePrivate', purged, { ownPeerAlone: true });
    });
  },
);
