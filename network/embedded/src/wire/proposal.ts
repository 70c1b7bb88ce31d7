import { buffer, sha256 } from './bytes.js';
import { common, decode, encode, peer } from './proto.js';

/** A signed proposal taken apart once, for every peer that it is given to. */
export interface Proposal {
  /** As sent: the chaincode library takes creator, nonce, timestamp and transient map from it. */
  readonly signed: peer.SignedProposal;
  readonly proposalBytes: Buffer;
  readonly signature: Buffer;
  readonly header: common.Header;
  readonly channelId: string;
  readonly transactionId: string;
  readonly headerType: number;
  readonly epoch: number;
  /** Clock of the client, milliseconds since 1970; NaN where the header has none. */
  readonly timestampMs: number;
  readonly nonce: Buffer;
  readonly creator: Buffer;
  readonly chaincode: string;
  /** What it does not name, in Fabric's words; undefined where it names channel and chaincode. */
  readonly lacking?: string;
  readonly input: peer.ChaincodeInput;
  /** The payload without its transient map, as it goes into the transaction. */
  readonly payloadBytes: Buffer;
  readonly hasTransient: boolean;
  /** SHA-256 of channel header, signature header and payload without transient map. */
  readonly hash: Buffer;
}

/** Takes a signed proposal apart. Throws an Error that names the part which is missing or damaged. */
export function unpackProposal(signed: peer.SignedProposal): Proposal {
  const proposalBytes = buffer(signed.getProposalBytes_asU8());
  const proposal = part(peer.Proposal, proposalBytes, 'Proposal');
  const header = part(common.Header, proposal.getHeader_asU8(), 'Header');
  const channelHeader = part(common.ChannelHeader, header.getChannelHeader_asU8(), 'ChannelHeader');
  const signatureHeader = part(common.SignatureHeader, header.getSignatureHeader_asU8(), 'SignatureHeader');
  const extension = part(peer.ChaincodeHeaderExtension, channelHeader.getExtension_asU8(), 'ChaincodeHeaderExtension');
  const chaincodeId = extension.getChaincodeId();
  if (!chaincodeId) throw new Error('ChaincodeHeaderExtension.ChaincodeId is nil');
  const payload = part(peer.ChaincodeProposalPayload, proposal.getPayload_asU8(), 'ChaincodeProposalPayload');
  const invocation = part(peer.ChaincodeInvocationSpec, payload.getInput_asU8(), 'ChaincodeInvocationSpec');
  const spec = invocation.getChaincodeSpec();
  const input = spec ? spec.getInput() : new peer.ChaincodeInput();
  if (!input) throw new Error('chaincode input did not contain any input');
  const chaincode = spec ? chaincodeId.getName() : '';
  const lacking = lackingIn(channelHeader.getChannelId(), spec, chaincode);

  const payloadBytes = withoutTransient(payload);
  const timestamp = channelHeader.getTimestamp();
  return {
    signed,
    proposalBytes,
    signature: buffer(signed.getSignature_asU8()),
    header,
    channelId: channelHeader.getChannelId(),
    transactionId: channelHeader.getTxId(),
    headerType: channelHeader.getType(),
    epoch: channelHeader.getEpoch(),
    timestampMs: timestamp ? timestamp.getSeconds() * 1000 + timestamp.getNanos() / 1e6 : Number.NaN,
    nonce: buffer(signatureHeader.getNonce_asU8()),
    creator: buffer(signatureHeader.getCreator_asU8()),
    chaincode,
    ...(lacking === undefined ? {} : { lacking }),
    input,
    payloadBytes,
    hasTransient: payload.getTransientmapMap().getLength() > 0,
    hash: sha256(header.getChannelHeader_asU8(), header.getSignatureHeader_asU8(), payloadBytes),
  };
}

function lackingIn(channel: string, spec: peer.ChaincodeSpec | undefined, chaincode: string): string | undefined {
  if (!channel) return 'no channel id provided';
  if (!spec) return `no chaincode spec is provided, channel id [${channel}]`;
  return chaincode ? undefined : `no chaincode name is provided, channel id [${channel}]`;
}

/** The id that a transaction must carry: hex of SHA-256 over nonce and creator. */
export function transactionIdOf(nonce: Uint8Array, creator: Uint8Array): string {
  return sha256(nonce, creator).toString('hex');
}

/** Serialises a payload without its transient map, which no other organisation and no ledger may see. */
export function withoutTransient(payload: peer.ChaincodeProposalPayload): Buffer {
  const bare = new peer.ChaincodeProposalPayload();
  bare.setInput(payload.getInput_asU8());
  return encode(bare);
}

function part<T>(type: { deserializeBinary(bytes: Uint8Array): T }, bytes: Uint8Array, name: string): T {
  const message = decode(type, bytes);
  if (message === undefined)
    throw new Error(`error unmarshalling ${name}: proto: cannot parse invalid wire-format data`);
  return message;
}
