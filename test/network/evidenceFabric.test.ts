/**
 * Evidence of real Fabric: blocks that several orderers signed, answers that real peers endorsed. Where Fabric's commands are
 * not on this machine, nothing of this file is tested, and it says so.
 */
import { readFileSync } from 'node:fs';
import type { Msp } from '@consilium/domain';
import { checkFabricCommands } from '@consilium/network/channel/fabric/fabricCommands';
import { revokeCertificate } from '@consilium/network/channelTool/revokeCertificate';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { verifyPack } from '../../chaincode/verifier/src/verifyPack.js';
import { wholePack } from '../../gateway/src/exports/evidence/archive.js';
import { protocolOf } from '../support/contractChannel.js';
import { CheckoutCopy } from './support/checkoutCopy.js';
import { ConsentChannel, KeptRecord, STUDY, storeOf } from './support/consentChannel.js';
import { repack, unpack } from './support/forging.js';

jest.setTimeout(240_000);

const missing = await checkFabricCommands(process.env).then(
  () => undefined,
  (error: Error) => error.message,
);
if (missing !== undefined) console.warn(`SKIPPED, evidence of real Fabric is not tested: ${missing}`);
const describeFabric = missing === undefined ? describe : describe.skip;

const [CLEVELAND, HUNGARY] = ['ClevelandMSP', 'HungaryMSP'] as [Msp, Msp];
const PROTOCOL = protocolOf({ publicData: false, purposes: ['DUO:0000006'], consent: {} });
/** Every so many bytes of a pack one bit is changed. */
const FLIP_STEP_BYTES = 997;

// One network through its life: the tests build on each other, in this order.
describeFabric('evidence of a channel of real Fabric', () => {
  let checkout: CheckoutCopy;
  let channel: ConsentChannel;
  let genesis: string;
  const [allowed, withdrawn] = [new KeptRecord(HUNGARY, 'patient 1'), new KeptRecord(HUNGARY, 'patient 2')];
  const told = (pack: Buffer) => verifyPack(pack, genesis).failures.map(({ where, why }) => `${where}: ${why}`);

  beforeAll(async () => {
    checkout = new CheckoutCopy();
    channel = await ConsentChannel.start({ channel: 'fabric', repository: checkout.root });
    await channel.begin();
    const events = [allowed.event('grant'), withdrawn.event('grant'), withdrawn.event('withdraw')];
    await channel.submit(HUNGARY, 'data-steward', 'ConsentContract:recordConsents', { events });
    genesis = await channel.genesis();
  });
  afterAll(async () => {
    await channel?.stop();
    checkout?.remove();
  });

  const recordPack = (wholeBlocks = false) =>
    channel
      .packs(HUNGARY, 'compliance-officer', storeOf([withdrawn]))
      .consent({ msp: HUNGARY, ref: withdrawn.ref }, { open: 'patient', wholeBlocks });

  test('a pack about a record holds, signed by a quorum of orderers', async () => {
    const report = verifyPack(await recordPack(), genesis);
    expect(report.failures).toEqual([]);
    expect(report.proven.join('\n')).toMatch(/signed by [34] or more orderers/);
    expect(report.limits.join('\n')).not.toMatch(/development channel/);
    expect(told(await recordPack(true))).toEqual([]);
  });

  test('any bit that is changed is found', async () => {
    const pack = await recordPack();
    const missed: number[] = [];
    for (let at = 0; at < pack.length; at += FLIP_STEP_BYTES) {
      const changed = Buffer.from(pack);
      changed[at]! ^= 1 << (at % 8);
      if (verifyPack(changed, genesis).holds) missed.push(at);
    }
    expect(missed).toEqual([]);
  });

  test('a cohort is audited, and whom no consent allows is named', async () => {
    await channel.study(PROTOCOL);
    await channel.join(HUNGARY, 1, [allowed, withdrawn], PROTOCOL);
    const store = storeOf([allowed, withdrawn]);
    const packs = channel.packs(HUNGARY, 'compliance-officer', store);
    expect(told(await packs.cohort({ study: STUDY, round: 1 }))).toEqual([
      expect.stringMatching(new RegExp(`^member ${withdrawn.ref} .*event 1, a withdraw, was in force`)),
    ]);
    expect(told(await packs.membership({ ref: allowed.ref, study: STUDY }))).toEqual([]);
  });

  test('a round is computed again from its bundle, and without one of its blocks it is not', async () => {
    const asked = { study: STUDY, round: 0 };
    const bundle = await wholePack(await channel.packs(HUNGARY, 'auditor').recomputation(asked));
    const report = verifyPack(bundle, genesis);
    expect(report.failures).toEqual([]);
    expect(report.proven.join('\n')).toMatch(/the first weights follow from the protocol alone/);
    const { certificate, key } = channel.home.hospital(HUNGARY).person('auditor');
    const auditor = { msp: HUNGARY, certificate: readFileSync(certificate, 'utf8'), key: readFileSync(key, 'utf8') };
    const entries = unpack(bundle);
    const [block] = [...entries.keys()].filter((name) => name.startsWith('blocks/')).slice(-1) as [string];
    entries.delete(block);
    expect(told(await repack(entries, auditor)).length).toBeGreaterThan(0);
  });

  test('a revocation is found in the configuration of its block', async () => {
    await revokeCertificate(
      channel.home,
      channel.home.hospital(CLEVELAND).person('researcher').certificate,
      new Date(),
    );
    const report = verifyPack(await recordPack(true), genesis);
    expect(report.failures).toEqual([]);
    expect(report.proven.join('\n')).toMatch(/by configuration 1 of block \d+, .*ClevelandMSP took certificates back/);
  });
});
