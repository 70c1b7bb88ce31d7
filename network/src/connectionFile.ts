import { readFileSync } from 'node:fs';
import { refusal } from '@consilium/domain';
import { z } from 'zod';
import { PRIVATE_FILE_MODE, writeJsonAtomic } from './atomicFile.js';
import { CHAINCODE_NAME, CHANNEL_NAME } from './chaincodePackage.js';
import { localAddress, type NetworkLayout, portsOf } from './networkLayout.js';

/** How a client reaches a hospital's peer: the same file for every kind of channel. */
export const Connection = z.strictObject({
  msp: z.string(),
  channel: z.string(),
  chaincode: z.string(),
  peer: z.strictObject({ endpoint: z.string(), tlsRootCertFile: z.string(), serverName: z.string() }),
});
export type Connection = z.infer<typeof Connection>;

export function connectionOf(layout: NetworkLayout, msp: string): Connection {
  return {
    msp,
    channel: CHANNEL_NAME,
    chaincode: CHAINCODE_NAME,
    peer: {
      endpoint: localAddress(portsOf(layout, msp).peer),
      tlsRootCertFile: layout.home.hospital(msp).tlsAuthority.certificate,
      serverName: 'localhost',
    },
  };
}

/** Writes every hospital's `connection.json`. */
export function writeConnections(layout: NetworkLayout): void {
  for (const { msp } of layout.hospitals)
    writeJsonAtomic(layout.home.hospital(msp).connectionFile, connectionOf(layout, msp), PRIVATE_FILE_MODE);
}

/** @throws CONFIGURATION_INVALID */
export function readConnection(file: string): Connection {
  try {
    return Connection.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    throw refusal('CONFIGURATION_INVALID', { file, problems: 'it is missing or was changed: npm start writes it' });
  }
}
