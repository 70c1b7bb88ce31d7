import { keyRange } from '@consilium/domain';
import api from 'fabric-contract-api';
import { LedgerContext } from './ledger/ledgerContext.js';
import { knownRound, newestVersion, protocolOf, settlingFacts } from './ledger/roundReads.js';
import { LedgerContract } from './ledgerContract.js';
import { recordVersion } from './rules/recording.js';

const { Transaction } = api;

/** Versions of a study's model, by digest. Most are recorded by the round that follows; here those that none follows. */
export class ModelContract extends LedgerContract {
  constructor() {
    super('ModelContract');
  }

  @Transaction()
  async recordVersion(context: LedgerContext, command: string): Promise<string> {
    return this.submit(context, 'ModelContract:recordVersion', command, async (asked, state) => {
      const { study, round: number, attestedBy } = asked.command;
      const round = await knownRound(state, study, number);
      const protocol = await protocolOf(state, round);
      const facts = await settlingFacts(state, round, protocol, attestedBy);
      return recordVersion(asked, { protocol, facts, end: await state.votes(study, 'end') });
    });
  }

  /** A page of the study's versions, oldest first. */
  @Transaction(false)
  async lineage(context: LedgerContext, query: string): Promise<string> {
    return this.evaluate(context, 'ModelContract:lineage', query, async ({ study }, state) => {
      await newestVersion(state, study);
      return [keyRange('model', study)];
    });
  }
}
