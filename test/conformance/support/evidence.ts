import { verify, X509Certificate } from 'node:crypto';
import { common, ledger, msp, type peer } from '@hyperledger/fabric-protos';
import { dataDigest } from './blockHash.js';
import { quorumOf, readBlockSignatures } from './blockSignatures.js';
import { type ChannelConfig, readChannelConfig, vouchesFor } from './channelConfig.js';
import { digestOf, type Golden } from './golden.js';
import { actionOf, type EndorsedAction } from './messages.js';
import { SEAL_KEY } from './seal.js';

/** Who signed for a golden file. */
export interface Signatories {
  readonly version: string;
  readonly orderers: readonly number[];
  readonly peers: readonly string[];
  readonly recorded: Date;
}

/**
 * Checks that a golden file is what a Fabric network with BFT ordering signed: its peers endorsed the digest of exactly
 * these answers, and a quorum of its orderers signed the block with it. Throws an Error that says what does not hold.
 */
export function verifyEvidence(golden: Golden): Signatories {
  const configuration = blockOf(golden.evidence.configuration);
  const block = blockOf(golden.evidence.seal);
  for (const each of [configuration, block]) {
    require(dataDigest(each).equals(each.getHeader()!.getDataHash_asU8()), 'a block is not what its header names');
  }
  const config = readChannelConfig(configuration);
  require(config.consensus === 'BFT', `the orderers of this channel agree by '${config.consensus}', not by BFT`);
  const sealed = findSeal(block, digestOf(golden));
  require(sealed !== undefined, 'no valid transaction of the block names the digest of these answers');
  const { action, timeMs } = sealed as Sealed;

  const { consenters, sequence } = readBlockSignatures(block, config, timeMs);
  const quorum = quorumOf(config.consenters.length);
  require(consenters.length >= quorum, `${consenters.length} orderers signed the block, ${quorum} have to`);
  require(sequence === block.getHeader()!.getNumber(), 'the orderers had not agreed on as many blocks');

  const peers = endorsers(action, config, timeMs);
  const majority = Math.floor(config.roots.size / 2) + 1;
  require(peers.length >=
    majority, `the peers of ${peers.length} organisations signed the digest, ${majority} have to`);
  return { version: golden.version, orderers: consenters, peers, recorded: new Date(timeMs) };
}

function require(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(`the golden file shows no recording of real Fabric: ${otherwise}`);
}

function blockOf(base64: string): common.Block {
  return common.Block.deserializeBinary(Buffer.from(base64, 'base64'));
}

interface Sealed {
  readonly action: EndorsedAction;
  /** When the transaction was proposed, milliseconds since 1970. */
  readonly timeMs: number;
}

/** The valid transaction that wrote this digest. */
function findSeal(block: common.Block, digest: string): Sealed | undefined {
  const codes = block.getMetadata()!.getMetadataList_asU8()[common.BlockMetadataIndex.TRANSACTIONS_FILTER]!;
  const envelopes = block
    .getData()!
    .getDataList_asU8()
    .map((bytes) => common.Envelope.deserializeBinary(bytes));
  const found = envelopes.find((each, place) => codes[place] === 0 && writes(actionOf(each).action, digest));
  if (!found) return undefined;
  const payload = common.Payload.deserializeBinary(found.getPayload_asU8());
  const header = common.ChannelHeader.deserializeBinary(payload.getHeader()!.getChannelHeader_asU8());
  return { action: actionOf(found), timeMs: header.getTimestamp()!.toDate().getTime() };
}

function writes(action: peer.ChaincodeAction, digest: string): boolean {
  return ledger.rwset.TxReadWriteSet.deserializeBinary(action.getResults_asU8())
    .getNsRwsetList()
    .flatMap((each) => ledger.rwset.kvrwset.KVRWSet.deserializeBinary(each.getRwset_asU8()).getWritesList())
    .some((write) => write.getKey() === SEAL_KEY && Buffer.from(write.getValue_asU8()).toString() === digest);
}

/** Organisations of which a peer signed the result. */
function endorsers({ payload }: EndorsedAction, config: ChannelConfig, atMs: number): string[] {
  const endorsed = payload.getAction()!;
  const result = endorsed.getProposalResponsePayload_asU8();
  const found = endorsed.getEndorsementsList().flatMap((each) => {
    const identity = msp.SerializedIdentity.deserializeBinary(each.getEndorser_asU8());
    const certificate = new X509Certificate(identity.getIdBytes_asU8());
    const isPeer = certificate.subject.split('\n').includes('OU=peer');
    const message = Buffer.concat([result, each.getEndorser_asU8()]);
    const isSigned = verify('sha256', message, certificate.publicKey, each.getSignature_asU8());
    return isPeer && isSigned && vouchesFor(config, identity.getMspid(), certificate, atMs)
      ? [identity.getMspid()]
      : [];
  });
  return [...new Set(found)].sort();
}
