import { type NamespaceReadWrites, parseReadWriteSet } from '../ledger/readWriteSet.js';
import { buffer, sameBytes, sha256 } from './bytes.js';
import { transactionIdOf } from './proposal.js';
import { ValidationCode as Code, common, decode, encode, peer } from './proto.js';

/** The parts of a transaction's header that both orderer and peers decide on. */
export interface TransactionHeader {
  readonly type: number;
  readonly channelId: string;
  readonly transactionId: string;
  /** Clock of the client, whole seconds and nanoseconds since 1970. */
  readonly timestamp: { readonly seconds: number; readonly nanos: number };
  readonly nonce: Buffer;
  readonly creator: Buffer;
}

/** What an endorser transaction does, and who vouches for it. */
export interface TransactionAction {
  readonly chaincode: string;
  readonly chaincodeVersion: string;
  readonly event: peer.ChaincodeEvent | undefined;
  readonly namespaces: readonly NamespaceReadWrites[];
  /** The bytes that every endorsement signs, followed by its endorser. */
  readonly responsePayloadBytes: Buffer;
  readonly endorsements: readonly { readonly endorser: Buffer; readonly signature: Buffer }[];
}

/**
 * An ordered envelope, parsed once for all peers. The three codes say where its shape is wrong, in the order in which
 * Fabric looks: header, then (once the creator's signature holds) body, then content.
 */
export interface Transaction {
  readonly envelopeBytes: Buffer;
  readonly payloadBytes: Buffer;
  readonly signature: Buffer;
  readonly headerCode: Code;
  readonly bodyCode: Code;
  readonly contentCode: Code;
  readonly header: TransactionHeader | undefined;
  readonly action: TransactionAction | undefined;
}

/** Parses an envelope as far as it goes; never throws. */
export function parseTransaction(envelopeBytes: Buffer): Transaction {
  const envelope = decode(common.Envelope, envelopeBytes);
  const payloadBytes = envelope ? buffer(envelope.getPayload_asU8()) : Buffer.alloc(0);
  const base = {
    envelopeBytes,
    payloadBytes,
    signature: envelope ? buffer(envelope.getSignature_asU8()) : Buffer.alloc(0),
    bodyCode: Code.VALID,
    contentCode: Code.VALID,
    header: undefined,
    action: undefined,
  };
  if (!envelope) return { ...base, headerCode: Code.INVALID_OTHER_REASON };
  const payload = decode(common.Payload, payloadBytes);
  if (!payload) return { ...base, headerCode: Code.BAD_PAYLOAD };
  const header = parseHeader(payload.getHeader());
  if (!header) return { ...base, headerCode: Code.BAD_COMMON_HEADER };
  const parsed = { ...base, header: header.parsed, headerCode: Code.VALID };
  if (header.parsed.type !== common.HeaderType.ENDORSER_TRANSACTION) return parsed;
  return { ...parsed, ...parseBody(payload, header.parsed, header.extension) };
}

function parseHeader(header: common.Header | undefined) {
  if (!header) return undefined;
  const channelHeader = decode(common.ChannelHeader, header.getChannelHeader_asU8());
  const signatureHeader = decode(common.SignatureHeader, header.getSignatureHeader_asU8());
  if (!channelHeader || !signatureHeader) return undefined;
  const { ENDORSER_TRANSACTION, CONFIG_UPDATE, CONFIG } = common.HeaderType;
  const type = channelHeader.getType();
  if (type !== ENDORSER_TRANSACTION && type !== CONFIG_UPDATE && type !== CONFIG) return undefined;
  if (channelHeader.getEpoch() !== 0) return undefined;
  const nonce = buffer(signatureHeader.getNonce_asU8());
  const creator = buffer(signatureHeader.getCreator_asU8());
  if (nonce.length === 0 || creator.length === 0) return undefined;
  const timestamp = channelHeader.getTimestamp();
  const parsed: TransactionHeader = {
    type,
    channelId: channelHeader.getChannelId(),
    transactionId: channelHeader.getTxId(),
    timestamp: { seconds: timestamp?.getSeconds() ?? 0, nanos: timestamp?.getNanos() ?? 0 },
    nonce,
    creator,
  };
  return { parsed, extension: channelHeader.getExtension_asU8() };
}

function parseBody(
  payload: common.Payload,
  header: TransactionHeader,
  extensionBytes: Uint8Array,
): Partial<Transaction> {
  if (header.transactionId !== transactionIdOf(header.nonce, header.creator)) {
    return { bodyCode: Code.BAD_PROPOSAL_TXID };
  }
  const wrong = { bodyCode: Code.INVALID_ENDORSER_TRANSACTION };
  const actions = decode(peer.Transaction, payload.getData_asU8())?.getActionsList();
  const action = actions?.[0];
  if (!action || actions.length !== 1) return wrong;
  const actionHeader = decode(common.SignatureHeader, action.getHeader_asU8());
  if (!actionHeader?.getNonce_asU8().length || !actionHeader.getCreator_asU8().length) return wrong;
  const actionPayload = decode(peer.ChaincodeActionPayload, action.getPayload_asU8());
  const endorsed = actionPayload?.getAction();
  if (!actionPayload || !endorsed) return wrong;
  const responsePayloadBytes = buffer(endorsed.getProposalResponsePayload_asU8());
  const responsePayload = decode(peer.ProposalResponsePayload, responsePayloadBytes);
  const outerHeader = payload.getHeader() as common.Header;
  const hash = sha256(
    outerHeader.getChannelHeader_asU8(),
    action.getHeader_asU8(),
    actionPayload.getChaincodeProposalPayload_asU8(),
  );
  if (!responsePayload || !sameBytes(hash, responsePayload.getProposalHash_asU8())) return wrong;
  return parseContent(endorsed, responsePayloadBytes, responsePayload, extensionBytes);
}

function parseContent(
  endorsed: peer.ChaincodeEndorsedAction,
  responsePayloadBytes: Buffer,
  responsePayload: peer.ProposalResponsePayload,
  extensionBytes: Uint8Array,
): Partial<Transaction> {
  const extension = decode(peer.ChaincodeHeaderExtension, extensionBytes);
  if (!extension) return { contentCode: Code.BAD_HEADER_EXTENSION };
  const action = decode(peer.ChaincodeAction, responsePayload.getExtension_asU8());
  if (!action) return { contentCode: Code.BAD_RESPONSE_PAYLOAD };
  const namespaces = parseReadWriteSet(action.getResults_asU8());
  if (!namespaces) return { contentCode: Code.BAD_RWSET };
  const invoked = extension.getChaincodeId()?.getName();
  const answered = action.getChaincodeId();
  if (invoked === undefined || !answered) return { contentCode: Code.INVALID_OTHER_REASON };
  if (!invoked || invoked !== answered.getName() || !answered.getVersion()) {
    return { contentCode: Code.INVALID_CHAINCODE };
  }
  const eventBytes = action.getEvents_asU8();
  const event = eventBytes.length > 0 ? decode(peer.ChaincodeEvent, eventBytes) : undefined;
  if (eventBytes.length > 0 && event?.getChaincodeId() !== invoked) return { contentCode: Code.INVALID_OTHER_REASON };
  if (new Set(namespaces.map((each) => each.namespace)).size !== namespaces.length) {
    return { contentCode: Code.ILLEGAL_WRITESET };
  }
  return {
    action: {
      chaincode: invoked,
      chaincodeVersion: answered.getVersion(),
      event,
      namespaces,
      responsePayloadBytes,
      endorsements: endorsed.getEndorsementsList().map((each) => ({
        endorser: buffer(each.getEndorser_asU8()),
        signature: buffer(each.getSignature_asU8()),
      })),
    },
  };
}

/** Puts the unsigned envelope together that a client signs and submits. */
export function assembleTransaction(
  header: common.Header,
  payloadBytes: Uint8Array,
  responsePayloadBytes: Uint8Array,
  endorsements: readonly peer.Endorsement[],
): common.Envelope {
  const endorsed = new peer.ChaincodeEndorsedAction();
  endorsed.setProposalResponsePayload(responsePayloadBytes);
  endorsed.setEndorsementsList([...endorsements]);
  const actionPayload = new peer.ChaincodeActionPayload();
  actionPayload.setChaincodeProposalPayload(payloadBytes);
  actionPayload.setAction(endorsed);
  const action = new peer.TransactionAction();
  action.setHeader(header.getSignatureHeader_asU8());
  action.setPayload(encode(actionPayload));
  const transaction = new peer.Transaction();
  transaction.setActionsList([action]);
  const payload = new common.Payload();
  payload.setHeader(header);
  payload.setData(encode(transaction));
  const envelope = new common.Envelope();
  envelope.setPayload(encode(payload));
  return envelope;
}
