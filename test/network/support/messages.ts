import {
  common,
  gateway as gatewayMessages,
  ledger as ledgerMessages,
  msp as mspMessages,
  peer,
} from '@hyperledger/fabric-protos';

/** Type of the header of a block's first envelope. */
export function typeOf(block: common.Block): number {
  const envelope = common.Envelope.deserializeBinary(block.getData()!.getDataList_asU8()[0]!);
  const header = common.Payload.deserializeBinary(envelope.getPayload_asU8()).getHeader()!;
  return common.ChannelHeader.deserializeBinary(header.getChannelHeader_asU8()).getType();
}

function actionOf(transaction: Uint8Array): peer.ChaincodeEndorsedAction {
  const { PreparedTransaction } = gatewayMessages;
  const envelope = PreparedTransaction.deserializeBinary(transaction).getEnvelope()!;
  const payload = common.Payload.deserializeBinary(envelope.getPayload_asU8());
  const [action] = peer.Transaction.deserializeBinary(payload.getData_asU8()).getActionsList();
  return peer.ChaincodeActionPayload.deserializeBinary(action!.getPayload_asU8()).getAction()!;
}

/** Organisations whose peers endorsed a transaction of the client library. */
export function endorsersOf(transaction: Uint8Array): string[] {
  return actionOf(transaction)
    .getEndorsementsList()
    .map((each) => mspMessages.SerializedIdentity.deserializeBinary(each.getEndorser_asU8()).getMspid());
}

/** What a transaction of the client library reads and writes, without versions and values. */
export function readWriteSetOf(transaction: Uint8Array) {
  const { kvrwset, TxReadWriteSet } = ledgerMessages.rwset;
  const response = peer.ProposalResponsePayload.deserializeBinary(
    actionOf(transaction).getProposalResponsePayload_asU8(),
  );
  const results = peer.ChaincodeAction.deserializeBinary(response.getExtension_asU8()).getResults_asU8();
  return TxReadWriteSet.deserializeBinary(results)
    .getNsRwsetList()
    .map((each) => {
      const set = kvrwset.KVRWSet.deserializeBinary(each.getRwset_asU8());
      return {
        namespace: each.getNamespace(),
        reads: set.getReadsList().map((read) => read.getKey()),
        ranges: set.getRangeQueriesInfoList().map((range) => [
          range.getStartKey(),
          range.getEndKey(),
          range.getItrExhausted(),
          range
            .getRawReads()!
            .getKvReadsList()
            .map((read) => read.getKey()),
        ]),
        writes: set.getWritesList().map((write) => write.getKey()),
      };
    });
}
