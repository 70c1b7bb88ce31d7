import {
  type ConsentPolicy,
  type ConsentRef,
  canonicalJson,
  keyRange,
  LedgerPage,
  ledgerKey,
  type Msp,
  refusal,
} from '@consilium/domain';
import api from 'fabric-contract-api';
import { consentFacts, erasedOf, nextInSeries, recordFacts, reportedJoins } from './ledger/consentReads.js';
import { LedgerContext } from './ledger/ledgerContext.js';
import { type KeyRange, onlyKey } from './ledger/ledgerPages.js';
import type { LedgerState } from './ledger/ledgerState.js';
import { OwnCollection, transientText } from './ledger/ownCollection.js';
import { newestVersion } from './ledger/roundReads.js';
import { LedgerContract } from './ledgerContract.js';
import { recordConsentRoot } from './rules/consentRoots.js';
import { newEvents, recordConsents, requireWithdrawals } from './rules/consents.js';
import { eraseRecord, holdRecord, mayAllow } from './rules/erasing.js';
import type { Asked, Caller } from './rules/permissions.js';
import { recordPermit } from './rules/permits.js';
import { publishPolicy } from './rules/policies.js';
import { keepPrivate, requireOwnPeer } from './rules/privateOpenings.js';
import { anchorReadLog } from './rules/readLogs.js';
import { type Decision, standing } from './rules/records.js';
import { reportWithdrawal } from './rules/withdrawalReports.js';

const { Transaction } = api;

/** What patients allow, each hospital in its own records. Nothing here reads or writes what belongs to another hospital. */
export class ConsentContract extends LedgerContract {
  constructor() {
    super('ConsentContract');
  }

  @Transaction()
  async publishPolicy(context: LedgerContext, command: string): Promise<string> {
    return this.submit(context, 'ConsentContract:publishPolicy', command, async (asked, state) => {
      const { msp } = asked.caller;
      return publishPolicy(asked, { newest: await state.newestPolicy(msp), epoch: await state.epoch(msp) });
    });
  }

  @Transaction()
  async recordConsents(context: LedgerContext, command: string): Promise<string> {
    return this.submit(context, 'ConsentContract:recordConsents', command, decideEvents);
  }

  @Transaction()
  async withdrawConsents(context: LedgerContext, command: string): Promise<string> {
    return this.submit(context, 'ConsentContract:withdrawConsents', command, async (asked, state) => {
      requireWithdrawals(asked);
      return decideEvents(asked, state);
    });
  }

  @Transaction()
  async recordConsentRoot(context: LedgerContext, command: string): Promise<string> {
    return this.submit(context, 'ConsentContract:recordConsentRoot', command, async (asked, state) => {
      const { batch, policyVersion, restricts } = asked.command;
      const { msp } = asked.caller;
      const read = (number: number) => state.consentRoot(msp, number);
      return recordConsentRoot(asked, {
        policy: await state.policy(msp, policyVersion),
        own: await read(batch),
        next: await nextInSeries(batch, read, () => state.consentRoots(msp)),
        epoch: restricts ? await state.epoch(msp) : undefined,
      });
    });
  }

  @Transaction()
  async recordPermit(context: LedgerContext, command: string): Promise<string> {
    return this.submit(context, 'ConsentContract:recordPermit', command, async (asked, state) => {
      const { study } = asked.command;
      const newest = await newestVersion(state, study);
      return recordPermit(asked, { newest, own: await state.permit(study, asked.caller.msp) });
    });
  }

  @Transaction()
  async holdRecord(context: LedgerContext, command: string): Promise<string> {
    return this.submit(context, 'ConsentContract:holdRecord', command, async (asked, state) =>
      holdRecord(asked, await recordFacts(state, asked.caller.msp, asked.command.ref)),
    );
  }

  @Transaction()
  async eraseRecord(context: LedgerContext, command: string): Promise<string> {
    return this.submit(context, 'ConsentContract:eraseRecord', command, async (asked, state) => {
      const { msp } = asked.caller;
      const facts = await recordFacts(state, msp, asked.command.ref);
      const last = facts.events.at(-1);
      const policy: ConsentPolicy | undefined = last && (await state.policy(msp, last.policyVersion));
      return eraseRecord(asked, { ...facts, policy, epoch: mayAllow(facts) ? await state.epoch(msp) : undefined });
    });
  }

  @Transaction()
  async anchorReadLog(context: LedgerContext, command: string): Promise<string> {
    return this.submit(context, 'ConsentContract:anchorReadLog', command, async (asked, state) =>
      anchorReadLog(asked, { own: await state.readLog(asked.caller.msp, asked.command.day) }),
    );
  }

  @Transaction()
  async reportWithdrawal(context: LedgerContext, command: string): Promise<string> {
    return this.submit(context, 'ConsentContract:reportWithdrawal', command, async (asked, state) => {
      const { study, report, fromRound, toRound } = asked.command;
      const { msp } = asked.caller;
      const read = (number: number) => state.withdrawal(study, msp, number);
      return reportWithdrawal(asked, {
        newest: await newestVersion(state, study),
        own: await read(report),
        next: await nextInSeries(report, read, () => state.withdrawals(study, msp)),
        joins: await reportedJoins(state, study, msp, [fromRound, toRound]),
      });
    });
  }

  /** Endorsed by the own peer alone, which is all that its collection asks for: nothing public is written. */
  @Transaction()
  async keepPrivate(context: LedgerContext, command: string): Promise<string> {
    return this.submit(context, 'ConsentContract:keepPrivate', command, async (asked, state) => {
      const { stub } = context;
      const { msp } = asked.caller;
      const { refs } = asked.command;
      requireOwnPeer(msp, stub.getMspID());
      const erased = await erasedOf(state, msp, new Set(refs));
      await new OwnCollection(stub, msp).keep(
        keepPrivate(asked, { openings: transientText(stub, 'openings'), erased }),
      );
      return standing({ msp, kept: refs.length });
    });
  }

  @Transaction()
  async purgePrivate(context: LedgerContext, command: string): Promise<string> {
    return this.submit(context, 'ConsentContract:purgePrivate', command, async (asked) => {
      const { msp } = asked.caller;
      const { refs } = asked.command;
      requireOwnPeer(msp, context.stub.getMspID());
      await new OwnCollection(context.stub, msp).purge(refs);
      return standing({ msp, purged: refs.length });
    });
  }

  /** What is kept in the own collection, in one page: for a hospital that restores its store. */
  @Transaction(false)
  async readPrivate(context: LedgerContext, query: string): Promise<string> {
    const { query: asked, caller } = this.asked(context, 'ConsentContract:readPrivate', query);
    requireOwnPeer(caller.msp, context.stub.getMspID());
    const items = await new OwnCollection(context.stub, caller.msp).read(asked.refs);
    return canonicalJson(LedgerPage.parse({ items, cursor: null }));
  }

  /** A page of a record's events, then its hold and its tombstone. Auditors read all hospitals', others their own. */
  @Transaction(false)
  async consentHistory(context: LedgerContext, query: string): Promise<string> {
    return this.evaluate(context, 'ConsentContract:consentHistory', query, async ({ msp, ref }, _, caller) => {
      requireOwnOrAuditor(msp, caller);
      return historyRanges(msp, ref);
    });
  }

  /**
   * The events and tombstones of many records, out of a state in which the hospital's join of a round stands. Holds, which
   * allow nothing and forbid no use, are left out: each range costs the peers as much as a record does.
   */
  @Transaction(false)
  async cohortHistory(context: LedgerContext, query: string): Promise<string> {
    return this.evaluate(context, 'ConsentContract:cohortHistory', query, async (asked, state, caller) => {
      const { study, round, msp, refs } = asked;
      requireOwnOrAuditor(msp, caller);
      const join = await state.join(study, round, msp);
      if (!join?.cohort) throw refusal('CONSENT_COHORT_UNKNOWN', { study, round });
      return [...new Set(refs)].flatMap((ref) => [eventRange(msp, ref), onlyKey(ledgerKey.tombstone(msp, ref))]);
    });
  }

  /** A page of a hospital's policies, then its epoch and the roots of its batches. */
  @Transaction(false)
  async policies(context: LedgerContext, query: string): Promise<string> {
    return this.evaluate(context, 'ConsentContract:policies', query, async ({ msp }) => [
      onlyKey(ledgerKey.policyHead(msp)),
      keyRange('policy', msp),
      onlyKey(ledgerKey.epoch(msp)),
      keyRange('consentroot', msp),
    ]);
  }

  /** A page of the cohorts that a study's rounds were joined with, then of its permits and reports of withdrawals. */
  @Transaction(false)
  async cohortUse(context: LedgerContext, query: string): Promise<string> {
    return this.evaluate(context, 'ConsentContract:cohortUse', query, async ({ study }, state) => {
      await newestVersion(state, study);
      return ['join', 'permit', 'withdrawal'].map((noun) => keyRange(noun, study));
    });
  }
}

function requireOwnOrAuditor(msp: Msp, caller: Caller): void {
  if (caller.role !== 'auditor' && caller.msp !== msp) throw refusal('CONSENT_FOREIGN_RECORD', { msp: caller.msp });
}

function eventRange(msp: Msp, ref: ConsentRef): KeyRange {
  return keyRange('consent', msp, ref);
}

/** All that stands about a record. */
function historyRanges(msp: Msp, ref: ConsentRef): KeyRange[] {
  return [eventRange(msp, ref), onlyKey(ledgerKey.hold(msp, ref)), onlyKey(ledgerKey.tombstone(msp, ref))];
}

async function decideEvents(asked: Asked<'ConsentContract:recordConsents'>, state: LedgerState): Promise<Decision> {
  const msp: Msp = asked.caller.msp;
  const made = newEvents(asked, await consentFacts(state, msp, asked.command.events));
  return recordConsents(asked, made, made.restricts ? await state.epoch(msp) : undefined);
}
