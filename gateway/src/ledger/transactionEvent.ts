/** Whether an endorsed transaction tells listeners anything: without an event the mirror never hears of it. */
import { common, gateway, peer } from '@hyperledger/fabric-protos';

/** @param prepared what the SDK's `Transaction.getBytes` gives */
export function tellsAnEvent(prepared: Uint8Array): boolean {
  const envelope = gateway.PreparedTransaction.deserializeBinary(prepared).getEnvelope();
  if (!envelope) return false;
  const payload = common.Payload.deserializeBinary(envelope.getPayload_asU8());
  const actions = peer.Transaction.deserializeBinary(payload.getData_asU8()).getActionsList();
  return actions.some((action) => {
    const endorsed = peer.ChaincodeActionPayload.deserializeBinary(action.getPayload_asU8()).getAction();
    if (!endorsed) return false;
    const answer = peer.ProposalResponsePayload.deserializeBinary(endorsed.getProposalResponsePayload_asU8());
    return peer.ChaincodeAction.deserializeBinary(answer.getExtension_asU8()).getEvents_asU8().length > 0;
  });
}
