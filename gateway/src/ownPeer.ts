/** The hospital's own peer, as its agent and its people speak to it. */

import type { Log } from './agent/ports.js';
import { systemTimers } from './agent/systemTimers.js';
import type { Connection, GatewayConfiguration } from './configuration.js';
import type { HospitalDisk } from './hospitalDisk.js';
import type { PeerView, Person } from './http/ports.js';
import { CommitTimes, TransactionCounts } from './ledger/commitTimes.js';
import { EventMirror } from './ledger/eventMirror.js';
import { FabricChannel } from './ledger/fabricChannel.js';
import { type LedgerIdentity, readIdentity } from './ledger/ledgerIdentity.js';
import { PeerConnection } from './ledger/peerConnection.js';
import { PeerLedger } from './ledger/peerLedger.js';
import { mirrorWait } from './mirrorWait.js';
import { type OwnKept, ownEvidence } from './ownEvidence.js';
import type { PeerCheck } from './peerCheck.js';
import { systemClock } from './systemClock.js';

/** @param stopping aborts when the gateway stops: whoever waits for a transaction's fate is told that it is not known */
export function ownPeer(
  { msp, identities, chaincodeDigest }: GatewayConfiguration,
  address: Connection,
  disk: Pick<HospitalDisk, 'mirror' | 'bindTo'>,
  log: Log,
  stopping: AbortSignal,
) {
  const { channel: name, chaincode } = address;
  const connection = new PeerConnection(address);
  const counts = new TransactionCounts();
  const commitTimes = new CommitTimes();
  const names = { channel: name, chaincode, msp };
  const mirrored = mirrorWait(disk.mirror);
  const parts = { counts, commitTimes, clock: systemClock, log, mirrored, stopping };
  const gateway = connection.as(readIdentity(msp, identities.agent));
  const channel = new FabricChannel(gateway, names, parts);
  const ledger = new PeerLedger(gateway, names);
  const check: PeerCheck = {
    check: async () => {
      await ledger.requireChaincode(chaincodeDigest);
      disk.bindTo(await ledger.genesis());
    },
    timers: systemTimers,
    log,
  };
  const view: PeerView = {
    isUp: () => connection.isUp(),
    recentCommitMs: () => commitTimes.meanMs(),
    transactions: () => counts.totals(),
    fateOf: (transactionId, msMax) => channel.fateOf(transactionId, msMax),
  };
  const signing = new Map(identities.people.map(({ name: person, ...files }) => [person, readIdentity(msp, files)]));
  const people = identities.people.map(({ name: person, tokenSha256 }): Person => {
    const identity = signing.get(person) as LedgerIdentity;
    return {
      name: person,
      role: identity.role,
      tokenSha256,
      channel: new FabricChannel(connection.as(identity), names, parts),
    };
  });
  return {
    /** The agent's. */
    channel,
    people,
    ledger,
    check,
    view,
    evidence: (kept: OwnKept) => ownEvidence(names, connection, signing, kept, log),
    eventMirror: new EventMirror(gateway.getNetwork(name), chaincode, disk.mirror, log),
    close: () => connection.close(),
  };
}
