import { X509Certificate } from 'node:crypto';
import { common, ledger, msp, peer } from '@hyperledger/fabric-protos';
import { type LedgerValue, ledgerValue } from './ledgerValue.js';

/** A key that a transaction wrote or deleted. */
export interface WriteRecord {
  readonly namespace: string;
  readonly key: string;
  /** Absent: the key was deleted. */
  readonly value?: LedgerValue;
}

/** One transaction of a block, decoded. What cannot be decoded is absent. */
export interface TransactionRecord {
  readonly id: string;
  /** Fabric's kind: `ENDORSER_TRANSACTION`, `CONFIG`; `UNREADABLE` where the bytes are none. */
  readonly type: string;
  /** The peers' verdict: `VALID`, `MVCC_READ_CONFLICT` and so on. Only a valid transaction has changed anything. */
  readonly code: string;
  /** The sender's clock. */
  readonly at?: string;
  readonly creator?: { readonly msp: string; readonly subject: string };
  readonly chaincode?: string;
  readonly name?: string;
  readonly args?: readonly LedgerValue[];
  readonly endorsers?: readonly string[];
  readonly writes?: readonly WriteRecord[];
  readonly event?: { readonly name: string; readonly payload: LedgerValue };
}

/** Decodes one envelope of a block. */
export function transactionRecord(envelope: Uint8Array, validationCode: number): TransactionRecord {
  const code = nameIn(peer.TxValidationCode, validationCode);
  try {
    const payload = common.Payload.deserializeBinary(common.Envelope.deserializeBinary(envelope).getPayload_asU8());
    const header = payload.getHeader();
    const channelHeader = common.ChannelHeader.deserializeBinary(header?.getChannelHeader_asU8() ?? new Uint8Array());
    const signatureHeader = common.SignatureHeader.deserializeBinary(
      header?.getSignatureHeader_asU8() ?? new Uint8Array(),
    );
    const time = channelHeader.getTimestamp()?.toDate().toISOString();
    const creator = identityRecord(signatureHeader.getCreator_asU8());
    const record = {
      id: channelHeader.getTxId(),
      type: nameIn(common.HeaderType, channelHeader.getType()),
      code,
      ...(time === undefined ? {} : { at: time }),
      ...(creator === undefined ? {} : { creator }),
    };
    const isCall = channelHeader.getType() === common.HeaderType.ENDORSER_TRANSACTION;
    return isCall ? { ...record, ...callRecord(payload.getData_asU8()) } : record;
  } catch {
    return { id: '', type: 'UNREADABLE', code };
  }
}

function callRecord(bytes: Uint8Array): Partial<TransactionRecord> {
  const [action] = peer.Transaction.deserializeBinary(bytes).getActionsList();
  if (action === undefined) return {};
  const payload = peer.ChaincodeActionPayload.deserializeBinary(action.getPayload_asU8());
  const proposal = peer.ChaincodeProposalPayload.deserializeBinary(payload.getChaincodeProposalPayload_asU8());
  const spec = peer.ChaincodeInvocationSpec.deserializeBinary(proposal.getInput_asU8()).getChaincodeSpec();
  const [name, ...args] = spec?.getInput()?.getArgsList_asU8() ?? [];
  const endorsed = payload.getAction();
  const response = peer.ProposalResponsePayload.deserializeBinary(
    endorsed?.getProposalResponsePayload_asU8() ?? new Uint8Array(),
  );
  const result = peer.ChaincodeAction.deserializeBinary(response.getExtension_asU8());
  const event = peer.ChaincodeEvent.deserializeBinary(result.getEvents_asU8());
  const endorsers = (endorsed?.getEndorsementsList() ?? []).map(
    (each) => identityRecord(each.getEndorser_asU8())?.msp ?? 'unreadable',
  );
  return {
    chaincode: spec?.getChaincodeId()?.getName() ?? '',
    name: Buffer.from(name ?? []).toString(),
    args: args.map(ledgerValue),
    endorsers: endorsers.toSorted(),
    writes: writeRecords(result.getResults_asU8()),
    ...(event.getEventName() === ''
      ? {}
      : { event: { name: event.getEventName(), payload: ledgerValue(event.getPayload_asU8()) } }),
  };
}

function writeRecords(results: Uint8Array): WriteRecord[] {
  return ledger.rwset.TxReadWriteSet.deserializeBinary(results)
    .getNsRwsetList()
    .flatMap((set) =>
      ledger.rwset.kvrwset.KVRWSet.deserializeBinary(set.getRwset_asU8())
        .getWritesList()
        .map((write) => ({
          namespace: set.getNamespace(),
          key: write.getKey(),
          ...(write.getIsDelete() ? {} : { value: ledgerValue(write.getValue_asU8()) }),
        })),
    );
}

function identityRecord(bytes: Uint8Array): { msp: string; subject: string } | undefined {
  if (bytes.length === 0) return undefined;
  const identity = msp.SerializedIdentity.deserializeBinary(bytes);
  let subject: string;
  try {
    subject = new X509Certificate(identity.getIdBytes_asU8()).subject.split('\n').join(', ');
  } catch {
    subject = 'unreadable';
  }
  return { msp: identity.getMspid(), subject };
}

function nameIn(codes: object, value: number): string {
  return Object.entries(codes).find(([, code]) => code === value)?.[0] ?? String(value);
}
