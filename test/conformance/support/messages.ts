/** Fabric's messages, taken apart and put together: for clients that sign elsewhere, and for those that cheat. */
import { common, gateway, msp, peer } from '@hyperledger/fabric-protos';

/** A serialised identity, as proposals and requests name their sender. */
export function creatorOf(mspId: string, certificate: Uint8Array): Uint8Array {
  const creator = new msp.SerializedIdentity();
  creator.setMspid(mspId);
  creator.setIdBytes(certificate);
  return creator.serializeBinary();
}

/** An unsigned `SignedCommitStatusRequest`. The client library makes one only after a submit of its own. */
export function commitStatusRequest(channel: string, transactionId: string, identity: Uint8Array): Uint8Array {
  const request = new gateway.CommitStatusRequest();
  request.setChannelId(channel);
  request.setTransactionId(transactionId);
  request.setIdentity(identity);
  const signed = new gateway.SignedCommitStatusRequest();
  signed.setRequest(request.serializeBinary());
  return signed.serializeBinary();
}

/** The bytes that a proposal's signature is over. */
export function proposalBytes(proposed: Uint8Array): Uint8Array {
  return gateway.ProposedTransaction.deserializeBinary(proposed).getProposal()!.getProposalBytes_asU8();
}

/** What may be changed in a proposal before it is signed. */
export interface ProposalChange {
  channelHeader?(header: common.ChannelHeader): void;
  signatureHeader?(header: common.SignatureHeader): void;
  payload?(payload: peer.ChaincodeProposalPayload): void;
}

/** The same `ProposedTransaction` with its proposal changed. */
export function changedProposal(bytes: Uint8Array, change: ProposalChange): Uint8Array {
  const proposed = gateway.ProposedTransaction.deserializeBinary(bytes);
  const signed = proposed.getProposal()!;
  const proposal = peer.Proposal.deserializeBinary(signed.getProposalBytes_asU8());
  const header = common.Header.deserializeBinary(proposal.getHeader_asU8());
  const channelHeader = common.ChannelHeader.deserializeBinary(header.getChannelHeader_asU8());
  const signatureHeader = common.SignatureHeader.deserializeBinary(header.getSignatureHeader_asU8());
  const payload = peer.ChaincodeProposalPayload.deserializeBinary(proposal.getPayload_asU8());
  change.channelHeader?.(channelHeader);
  change.signatureHeader?.(signatureHeader);
  change.payload?.(payload);
  header.setChannelHeader(channelHeader.serializeBinary());
  header.setSignatureHeader(signatureHeader.serializeBinary());
  proposal.setHeader(header.serializeBinary());
  proposal.setPayload(payload.serializeBinary());
  signed.setProposalBytes(proposal.serializeBinary());
  proposed.setTransactionId(channelHeader.getTxId());
  return proposed.serializeBinary();
}

/** A change that moves the client's clock. */
export function clockMoved(seconds: number): ProposalChange {
  return {
    channelHeader: (header) => {
      const timestamp = header.getTimestamp()!;
      timestamp.setSeconds(timestamp.getSeconds() + seconds);
    },
  };
}

/** The endorsed action of a transaction, opened. */
export interface EndorsedAction {
  readonly payload: peer.ChaincodeActionPayload;
  readonly proposalResponse: peer.ProposalResponsePayload;
  readonly action: peer.ChaincodeAction;
}

/** Opens the first action of an envelope's transaction. */
export function actionOf(envelope: common.Envelope): EndorsedAction {
  const payload = common.Payload.deserializeBinary(envelope.getPayload_asU8());
  const transaction = peer.Transaction.deserializeBinary(payload.getData_asU8());
  const [first] = transaction.getActionsList();
  const actionPayload = peer.ChaincodeActionPayload.deserializeBinary(first!.getPayload_asU8());
  const proposalResponse = peer.ProposalResponsePayload.deserializeBinary(
    actionPayload.getAction()!.getProposalResponsePayload_asU8(),
  );
  const action = peer.ChaincodeAction.deserializeBinary(proposalResponse.getExtension_asU8());
  return { payload: actionPayload, proposalResponse, action };
}

/** The envelope inside of a `PreparedTransaction`. */
export function envelopeOf(prepared: Uint8Array): common.Envelope {
  return gateway.PreparedTransaction.deserializeBinary(prepared).getEnvelope()!;
}

/** The same `PreparedTransaction` with its action changed, as a cheating client would send it. */
export function changedTransaction(bytes: Uint8Array, change: (action: EndorsedAction) => void): Uint8Array {
  const prepared = gateway.PreparedTransaction.deserializeBinary(bytes);
  const envelope = prepared.getEnvelope()!;
  const opened = actionOf(envelope);
  change(opened);
  opened.proposalResponse.setExtension$(opened.action.serializeBinary());
  opened.payload.getAction()!.setProposalResponsePayload(opened.proposalResponse.serializeBinary());
  const payload = common.Payload.deserializeBinary(envelope.getPayload_asU8());
  const transaction = peer.Transaction.deserializeBinary(payload.getData_asU8());
  transaction.getActionsList()[0]!.setPayload(opened.payload.serializeBinary());
  payload.setData(transaction.serializeBinary());
  envelope.setPayload(payload.serializeBinary());
  return prepared.serializeBinary();
}

/** The same `PreparedTransaction` with the header of its envelope changed. */
export function changedHeader(bytes: Uint8Array, change: (header: common.ChannelHeader) => void): Uint8Array {
  const prepared = gateway.PreparedTransaction.deserializeBinary(bytes);
  const envelope = prepared.getEnvelope()!;
  const payload = common.Payload.deserializeBinary(envelope.getPayload_asU8());
  const header = common.ChannelHeader.deserializeBinary(payload.getHeader()!.getChannelHeader_asU8());
  change(header);
  payload.getHeader()!.setChannelHeader(header.serializeBinary());
  envelope.setPayload(payload.serializeBinary());
  return prepared.serializeBinary();
}

/** Organisations that endorsed a transaction, sorted. */
export function endorsersOf(envelope: common.Envelope): string[] {
  return actionOf(envelope)
    .payload.getAction()!
    .getEndorsementsList()
    .map((each) => msp.SerializedIdentity.deserializeBinary(each.getEndorser_asU8()).getMspid())
    .sort();
}
