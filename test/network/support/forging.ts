/**
 * Makes evidence as a channel would, with any keys, of any channel, about anything; takes packs apart and puts them together
 * again. Whoever holds the keys can do this: what a test forges here is signed as well as its forger could.
 */
import { createHash, createPrivateKey, randomBytes } from 'node:crypto';
import { canonicalJson } from '@consilium/domain';
import { common, ledger, msp, peer } from '@hyperledger/fabric-protos';
import { Archive, wholePack } from '../../../gateway/src/exports/evidence/archive.js';
import { messageSigner } from '../../../gateway/src/ledger/signer.js';

const HEADER_BYTES = 'consilium-evidence 1\n'.length + 10 + 1 + 64 + 1;
const STATUS_OK = 200;

/** Somebody with a certificate and its key, both PEM. */
export type Holder = Readonly<{ msp: string; certificate: string; key: string }>;

/** The entries of a pack. */
export function unpack(pack: Buffer): Map<string, Buffer> {
  const head = pack.subarray(0, HEADER_BYTES).toString('latin1');
  const length = Number(head.slice(head.indexOf('\n') + 1, head.indexOf('\n') + 11));
  const manifest = JSON.parse(pack.subarray(HEADER_BYTES, HEADER_BYTES + length).toString()) as {
    name: string;
    bytes: number;
  }[];
  let at = HEADER_BYTES + length;
  return new Map(
    manifest.map(({ name, bytes }) => {
      at += bytes;
      return [name, pack.subarray(at - bytes, at)];
    }),
  );
}

/** A pack of these entries, rightly put together and signed. */
export async function repack(entries: ReadonlyMap<string, Uint8Array>, signer: Holder): Promise<Buffer> {
  const archive = new Archive();
  for (const [name, content] of entries) archive.add(name, content);
  return wholePack(await archive.sealed(messageSigner(createPrivateKey(signer.key))));
}

export type ForgedCall = Readonly<{
  channel: string;
  chaincode: string;
  /** Of the chaincode. */
  version: string;
  creator: Holder;
  endorsers: readonly Holder[];
  name: string;
  argument: unknown;
  answer: unknown;
  at?: number;
  reads?: readonly Readonly<{ key: string; block: number; index: number }>[];
  writes?: readonly Readonly<{ key: string; value: unknown }>[];
}>;

/** An endorsed answer, as an entry of a pack. */
export async function forgedAnswer(call: ForgedCall): Promise<Buffer> {
  const { header, input, payload } = forgedCall(call);
  const proposal = new peer.Proposal();
  proposal.setHeader(header.serializeBinary());
  proposal.setPayload(input);
  const bytes = proposal.serializeBinary();
  const base64 = (content: Uint8Array) => Buffer.from(content).toString('base64');
  return Buffer.from(
    canonicalJson({
      proposal: base64(bytes),
      signature: base64(await signed(call.creator, bytes)),
      payload: base64(payload),
      endorsements: (await endorsed(call.endorsers, payload)).map((each) => ({
        endorser: base64(each.getEndorser_asU8()),
        signature: base64(each.getSignature_asU8()),
      })),
    }),
  );
}

/** A transaction, as an entry of a pack, and its id. */
export async function forgedTransaction(call: ForgedCall): Promise<{ id: string; bytes: Uint8Array }> {
  const { header, input, payload, id } = forgedCall(call);
  const action = new peer.ChaincodeEndorsedAction();
  action.setProposalResponsePayload(payload);
  action.setEndorsementsList(await endorsed(call.endorsers, payload));
  const actionPayload = new peer.ChaincodeActionPayload();
  actionPayload.setChaincodeProposalPayload(input);
  actionPayload.setAction(action);
  const only = new peer.TransactionAction();
  only.setHeader(header.getSignatureHeader_asU8());
  only.setPayload(actionPayload.serializeBinary());
  const transaction = new peer.Transaction();
  transaction.setActionsList([only]);
  const content = new common.Payload();
  content.setHeader(header);
  content.setData(transaction.serializeBinary());
  const envelope = new common.Envelope();
  envelope.setPayload(content.serializeBinary());
  envelope.setSignature(await signed(call.creator, envelope.getPayload_asU8()));
  return { id, bytes: envelope.serializeBinary() };
}

function forgedCall({ channel, chaincode, version, creator, name, argument, answer, at, ...set }: ForgedCall) {
  const nonce = randomBytes(24);
  const identity = serialized(creator);
  const id = createHash('sha256').update(nonce).update(identity).digest('hex');
  const signatureHeader = new common.SignatureHeader();
  signatureHeader.setCreator(identity);
  signatureHeader.setNonce(nonce);
  const chaincodeId = new peer.ChaincodeID();
  chaincodeId.setName(chaincode);
  const extension = new peer.ChaincodeHeaderExtension();
  extension.setChaincodeId(chaincodeId);
  const channelHeader = new common.ChannelHeader();
  channelHeader.setType(common.HeaderType.ENDORSER_TRANSACTION);
  channelHeader.setChannelId(channel);
  channelHeader.setTxId(id);
  channelHeader.setExtension$(extension.serializeBinary());
  const header = new common.Header();
  header.setChannelHeader(Buffer.concat([channelHeader.serializeBinary(), timestampField(at ?? Date.now())]));
  header.setSignatureHeader(signatureHeader.serializeBinary());
  const input = inputOf(chaincodeId, name, argument);
  const hash = createHash('sha256')
    .update(header.getChannelHeader_asU8())
    .update(header.getSignatureHeader_asU8())
    .update(input)
    .digest();
  return { header, input, id, payload: responseOf(hash, chaincode, version, answer, set) };
}

/** Field 3 of a channel header, whose message is in a package of its own that nobody here depends on. */
function timestampField(at: number): Buffer {
  const varint = (value: number): number[] => {
    const bytes: number[] = [];
    for (let left = value; ; left = Math.floor(left / 128)) {
      bytes.push(left > 127 ? (left % 128) | 128 : left);
      if (left <= 127) return bytes;
    }
  };
  const content = [0x08, ...varint(Math.floor(at / 1_000)), 0x10, ...varint((at % 1_000) * 1e6)];
  return Buffer.from([0x1a, content.length, ...content]);
}

function inputOf(chaincodeId: peer.ChaincodeID, name: string, argument: unknown): Uint8Array {
  const input = new peer.ChaincodeInput();
  input.setArgsList([name, JSON.stringify(argument)].map((text) => Buffer.from(text)));
  const spec = new peer.ChaincodeSpec();
  spec.setChaincodeId(chaincodeId);
  spec.setInput(input);
  const invocation = new peer.ChaincodeInvocationSpec();
  invocation.setChaincodeSpec(spec);
  const payload = new peer.ChaincodeProposalPayload();
  payload.setInput(invocation.serializeBinary());
  return payload.serializeBinary();
}

function responseOf(
  hash: Uint8Array,
  chaincode: string,
  version: string,
  answer: unknown,
  { reads = [], writes = [] }: Pick<ForgedCall, 'reads' | 'writes'>,
): Uint8Array {
  const set = new ledger.rwset.kvrwset.KVRWSet();
  set.setReadsList(
    reads.map(({ key, block, index }) => {
      const read = new ledger.rwset.kvrwset.KVRead();
      read.setKey(key);
      const place = new ledger.rwset.kvrwset.Version();
      place.setBlockNum(block);
      place.setTxNum(index);
      read.setVersion(place);
      return read;
    }),
  );
  set.setWritesList(
    writes.map(({ key, value }) => {
      const write = new ledger.rwset.kvrwset.KVWrite();
      write.setKey(key);
      write.setValue(Buffer.from(canonicalJson(value)));
      return write;
    }),
  );
  const namespace = new ledger.rwset.NsReadWriteSet();
  namespace.setNamespace(chaincode);
  namespace.setRwset(set.serializeBinary());
  const sets = new ledger.rwset.TxReadWriteSet();
  sets.setNsRwsetList([namespace]);
  const response = new peer.Response();
  response.setStatus(STATUS_OK);
  response.setPayload(Buffer.from(canonicalJson(answer)));
  const id = new peer.ChaincodeID();
  id.setName(chaincode);
  id.setVersion(version);
  const action = new peer.ChaincodeAction();
  action.setResults(sets.serializeBinary());
  action.setResponse(response);
  action.setChaincodeId(id);
  const payload = new peer.ProposalResponsePayload();
  payload.setProposalHash(hash);
  payload.setExtension$(action.serializeBinary());
  return payload.serializeBinary();
}

async function endorsed(endorsers: readonly Holder[], payload: Uint8Array): Promise<peer.Endorsement[]> {
  return Promise.all(
    endorsers.map(async (holder) => {
      const endorsement = new peer.Endorsement();
      endorsement.setEndorser(serialized(holder));
      endorsement.setSignature(await signed(holder, Buffer.concat([payload, serialized(holder)])));
      return endorsement;
    }),
  );
}

function signed({ key }: Holder, message: Uint8Array): Promise<Uint8Array> {
  return Promise.resolve(messageSigner(createPrivateKey(key))(message));
}

function serialized(holder: Holder): Uint8Array {
  const identity = new msp.SerializedIdentity();
  identity.setMspid(holder.msp);
  identity.setIdBytes(Buffer.from(holder.certificate));
  return identity.serializeBinary();
}
