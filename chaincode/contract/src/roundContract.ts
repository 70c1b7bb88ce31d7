import { keyRange, ledgerKey, phasesOf, tenDigits } from '@consilium/domain';
import api from 'fabric-contract-api';
import { cohortFacts } from './ledger/consentReads.js';
import { LedgerContext } from './ledger/ledgerContext.js';
import { onlyKey } from './ledger/ledgerPages.js';
import { isSignedBy } from './ledger/receiptSignature.js';
import {
  allFacts,
  byMsp,
  closesOf,
  joinsOf,
  knownRound,
  openingFacts,
  protocolOf,
  recordedBy,
  survivorFacts,
} from './ledger/roundReads.js';
import { shareHash } from './ledger/shareHash.js';
import { LedgerContract } from './ledgerContract.js';
import { attest } from './rules/attesting.js';
import { abortRound, closePhase } from './rules/closing.js';
import { contribute } from './rules/contributing.js';
import { joinRound } from './rules/joining.js';
import { openRound } from './rules/opening.js';
import { reportEvaluation } from './rules/reporting.js';
import { reveal } from './rules/revealing.js';

const { Transaction } = api;

/** Rounds, and the facts that hospitals record about them. Two facts of different hospitals never conflict. */
export class RoundContract extends LedgerContract {
  constructor() {
    super('RoundContract');
  }

  @Transaction()
  async openRound(context: LedgerContext, command: string): Promise<string> {
    return this.submit(context, 'RoundContract:openRound', command, async (asked, state) => {
      const { study, round, attestedBy } = asked.command;
      return openRound(asked, await openingFacts(state, study, round, attestedBy));
    });
  }

  @Transaction()
  async joinRound(context: LedgerContext, command: string): Promise<string> {
    return this.submit(context, 'RoundContract:joinRound', command, async (asked, state) => {
      const { study, round: number } = asked.command;
      const { msp } = asked.caller;
      const round = await knownRound(state, study, number);
      const own = await state.join(study, number, msp);
      const close = await state.close(study, number, 'joining');
      const { keys } = asked.command;
      const nextKey = keys && (await state.shareKey(study, msp, keys.next.index));
      const cohort = await cohortFacts(state, round, msp);
      const spending = cohort.protocol.privacy && (await state.spending(study, msp));
      return joinRound(asked, { round, own, close, cohort, nextKey, spending });
    });
  }

  @Transaction()
  async contribute(context: LedgerContext, command: string): Promise<string> {
    return this.submit(context, 'RoundContract:contribute', command, async (asked, state) => {
      const { study, round: number, receipts } = asked.command;
      const round = await knownRound(state, study, number);
      const closes = await closesOf(state, round, ['joining', 'contributing']);
      const joined = closes.has('joining')
        ? new Set<never>()
        : await recordedBy(state, round.available, (msp) => ledgerKey.join(study, number, msp));
      const signers = [...new Set(receipts.map(({ msp }) => msp))];
      const keys = await Promise.all(signers.map((msp) => state.member(study, msp)));
      return contribute(asked, {
        channel: context.stub.getChannelID(),
        round,
        protocol: await protocolOf(state, round),
        own: await state.contribution(study, number, asked.caller.msp),
        closes,
        joined,
        keys: byMsp(keys.filter((key) => key !== undefined)),
        isSignedBy,
      });
    });
  }

  @Transaction()
  async reveal(context: LedgerContext, command: string): Promise<string> {
    return this.submit(context, 'RoundContract:reveal', command, async (asked, state) => {
      const { study, round: number } = asked.command;
      const round = await knownRound(state, study, number);
      const closes = await closesOf(state, round, ['joining', 'contributing', 'unmasking', 'attesting']);
      const { joined, contributed } = await survivorFacts(state, round, closes);
      return reveal(asked, {
        round,
        protocol: await protocolOf(state, round),
        own: await state.reveal(study, number, asked.caller.msp),
        closes,
        joined,
        contributed,
        joins: await joinsOf(state, round, round.available),
        shareHash,
      });
    });
  }

  @Transaction()
  async attest(context: LedgerContext, command: string): Promise<string> {
    return this.submit(context, 'RoundContract:attest', command, async (asked, state) => {
      const { study, round: number } = asked.command;
      const round = await knownRound(state, study, number);
      const protocol = await protocolOf(state, round);
      const closes = await closesOf(state, round, phasesOf(round.kind, protocol.mode));
      return attest(asked, {
        round,
        protocol,
        own: await state.attestation(study, number, asked.caller.msp),
        closes,
        ...(await survivorFacts(state, round, closes)),
      });
    });
  }

  @Transaction()
  async closePhase(context: LedgerContext, command: string): Promise<string> {
    return this.submit(context, 'RoundContract:closePhase', command, async (asked, state) => {
      const round = await knownRound(state, asked.command.study, asked.command.round);
      const protocol = await protocolOf(state, round);
      return closePhase(asked, { protocol, facts: await allFacts(state, round, protocol) });
    });
  }

  @Transaction()
  async abortRound(context: LedgerContext, command: string): Promise<string> {
    return this.submit(context, 'RoundContract:abortRound', command, async (asked, state) => {
      const { study, round: number } = asked.command;
      const round = await knownRound(state, study, number);
      const protocol = await protocolOf(state, round);
      const facts = await allFacts(state, round, protocol);
      const abort = await state.votes(study, `abort~${tenDigits(number)}`);
      return abortRound(asked, { protocol, facts, votes: { abort, end: await state.votes(study, 'end') } });
    });
  }

  @Transaction()
  async reportEvaluation(context: LedgerContext, command: string): Promise<string> {
    return this.submit(context, 'RoundContract:reportEvaluation', command, async (asked, state) => {
      const { study, round: number } = asked.command;
      const { msp } = asked.caller;
      const round = await knownRound(state, study, number);
      return reportEvaluation(asked, {
        round,
        protocol: await protocolOf(state, round),
        contribution: await state.contribution(study, number, msp),
        own: await state.evaluation(study, number, msp),
      });
    });
  }

  /** A page of the round's record, and every fact and close of it. */
  @Transaction(false)
  async roundFacts(context: LedgerContext, query: string): Promise<string> {
    return this.evaluate(context, 'RoundContract:roundFacts', query, async ({ study, round }, state) => {
      await knownRound(state, study, round);
      const nouns = ['join', 'contribution', 'reveal', 'attestation', 'close', 'evaluation'];
      return [onlyKey(ledgerKey.round(study, round)), ...nouns.map((noun) => keyRange(noun, study, tenDigits(round)))];
    });
  }

  /** A page of what a round rests on: no more of the study than this round needs, however long the study is. */
  @Transaction(false)
  async roundGrounds(context: LedgerContext, query: string): Promise<string> {
    return this.evaluate(context, 'RoundContract:roundGrounds', query, async ({ study, round: number }, state) => {
      const round = await knownRound(state, study, number);
      const { protocolVersion, shareKeys = [], base, candidateParent } = round;
      const versions = [candidateParent?.version, base?.version, number].filter((version) => version !== undefined);
      return [
        onlyKey(ledgerKey.studyVersion(study, protocolVersion)),
        keyRange('approval', study, protocolVersion),
        keyRange('member', study),
        ...shareKeys.map(({ msp, index }) => onlyKey(ledgerKey.shareKey(study, msp, index))),
        ...versions.map((version) => onlyKey(ledgerKey.model(study, version))),
      ];
    });
  }
}
