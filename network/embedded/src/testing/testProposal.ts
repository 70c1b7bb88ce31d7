import { randomBytes } from 'node:crypto';
import type { SigningIdentity } from '../peer/signingIdentity.js';
import { bytesField, varintField } from '../wire/fields.js';
import { type Proposal, transactionIdOf, unpackProposal } from '../wire/proposal.js';
import { common, encode, peer } from '../wire/proto.js';
import { assembleTransaction } from '../wire/transaction.js';

/** What a proposal of a test shall say; everything has a usual value. */
export interface TestProposal {
  readonly channel?: string;
  readonly chaincode?: string;
  readonly args?: readonly string[];
  readonly transient?: Readonly<Record<string, string>>;
  readonly nowMs?: number;
  readonly epoch?: number;
  readonly type?: number;
  readonly transactionId?: string;
  readonly nonce?: Buffer;
}

/** A proposal as the client library would send it. */
export function signedProposal(signer: SigningIdentity, options: TestProposal = {}): peer.SignedProposal {
  const { channel = 'testchannel', chaincode = 'demo', args = ['put'], nonce = randomBytes(24) } = options;
  const id = new peer.ChaincodeID();
  id.setName(chaincode);
  const extension = new peer.ChaincodeHeaderExtension();
  extension.setChaincodeId(id);
  const channelHeader = new common.ChannelHeader();
  channelHeader.setType((options.type ?? common.HeaderType.ENDORSER_TRANSACTION) as 3);
  channelHeader.setChannelId(channel);
  channelHeader.setEpoch(options.epoch ?? 0);
  channelHeader.setTxId(options.transactionId ?? transactionIdOf(nonce, signer.serialized));
  channelHeader.setExtension$(encode(extension));
  const signatureHeader = new common.SignatureHeader();
  signatureHeader.setCreator(signer.serialized);
  signatureHeader.setNonce(nonce);
  const time = varintField(1, Math.floor((options.nowMs ?? Date.now()) / 1000));
  const header = new common.Header();
  header.setChannelHeader(Buffer.concat([encode(channelHeader), bytesField(3, time)]));
  header.setSignatureHeader(encode(signatureHeader));

  const input = new peer.ChaincodeInput();
  input.setArgsList(args.map((each) => Buffer.from(each)));
  const spec = new peer.ChaincodeSpec();
  spec.setChaincodeId(id);
  spec.setInput(input);
  const invocation = new peer.ChaincodeInvocationSpec();
  invocation.setChaincodeSpec(spec);
  const payload = new peer.ChaincodeProposalPayload();
  payload.setInput(encode(invocation));
  for (const [name, value] of Object.entries(options.transient ?? {})) {
    payload.getTransientmapMap().set(name, Buffer.from(value));
  }
  const proposal = new peer.Proposal();
  proposal.setHeader(encode(header));
  proposal.setPayload(encode(payload));
  const signed = new peer.SignedProposal();
  signed.setProposalBytes(encode(proposal));
  signed.setSignature(signer.sign(signed.getProposalBytes_asU8()));
  return signed;
}

/** What peers would have answered to a proposal. */
export interface TestEndorsement {
  readonly results: Buffer;
  readonly endorsers: readonly SigningIdentity[];
  readonly event?: string;
  readonly chaincodeVersion?: string;
}

/** A signed transaction envelope for a proposal, endorsed by whom the test says. */
export function endorsedEnvelope(signer: SigningIdentity, proposal: Proposal, endorsement: TestEndorsement): Buffer {
  const id = new peer.ChaincodeID();
  id.setName(proposal.chaincode);
  id.setVersion(endorsement.chaincodeVersion ?? '1');
  const response = new peer.Response();
  response.setStatus(200);
  const action = new peer.ChaincodeAction();
  action.setResults(endorsement.results);
  action.setResponse(response);
  action.setChaincodeId(id);
  if (endorsement.event !== undefined) {
    const event = new peer.ChaincodeEvent();
    event.setChaincodeId(proposal.chaincode);
    event.setTxId(proposal.transactionId);
    event.setEventName(endorsement.event);
    action.setEvents(encode(event));
  }
  const payload = new peer.ProposalResponsePayload();
  payload.setProposalHash(proposal.hash);
  payload.setExtension$(encode(action));
  const payloadBytes = encode(payload);
  const endorsements = endorsement.endorsers.map((endorser) => {
    const message = new peer.Endorsement();
    message.setEndorser(endorser.serialized);
    message.setSignature(endorser.sign(Buffer.concat([payloadBytes, endorser.serialized])));
    return message;
  });
  const envelope = assembleTransaction(proposal.header, proposal.payloadBytes, payloadBytes, endorsements);
  envelope.setSignature(signer.sign(envelope.getPayload_asU8()));
  return encode(envelope);
}

/** Proposal and envelope in one step. */
export function transactionOf(
  signer: SigningIdentity,
  endorsement: TestEndorsement,
  options: TestProposal = {},
): Buffer {
  return endorsedEnvelope(signer, unpackProposal(signedProposal(signer, options)), endorsement);
}
