import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configOf, mspOf, mspUpdate } from '@consilium/network/channelConfig/mspUpdate';
import { order, ordererAddresses } from '@consilium/network/channelConfig/ordering';
import { Signer } from '@consilium/network/channelConfig/signer';
import { common, type msp } from '@hyperledger/fabric-protos';
import type { Credentials } from './people.js';
import type { Stage } from './stage.js';
import { first } from './streams.js';

/** The configuration in a block. */
export async function configurationIn(stage: Stage, block: bigint): Promise<common.Config> {
  return configOf((await first(await stage.cleveland.network.getBlockEvents({ startBlock: block }))) as common.Block);
}

/** The configuration that is in force. */
export async function currentConfiguration({ cleveland, channel }: Stage): Promise<common.Config> {
  const bytes = await cleveland.network.getContract('cscc').evaluateTransaction('GetConfigBlock', channel);
  return configOf(common.Block.deserializeBinary(bytes));
}

/** Somebody who proposes another MSP of an organisation. */
export interface Proposer {
  /** Whose MSP it is. */
  readonly of: string;
  /** Who signs. */
  readonly msp: string;
  readonly credentials: Credentials;
  /** The configuration that the update starts from, where it is not the one in force. */
  readonly from?: common.Config;
  change(config: msp.FabricMSPConfig): void;
}

/**
 * What the orderers refuse an update with, told once: an organisation stands in two sections of the configuration, and it
 * is chance in which of them an orderer finds the fault first. Versions count the updates before.
 */
function refusedBy(error: Error): never {
  const texts = error.message
    .split('; ')
    .map((each) =>
      each.replace(/(Channel\/)(Application|Orderer)(?=\/)|(?<=create channel )(Application|Orderer)/, '$1<SECTION>'),
    );
  throw new Error([...new Set(texts)].join('; ').replace(/version \d+/g, 'version <N>'), { cause: error });
}

/** Hands an update of an organisation's MSP to the orderers, and waits until every peer has what came of it. */
export async function updateMsp(stage: Stage, proposer: Proposer): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'configuration-'));
  try {
    const files = { certificate: join(folder, 'cert.pem'), key: join(folder, 'key.pem') };
    writeFileSync(files.certificate, proposer.credentials.certificate);
    writeFileSync(files.key, proposer.credentials.key, { mode: 0o600 });
    const config = proposer.from ?? (await currentConfiguration(stage));
    const replacement = mspOf(config, proposer.of);
    proposer.change(replacement);
    const signer = new Signer(proposer.msp, files);
    const envelope = await mspUpdate(config, stage.channel, proposer.of, replacement, signer);
    const orderers = ordererAddresses(config);
    const addresses = orderers.length > 0 ? orderers : [stage.hospital(proposer.msp).endpoint];
    const height = await stage.height(stage.cleveland);
    await order(envelope, addresses, stage.tlsRoots).catch(refusedBy);
    await stage.untilHeight(height + 1);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
