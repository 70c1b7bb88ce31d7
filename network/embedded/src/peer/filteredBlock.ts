import type { CommittedBlock } from '../ledger/peerLedger.js';
import { peer } from '../wire/proto.js';
import type { Transaction } from '../wire/transaction.js';

/** A block as readers see it who need ids, verdicts and event names only: without payloads. */
export function filteredBlock({ block, codes, transactions }: CommittedBlock, channel: string): peer.FilteredBlock {
  const filtered = new peer.FilteredBlock();
  filtered.setChannelId(channel);
  filtered.setNumber(block.number);
  filtered.setFilteredTransactionsList(transactions().map((each, place) => filteredTransaction(each, codes[place])));
  return filtered;
}

function filteredTransaction({ header, action }: Transaction, code: number | undefined): peer.FilteredTransaction {
  const filtered = new peer.FilteredTransaction();
  filtered.setTxid(header?.transactionId ?? '');
  filtered.setType((header?.type ?? 0) as Parameters<typeof filtered.setType>[0]);
  filtered.setTxValidationCode((code ?? 0) as Parameters<typeof filtered.setTxValidationCode>[0]);
  if (!action) return filtered;
  const actions = new peer.FilteredTransactionActions();
  if (action.event) {
    const event = new peer.ChaincodeEvent();
    event.setChaincodeId(action.event.getChaincodeId());
    event.setTxId(action.event.getTxId());
    event.setEventName(action.event.getEventName());
    const filteredAction = new peer.FilteredChaincodeAction();
    filteredAction.setChaincodeEvent(event);
    actions.setChaincodeActionsList([filteredAction]);
  }
  filtered.setTransactionActions(actions);
  return filtered;
}
