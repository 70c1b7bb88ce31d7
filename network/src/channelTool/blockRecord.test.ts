import { createHash } from 'node:crypto';
import { common, ledger, peer } from '@hyperledger/fabric-protos';
import { describe, expect, test } from '@jest/globals';
import { blockHash } from './blockHash.js';
import { blockRecord } from './blockRecord.js';
import { blockLine, blockText } from './recordText.js';

/** One transaction that writes a key, deletes another and tells an event, as its sender would assemble it. */
function envelope(id: string): Uint8Array {
  const kv = new ledger.rwset.kvrwset.KVRWSet();
  const written = new ledger.rwset.kvrwset.KVWrite();
  written.setKey('study~heart');
  written.setValue(Buffer.from('{"version":2}'));
  const deleted = new ledger.rwset.kvrwset.KVWrite();
  deleted.setKey('draft');
  deleted.setIsDelete(true);
  kv.setWritesList([written, deleted]);
  const set = new ledger.rwset.NsReadWriteSet();
  set.setNamespace('consilium');
  set.setRwset(kv.serializeBinary());
  const sets = new ledger.rwset.TxReadWriteSet();
  sets.setNsRwsetList([set]);
  const event = new peer.ChaincodeEvent();
  event.setEventName('changed');
  event.setPayload(Buffer.from('now'));
  const action = new peer.ChaincodeAction();
  action.setResults(sets.serializeBinary());
  action.setEvents(event.serializeBinary());
  const response = new peer.ProposalResponsePayload();
  response.setExtension$(action.serializeBinary());
  const endorsed = new peer.ChaincodeEndorsedAction();
  endorsed.setProposalResponsePayload(response.serializeBinary());

  const chaincode = new peer.ChaincodeID();
  chaincode.setName('consilium');
  const input = new peer.ChaincodeInput();
  input.setArgsList([Buffer.from('StudyContract:proposeStudy'), Buffer.from('{"a":1}')]);
  const spec = new peer.ChaincodeSpec();
  spec.setChaincodeId(chaincode);
  spec.setInput(input);
  const invocation = new peer.ChaincodeInvocationSpec();
  invocation.setChaincodeSpec(spec);
  const proposal = new peer.ChaincodeProposalPayload();
  proposal.setInput(invocation.serializeBinary());
  const payload = new peer.ChaincodeActionPayload();
  payload.setChaincodeProposalPayload(proposal.serializeBinary());
  payload.setAction(endorsed);
  const transactionAction = new peer.TransactionAction();
  transactionAction.setPayload(payload.serializeBinary());
  const transaction = new peer.Transaction();
  transaction.setActionsList([transactionAction]);

  const channelHeader = new common.ChannelHeader();
  channelHeader.setType(common.HeaderType.ENDORSER_TRANSACTION);
  channelHeader.setTxId(id);
  const header = new common.Header();
  header.setChannelHeader(channelHeader.serializeBinary());
  const body = new common.Payload();
  body.setHeader(header);
  body.setData(transaction.serializeBinary());
  const signed = new common.Envelope();
  signed.setPayload(body.serializeBinary());
  return signed.serializeBinary();
}

function block(number: number, envelopes: Uint8Array[], codes: number[]): common.Block {
  const header = new common.BlockHeader();
  header.setNumber(number);
  header.setPreviousHash(Buffer.alloc(32, 1));
  header.setDataHash(Buffer.alloc(32, 2));
  const content = new common.BlockData();
  content.setDataList(envelopes);
  const metadata = new common.BlockMetadata();
  metadata.setMetadataList([Buffer.alloc(0), Buffer.alloc(0), Buffer.from(codes)]);
  const whole = new common.Block();
  whole.setHeader(header);
  whole.setData(content);
  whole.setMetadata(metadata);
  return whole;
}

describe('blockRecord', () => {
  test('tells who called what, what was written, and the verdict on each', () => {
    const record = blockRecord(block(7, [envelope('t1'), envelope('t2')], [0, 11]));
    expect(record.transactions.map(({ id, code }) => `${id} ${code}`)).toEqual(['t1 VALID', 't2 MVCC_READ_CONFLICT']);
    expect(record.transactions[0]).toMatchObject({
      type: 'ENDORSER_TRANSACTION',
      chaincode: 'consilium',
      name: 'StudyContract:proposeStudy',
      args: [{ json: { a: 1 } }],
      writes: [
        { namespace: 'consilium', key: 'study~heart', value: { json: { version: 2 } } },
        { namespace: 'consilium', key: 'draft' },
      ],
      event: { name: 'changed', payload: { text: 'now' } },
    });
    expect(blockLine(record)).toMatch(/^ {5}7 .* 2 \(1 invalid\) {2}StudyContract:proposeStudy$/);
    expect(blockText(record)).toContain('wrote      consilium study~heart = {"version":2}');
    expect(blockText(record)).toContain('wrote      consilium draft deleted');
  });

  test('shows an envelope that nobody can read, and one that no peer judged, as that', () => {
    const record = blockRecord(block(1, [Buffer.from('not an envelope'), envelope('t')], [2]));
    expect(record.transactions[0]).toEqual({ id: '', type: 'UNREADABLE', code: 'BAD_PAYLOAD' });
    expect(record.transactions[1]?.code).toBe('NOT_VALIDATED');
  });
});

describe('blockHash', () => {
  test.each([
    [0, '020100'],
    [127, '02017f'],
    [128, '02020080'],
    [65_536, '0203010000'],
    [2 ** 40, '0206010000000000'],
  ])('of block %d is over the number as DER has it', (number, integer) => {
    const rest = `0420${'01'.repeat(32)}0420${'02'.repeat(32)}`;
    const content = Buffer.from(integer + rest, 'hex');
    const der = Buffer.concat([Buffer.of(0x30, content.length), content]);
    expect(blockHash(number, Buffer.alloc(32, 1), Buffer.alloc(32, 2))).toEqual(
      createHash('sha256').update(der).digest(),
    );
  });
});
