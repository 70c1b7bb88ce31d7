import { join } from 'node:path';
import { PRIVATE_FILE_MODE, writeJsonAtomic } from '../atomicFile.js';
import { requireBuilt } from '../buildOutput.js';
import { CHAINCODE_NAME, CHANNEL_NAME } from '../chaincodePackage.js';
import type { Home } from '../home.js';
import { localAddress, type NetworkLayout, portsOf } from '../networkLayout.js';
import { CHANNEL_OWNER, labelOf, type PartSpec } from '../supervise/partSpec.js';
import type { Channel } from './channel.js';

/** Node keeps three of these for short-lived objects: at its default a channel of 10,000 transactions grows past 200 MiB. */
const SMALL_YOUNG_HEAP = '--max-semi-space-size=4';

/** A block is cut after this time, or when it holds so many transactions; at once when nothing else waits. */
const BATCH = { timeoutMs: 50, messagesMax: 50 };

/** The channel itself raises the sequence when a definition's version is another one than it has stored. */
const SEQUENCE_MIN = 1;

const PART = { owner: CHANNEL_OWNER, name: 'embedded' };

/** It takes 82 MiB when it starts with four hospitals. */
const MEMORY_MIB = 200;

/** The embedded channel: one process with every hospital's peer and one orderer, for development and demonstration. */
export const EMBEDDED_CHANNEL: Channel = {
  orderersMax: 0,
  knowsNodes: false,
  memoryMiB: () => MEMORY_MIB,
  check: async () => undefined,
  plan: async (layout) => ({ parts: [embeddedPart(layout)], steps: [] }),
};

/** Where the configuration of a home folder's embedded channel is. */
export function embeddedConfigFile(home: Home): string {
  return join(home.channelFolder, 'embedded.json');
}

function embeddedPart(layout: NetworkLayout): PartSpec {
  const { home, repository } = layout;
  const config = embeddedConfigFile(home);
  const readyFile = home.readyFile(labelOf(PART));
  writeJsonAtomic(config, configuration(layout, readyFile), PRIVATE_FILE_MODE);
  const ports = layout.hospitals.map(({ msp }) => portsOf(layout, msp).peer);
  return {
    ...PART,
    command: [SMALL_YOUNG_HEAP, requireBuilt(repository, 'network/embedded/dist/main.js'), '--config', config],
    environment: layout.environment,
    readiness: { kind: 'file', path: readyFile },
    address: ports.map(localAddress).join(' '),
    startStage: 0,
    stopStage: 2,
  };
}

function configuration(layout: NetworkLayout, readyFile: string): unknown {
  const { chaincode, home } = layout;
  return {
    channel: CHANNEL_NAME,
    home: join(home.channelFolder, 'ledger'),
    batch: BATCH,
    chaincodes: [
      {
        name: CHAINCODE_NAME,
        version: chaincode.digest,
        sequence: SEQUENCE_MIN,
        packageId: chaincode.packageId,
        endorsement: 'MAJORITY',
      },
    ],
    hospitals: layout.hospitals.map(({ msp }) => {
      const folder = home.hospital(msp);
      const ports = portsOf(layout, msp);
      return {
        msp,
        mspDir: folder.msp,
        peer: { mspDir: folder.nodeMsp('peer'), tlsDir: folder.tls('peer'), listen: localAddress(ports.peer) },
        chaincodes: {
          [CHAINCODE_NAME]: { address: localAddress(ports.chaincode), tls: { dir: folder.tls('chaincode') } },
        },
      };
    }),
    ...(layout.controlSocket === undefined ? {} : { control: { socket: layout.controlSocket } }),
    readyFile,
  };
}
