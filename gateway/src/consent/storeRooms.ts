/** Puts the parts of a consent store together over one database. */
import type { ConsentRef } from '@consilium/domain';
import type { Database } from '@consilium/sqlite';
import { CohortDecisions } from './cohortDecisions.js';
import { CohortProofs } from './cohortProofs.js';
import { CohortSelector } from './cohortSelector.js';
import { StoreDesk } from './consentDesk.js';
import { ConsentEnds } from './consentEnds.js';
import { ConsentEvents } from './consentEvents.js';
import type { ConsentStoreParts } from './consentPorts.js';
import { Disclosures } from './disclosures.js';
import { Erasures } from './erasures.js';
import { HospitalPolicies } from './hospitalPolicies.js';
import type { Keyring } from './keyring.js';
import { LedgerEars } from './ledgerEars.js';
import { Outbox } from './outbox.js';
import { OutboxSender } from './outboxSender.js';
import { PatientHistory } from './patientHistory.js';
import { PatientRecords } from './patientRecords.js';
import { PrivateCopies } from './privateCopies.js';
import { ReadingBack } from './readingBack.js';
import { ReadLog } from './readLog.js';
import { ReadLogAnchor } from './readLogAnchor.js';
import { Recorder } from './recorder.js';
import { Restrictions } from './restrictions.js';
import { RootBatches } from './rootBatches.js';
import { Standings } from './standings.js';
import { TouchedRounds } from './touchedRounds.js';
import { WarmUp } from './warmUp.js';

export type StoreRooms = ReturnType<typeof storeRooms>;

export function storeRooms(database: Database, ring: Keyring, parts: ConsentStoreParts) {
  const { ledger, sender, clock, timers, log } = parts;
  const { msp } = parts.owner;
  const common = { database, ring, msp, ledger, sender, clock, timers, log };
  const records = new PatientRecords(database, ring);
  const events = new ConsentEvents(database);
  const ends = new ConsentEnds(database);
  const outbox = new Outbox(database);
  const disclosures = new Disclosures(database);
  const policies = new HospitalPolicies(ledger, msp);
  const batches = new RootBatches(database, ledger, msp);
  const restrictions = new Restrictions(log);
  let batchUnknown = batches.unknown();
  const standings = new Standings({ records, events, policies, batchUnknown: () => batchUnknown });
  const copies = new PrivateCopies({ events, policies, sender, log });
  const decisions = new CohortDecisions(database, ring, ledger, msp);
  const history = new PatientHistory({ msp, ledger, records, events, ends, clock });
  const proofs = new CohortProofs({ msp, records, events, decisions, history });

  const shared = { ...common, records, events, ends, outbox, disclosures, policies, batches, restrictions, standings };
  const outboxSender: OutboxSender = new OutboxSender({
    ...shared,
    copies,
    onSettled(refs) {
      for (const ref of refs) standings.forget(ref);
      erasures.poke();
      if (outbox.waiting() === 0) warmUp.poke();
    },
  });
  const onQueued = () => outboxSender.poke();
  const erasures: Erasures = new Erasures({ ...shared, onQueued });
  const recorder = new Recorder({ ...shared, onQueued });
  const selector = new CohortSelector({ ...shared, decisions });
  const touched = new TouchedRounds({ ...shared, decisions, erasures });
  const warmUp: WarmUp = new WarmUp(standings, log);
  const desk = new StoreDesk({ ...shared, selector, decisions, erasures, touched });
  const readLog = new ReadLog(database, ring, ledger, msp, clock);
  const anchor = new ReadLogAnchor(readLog, common);
  const lookAtRoots = () => {
    const before = batchUnknown;
    batchUnknown = batches.unknown();
    if (batchUnknown === before) return;
    standings.forgetAll();
    restrictions.tell(undefined);
  };
  const isErased = (ref: ConsentRef) => policies.isErased(ref) || erasures.of(ref) !== undefined;
  const readingBack = new ReadingBack({ ...shared, isErased, onQueued });
  const ears = new LedgerEars({ ...shared, erasures, onRoot: lookAtRoots });

  return {
    ...shared,
    decisions,
    history,
    proofs,
    outboxSender,
    erasures,
    recorder,
    selector,
    touched,
    desk,
    readLog,
    anchor,
    ears,
    lookAtRoots,
    warmUp,
    isErased,
    readingBack,
  };
}
