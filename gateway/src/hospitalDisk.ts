/** All that a gateway keeps on its disk: `gateway.db`, `blobs/` and `secrets/` in its home folder. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { AgentIdentity } from './agent/agentPorts.js';
import type { Log } from './agent/ports.js';
import { FileReceiptKeys } from './secrets/receiptKeys.js';
import { FileRoundSecrets } from './secrets/roundSecrets.js';
import { bindToChain } from './store/chainBinding.js';
import { ChannelMirror } from './store/channelMirror.js';
import { ConsentReadings } from './store/consentReadings.js';
import { FileBlobs } from './store/fileBlobs.js';
import { Holdings } from './store/holdings.js';
import { SqliteJournal } from './store/journal.js';
import { SqlitePersonalStore } from './store/personalTensors.js';
import { openForMirror, openStore } from './store/schema.js';

export type HospitalDisk = Awaited<ReturnType<typeof openDisk>>;

/** @throws ConsiliumError CONFIGURATION_INVALID where the database is another hospital's, channel's or a newer program's */
export async function openDisk(home: string, identity: AgentIdentity, log: Log) {
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const databaseFile = join(home, 'gateway.db');
  const database = openStore(databaseFile, identity);
  const mirrorDatabase = openForMirror(databaseFile);
  return {
    mirror: new ChannelMirror(mirrorDatabase, identity.msp, log),
    consents: new ConsentReadings(mirrorDatabase),
    journal: new SqliteJournal(database),
    personal: new SqlitePersonalStore(database),
    holdings: new Holdings(database),
    blobs: await FileBlobs.open(join(home, 'blobs'), log),
    receiptKeys: new FileReceiptKeys(join(home, 'secrets')),
    roundSecrets: new FileRoundSecrets(join(home, 'secrets', 'rounds')),
    /** Ties the database to the chain whose first block has this hash. */
    bindTo: (genesis: string) => bindToChain(database, databaseFile, genesis),
    close() {
      mirrorDatabase.close();
      database.close();
    },
  };
}
