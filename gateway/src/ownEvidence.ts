/** Who of this hospital can have evidence made: each asks the channel, and signs the pack, with a certificate of their own. */

import type { Log, RoundFiles } from './agent/ports.js';
import { EvidencePacks } from './exports/evidence/evidencePacks.js';
import type { EvidenceStore } from './exports/evidence/ports.js';
import type { EvidenceDesk } from './http/ports.js';
import { ChainBlocks } from './ledger/chainBlocks.js';
import { EndorsedQueries } from './ledger/endorsedQuery.js';
import type { ChannelNames } from './ledger/fabricChannel.js';
import type { LedgerIdentity } from './ledger/ledgerIdentity.js';
import type { PeerConnection } from './ledger/peerConnection.js';
import { systemClock } from './systemClock.js';

/** What evidence is made from beside the channel. */
export type OwnKept = Readonly<{ store: EvidenceStore | undefined; files: RoundFiles }>;

/**
 * @param people identities by name
 * @param kept what this hospital keeps itself; without a store it keeps no consents
 */
export function ownEvidence(
  names: ChannelNames,
  connection: PeerConnection,
  people: ReadonlyMap<string, LedgerIdentity>,
  kept: OwnKept,
  log: Log,
): EvidenceDesk {
  return {
    as(person) {
      const found = people.get(person);
      if (!found) return undefined;
      const gateway = connection.as(found);
      const { identity, signer } = found;
      return new EvidencePacks({
        names: { channel: names.channel, chaincode: names.chaincode },
        questions: new EndorsedQueries(gateway, names, log),
        chain: new ChainBlocks(gateway, names),
        signer: { msp: names.msp, certificate: identity.credentials, sign: (message) => signer(message) },
        files: kept.files,
        ...(kept.store ? { store: kept.store } : {}),
        clock: systemClock,
      });
    },
  };
}
