/** Has proposals endorsed, again where the peers lag behind each other. */
import { setTimeout as wait } from 'node:timers/promises';
import type { Msp } from '@consilium/domain';
import type { Contract, Proposal, ProposalOptions, Transaction } from '@hyperledger/fabric-gateway';
import type { Log } from '../agent/ports.js';
import { abortable } from './abortable.js';
import { endorseFailure } from './endorseFailure.js';
import { ENDORSE_ATTEMPTS_MAX, PATIENCE, type Patience } from './ledgerLimits.js';

export type EndorsingParts = Readonly<{
  contract: Contract;
  /** Of the own peer, which endorses first. */
  msp: Msp;
  log: Log;
  patience?: Pick<Patience, 'endorseBackoffMs'>;
}>;

/** Who endorses, and what they alone see. */
export type EndorsementOptions = Pick<ProposalOptions, 'transientData' | 'endorsingOrganizations'>;

/**
 * Each attempt is a new proposal.
 * @throws ConsiliumError what the contract refuses with; LEDGER_UNAVAILABLE; the signal's reason
 */
export async function endorse(
  { contract, msp, log, patience = PATIENCE }: EndorsingParts,
  name: string,
  argument: string,
  signal: AbortSignal | undefined,
  options: EndorsementOptions = {},
): Promise<{ proposal: Proposal; transaction: Transaction }> {
  for (let attempt = 1; ; attempt++) {
    signal?.throwIfAborted();
    try {
      const proposal = contract.newProposal(name, { ...options, arguments: [argument] });
      return { proposal, transaction: await abortable(proposal.endorse(), signal) };
    } catch (failure) {
      signal?.throwIfAborted();
      const { error, again } = endorseFailure(failure, msp);
      if (!again || attempt === ENDORSE_ATTEMPTS_MAX) throw error;
      log.info({ transaction: name, attempt, code: error.code }, 'endorsed again with a new proposal');
      await wait(patience.endorseBackoffMs * 2 ** (attempt - 1), undefined, signal ? { signal } : {});
    }
  }
}
