import { randomBytes } from 'node:crypto';
import {
  approvalName,
  approvalRecord,
  type ChaincodeDefinition,
  definitionKeys,
  definitionRecord,
  ENDORSEMENT_PLUGIN,
  implicitCollection,
  LIFECYCLE,
  sourceRecord,
  VALIDATION_PLUGIN,
} from '../ledger/chaincodeDefinition.js';
import { recordWrites } from '../ledger/lifecycleRecord.js';
import { type PrivateSet, ReadWriteSetBuilder } from '../ledger/readWriteSetBuilder.js';
import type { StateStore } from '../ledger/stateStore.js';
import { bytesField, varintField } from '../wire/fields.js';
import { transactionIdOf, unpackProposal } from '../wire/proposal.js';
import { common, encode, peer } from '../wire/proto.js';
import { assembleTransaction } from '../wire/transaction.js';
import type { SigningIdentity } from './signingIdentity.js';

/** A transaction of the lifecycle, and what of it only single hospitals' peers may hold. */
export interface DefinitionTransaction {
  readonly envelope: Buffer;
  readonly transactionId: string;
  readonly privateSets: readonly PrivateSet[];
}

/**
 * The transaction that commits a chaincode's definition, as Fabric's lifecycle writes it: proposed and endorsed by the
 * hospitals' peers, so that it is validated, stored and replayed like every other one.
 *
 * @param packages the package that serves the definition at each hospital, by organisation: its approval.
 */
export function definitionTransaction(
  channel: string,
  definition: ChaincodeDefinition,
  state: StateStore,
  signers: readonly SigningIdentity[],
  nowMs: number,
  packages: ReadonlyMap<string, string> = new Map(),
): DefinitionTransaction {
  const [proposer] = signers;
  if (!proposer) throw new Error('nobody is there to sign a chaincode definition');
  const proposal = unpackProposal(signedProposal(channel, definition, proposer, nowMs));
  const { publicBytes, privateSets } = readsAndWrites(definition, state, packages);
  const payload = responsePayload(proposal.hash, publicBytes);
  const endorsements = signers.map((signer) => {
    const endorsement = new peer.Endorsement();
    endorsement.setEndorser(signer.serialized);
    endorsement.setSignature(signer.sign(Buffer.concat([payload, signer.serialized])));
    return endorsement;
  });
  const envelope = assembleTransaction(proposal.header, proposal.payloadBytes, payload, endorsements);
  envelope.setSignature(proposer.sign(envelope.getPayload_asU8()));
  return { envelope: encode(envelope), transactionId: proposal.transactionId, privateSets };
}

function signedProposal(
  channel: string,
  definition: ChaincodeDefinition,
  proposer: SigningIdentity,
  nowMs: number,
): peer.SignedProposal {
  const args = new peer.lifecycle.CommitChaincodeDefinitionArgs();
  args.setName(definition.name);
  args.setVersion(definition.version);
  args.setSequence(definition.sequence);
  args.setEndorsementPlugin(ENDORSEMENT_PLUGIN);
  args.setValidationPlugin(VALIDATION_PLUGIN);
  args.setValidationParameter(definition.validationParameter);
  if (definition.collections.length > 0) {
    args.setCollections(peer.CollectionConfigPackage.deserializeBinary(definition.collections));
  }
  const id = new peer.ChaincodeID();
  id.setName(LIFECYCLE);
  const input = new peer.ChaincodeInput();
  input.setArgsList([Buffer.from('CommitChaincodeDefinition'), encode(args)]);
  const spec = new peer.ChaincodeSpec();
  spec.setChaincodeId(id);
  spec.setInput(input);
  const invocation = new peer.ChaincodeInvocationSpec();
  invocation.setChaincodeSpec(spec);
  const payload = new peer.ChaincodeProposalPayload();
  payload.setInput(encode(invocation));

  const proposal = new peer.Proposal();
  proposal.setHeader(encode(proposalHeader(channel, id, proposer, nowMs)));
  proposal.setPayload(encode(payload));
  const proposalBytes = encode(proposal);
  const signed = new peer.SignedProposal();
  signed.setProposalBytes(proposalBytes);
  signed.setSignature(proposer.sign(proposalBytes));
  return signed;
}

function proposalHeader(
  channel: string,
  id: peer.ChaincodeID,
  proposer: SigningIdentity,
  nowMs: number,
): common.Header {
  const nonce = randomBytes(24);
  const extension = new peer.ChaincodeHeaderExtension();
  extension.setChaincodeId(id);
  const channelHeader = new common.ChannelHeader();
  channelHeader.setType(common.HeaderType.ENDORSER_TRANSACTION);
  channelHeader.setChannelId(channel);
  channelHeader.setTxId(transactionIdOf(nonce, proposer.serialized));
  channelHeader.setExtension$(encode(extension));
  const signatureHeader = new common.SignatureHeader();
  signatureHeader.setCreator(proposer.serialized);
  signatureHeader.setNonce(nonce);
  const header = new common.Header();
  header.setChannelHeader(Buffer.concat([encode(channelHeader), timestampField(nowMs)]));
  header.setSignatureHeader(encode(signatureHeader));
  return header;
}

function readsAndWrites(definition: ChaincodeDefinition, state: StateStore, packages: ReadonlyMap<string, string>) {
  const { name, sequence } = definition;
  const builder = new ReadWriteSetBuilder();
  for (const key of Object.values(definitionKeys(name))) {
    builder.addRead(LIFECYCLE, key, state.get(LIFECYCLE, key)?.version);
  }
  for (const [key, value] of recordWrites('namespaces', name, definitionRecord(definition))) {
    builder.addWrite(LIFECYCLE, key, value);
  }
  for (const [organization, packageId] of packages) {
    const approval = approvalName(name, sequence);
    for (const [key, value] of [
      ...recordWrites('namespaces', approval, approvalRecord(definition)),
      ...recordWrites('chaincode-sources', approval, sourceRecord(packageId)),
    ]) {
      builder.addPrivateWrite(LIFECYCLE, implicitCollection(organization), key, value);
    }
  }
  return builder.build();
}

function responsePayload(proposalHash: Buffer, results: Buffer): Buffer {
  const id = new peer.ChaincodeID();
  id.setName(LIFECYCLE);
  id.setVersion('syscc');
  const response = new peer.Response();
  response.setStatus(200);
  const action = new peer.ChaincodeAction();
  action.setResults(results);
  action.setResponse(response);
  action.setChaincodeId(id);
  const payload = new peer.ProposalResponsePayload();
  payload.setProposalHash(proposalHash);
  payload.setExtension$(encode(action));
  return encode(payload);
}

/** Field `timestamp` (3) of a channel header; see wire/fields for why it is written by hand. */
function timestampField(nowMs: number): Buffer {
  const seconds = Math.floor(nowMs / 1000);
  const time = Buffer.concat([varintField(1, seconds), varintField(2, (nowMs - seconds * 1000) * 1e6)]);
  return bytesField(3, time);
}
