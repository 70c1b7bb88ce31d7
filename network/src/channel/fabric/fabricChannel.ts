import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { ORDERERS_MAX } from '@consilium/domain';
import { FOLDER_MODE } from '../../atomicFile.js';
import { portsOf } from '../../networkLayout.js';
import type { Channel } from '../channel.js';
import { bringUpSteps } from './bringUp.js';
import { writeBuilder, writeChaincodeConnections } from './builder.js';
import { checkFabricCommands, findFabricCommands } from './fabricCommands.js';
import { FabricFolder } from './fabricFolder.js';
import { keepOrMakeGenesis } from './genesis.js';
import { ordererPart, peerPart, writeTlsAuthorities } from './nodeParts.js';

/** A peer took 127 MiB and an orderer 69 after 2,000 transactions. */
const MEMORY_MIB_PER_HOSPITAL = 200;

/**
 * Hyperledger Fabric's own programs: a peer and an orderer a hospital, BFT ordering, TLS between all of them, chaincode
 * as a service.
 */
export const FABRIC_CHANNEL: Channel = {
  orderersMax: ORDERERS_MAX,
  knowsNodes: true,
  memoryMiB: (hospitals) => hospitals * MEMORY_MIB_PER_HOSPITAL,
  check: async (environment) => {
    await checkFabricCommands(environment);
  },
  plan: async (layout, say) => {
    const commands = findFabricCommands(layout.environment);
    const folder = new FabricFolder(join(layout.home.channelFolder, 'fabric'));
    mkdirSync(folder.root, { recursive: true, mode: FOLDER_MODE });
    writeTlsAuthorities(layout, folder);
    writeBuilder(layout.repository, folder);
    writeChaincodeConnections(layout, folder);
    const genesis = await keepOrMakeGenesis(layout, folder, commands.configtxgen);
    const orderers = layout.hospitals.flatMap(({ msp }) => {
      const { orderer } = portsOf(layout, msp);
      return orderer === undefined ? [] : [ordererPart(layout, folder, commands, msp, orderer)];
    });
    const peers = layout.hospitals.map(({ msp }) => peerPart(layout, folder, commands, msp));
    return { parts: [...orderers, ...peers], steps: bringUpSteps(layout, genesis, say) };
  },
};
