import { keyRange, ledgerKey } from '@consilium/domain';
import api from 'fabric-contract-api';
import { LedgerContext } from './ledger/ledgerContext.js';
import { onlyKey } from './ledger/ledgerPages.js';
import { newestShareKey, newestVersion, recordedBy } from './ledger/roundReads.js';
import { LedgerContract } from './ledgerContract.js';
import { registerMember } from './rules/members.js';
import { approveStudy, proposeStudy } from './rules/proposals.js';
import { registerShareKey } from './rules/shareKeys.js';
import { castVote, takesBack } from './rules/votes.js';

const { Transaction } = api;

/** Studies: their protocols, and what members sign about them. */
export class StudyContract extends LedgerContract {
  constructor() {
    super('StudyContract');
  }

  @Transaction()
  async proposeStudy(context: LedgerContext, command: string): Promise<string> {
    return this.submit(context, 'StudyContract:proposeStudy', command, async (asked, state) => {
      const { study, protocol } = asked.command;
      const registered = await recordedBy(state, protocol.members, ledgerKey.hospital);
      const head = await state.study(study);
      return proposeStudy(asked, {
        unregistered: protocol.members.filter((msp) => !registered.has(msp)),
        newest: head && (await state.studyVersion(study, head.versions)),
        firstRound: await state.round(study, 0),
      });
    });
  }

  @Transaction()
  async approveStudy(context: LedgerContext, command: string): Promise<string> {
    return this.submit(context, 'StudyContract:approveStudy', command, async (asked, state) => {
      const { study, version } = asked.command;
      const newest = await newestVersion(state, study);
      return approveStudy(asked, { newest, own: await state.approval(study, version, asked.caller.msp) });
    });
  }

  @Transaction()
  async castVote(context: LedgerContext, command: string): Promise<string> {
    return this.submit(context, 'StudyContract:castVote', command, async (asked, state) => {
      const { study, subject } = asked.command;
      const { protocol } = await newestVersion(state, study);
      const own = await state.vote(study, subject, asked.caller.msp);
      const votes = takesBack(asked.command, own) ? await state.votes(study, subject) : [];
      return castVote(asked, { protocol, own, votes });
    });
  }

  @Transaction()
  async registerMember(context: LedgerContext, command: string): Promise<string> {
    return this.submit(context, 'StudyContract:registerMember', command, async (asked, state) => {
      const { study } = asked.command;
      const { msp } = asked.caller;
      const newest = await newestVersion(state, study);
      return registerMember(asked, {
        newest,
        approval: await state.approval(study, newest.version, msp),
        own: await state.member(study, msp),
      });
    });
  }

  @Transaction()
  async registerShareKey(context: LedgerContext, command: string): Promise<string> {
    return this.submit(context, 'StudyContract:registerShareKey', command, async (asked, state) => {
      const { study, index } = asked.command;
      const { msp } = asked.caller;
      return registerShareKey(asked, {
        newest: await newestVersion(state, study),
        newestKey: await newestShareKey(state, study, msp),
        same: await state.shareKey(study, msp, index),
      });
    });
  }

  /** A page of the study, its versions, approvals, members' keys, what they have spent of its budget, and votes. */
  @Transaction(false)
  async readStudy(context: LedgerContext, query: string): Promise<string> {
    return this.evaluate(context, 'StudyContract:readStudy', query, async ({ study }, state) => {
      await newestVersion(state, study);
      const nouns = ['study', 'approval', 'member', 'sharekey', 'spent', 'vote'];
      return [onlyKey(ledgerKey.study(study)), ...nouns.map((noun) => keyRange(noun, study))];
    });
  }
}
