import { describe, expect, test } from '@jest/globals';
import { ReadWriteSetBuilder } from '../ledger/readWriteSetBuilder.js';
import { TestAuthority } from '../testing/testAuthority.js';
import { endorsedEnvelope, signedProposal, transactionOf } from '../testing/testProposal.js';
import { unpackProposal } from './proposal.js';
import { common, encode, peer, ValidationCode } from './proto.js';
import { parseTransaction } from './transaction.js';

const authority = await TestAuthority.create('AMSP');
const alice = await authority.signer({ name: 'alice' });
const endorser = await authority.signer({ name: 'peer', units: ['peer'] });

function results(): Buffer {
  const set = new ReadWriteSetBuilder();
  set.addRead('demo', 'a', undefined);
  set.addWrite('demo', 'a', Buffer.from('1'));
  return set.build().publicBytes;
}

/** Takes an envelope apart down to its payload, lets a test alter it, and puts it together again. */
function altered(envelopeBytes: Buffer, alter: (payload: common.Payload) => void): Buffer {
  const envelope = common.Envelope.deserializeBinary(envelopeBytes);
  const payload = common.Payload.deserializeBinary(envelope.getPayload_asU8());
  alter(payload);
  envelope.setPayload(encode(payload));
  return encode(envelope);
}

function withAction(payload: common.Payload, alter: (action: peer.ChaincodeActionPayload) => void): void {
  const transaction = peer.Transaction.deserializeBinary(payload.getData_asU8());
  const action = transaction.getActionsList()[0]!;
  const actionPayload = peer.ChaincodeActionPayload.deserializeBinary(action.getPayload_asU8());
  alter(actionPayload);
  action.setPayload(encode(actionPayload));
  payload.setData(encode(transaction));
}

function withResponse(payload: common.Payload, alter: (action: peer.ChaincodeAction) => void): void {
  withAction(payload, (action) => {
    const endorsed = action.getAction()!;
    const response = peer.ProposalResponsePayload.deserializeBinary(endorsed.getProposalResponsePayload_asU8());
    const chaincodeAction = peer.ChaincodeAction.deserializeBinary(response.getExtension_asU8());
    alter(chaincodeAction);
    response.setExtension$(encode(chaincodeAction));
    endorsed.setProposalResponsePayload(encode(response));
  });
}

const good = transactionOf(alice, { results: results(), endorsers: [endorser], event: 'Put' });

describe('a transaction', () => {
  test('is taken apart', () => {
    const parsed = parseTransaction(good);
    expect([parsed.headerCode, parsed.bodyCode, parsed.contentCode]).toEqual([0, 0, 0]);
    expect(parsed.header?.channelId).toBe('testchannel');
    expect(parsed.action?.chaincode).toBe('demo');
    expect(parsed.action?.event?.getEventName()).toBe('Put');
    expect(parsed.action?.endorsements).toHaveLength(1);
    expect(parsed.action?.namespaces[0]?.writes).toEqual([{ key: 'a', value: Buffer.from('1') }]);
  });

  test('carries the transient map of its proposal nowhere', () => {
    const proposal = unpackProposal(signedProposal(alice, { transient: { secret: 'very secret' } }));
    expect(proposal.hasTransient).toBe(true);
    const envelope = endorsedEnvelope(alice, proposal, { results: results(), endorsers: [endorser] });
    expect(envelope.includes('very secret')).toBe(false);
    expect(parseTransaction(envelope).bodyCode).toBe(ValidationCode.VALID);
  });

  test.each<[string, Buffer, keyof typeof ValidationCode]>([
    ['no envelope', Buffer.from('ff', 'hex'), 'INVALID_OTHER_REASON'],
    ['no payload', encode(envelopeOf(Buffer.from('ff', 'hex'))), 'BAD_PAYLOAD'],
    ['no header', altered(good, (payload) => payload.setHeader(undefined)), 'BAD_COMMON_HEADER'],
    ['an epoch', transactionOf(alice, { results: results(), endorsers: [] }, { epoch: 1 }), 'BAD_COMMON_HEADER'],
    ['another type', transactionOf(alice, { results: results(), endorsers: [] }, { type: 99 }), 'BAD_COMMON_HEADER'],
  ])('with %s has code %s in its header', (_, bytes, name) => {
    expect(parseTransaction(bytes).headerCode).toBe(ValidationCode[name]);
  });

  test.each<[string, Buffer, keyof typeof ValidationCode]>([
    [
      'an id that is not the hash of nonce and creator',
      transactionOf(alice, { results: results(), endorsers: [] }, { transactionId: 'ab'.repeat(32) }),
      'BAD_PROPOSAL_TXID',
    ],
    ['damaged content', altered(good, (payload) => payload.setData('ff')), 'INVALID_ENDORSER_TRANSACTION'],
    [
      'other arguments than were endorsed',
      altered(good, (payload) => withAction(payload, (action) => action.setChaincodeProposalPayload('AAAA'))),
      'INVALID_ENDORSER_TRANSACTION',
    ],
    [
      'two actions',
      altered(good, (payload) => {
        const transaction = peer.Transaction.deserializeBinary(payload.getData_asU8());
        const [action] = transaction.getActionsList();
        transaction.setActionsList([action!, action!]);
        payload.setData(encode(transaction));
      }),
      'INVALID_ENDORSER_TRANSACTION',
    ],
  ])('with %s has code %s in its body', (_, bytes, name) => {
    expect(parseTransaction(bytes).bodyCode).toBe(ValidationCode[name]);
  });

  test.each<[string, Buffer, keyof typeof ValidationCode]>([
    [
      'a damaged read-write set',
      altered(good, (payload) => withResponse(payload, (action) => action.setResults('ffff'))),
      'BAD_RWSET',
    ],
    [
      'the answer of another chaincode',
      altered(good, (payload) => withResponse(payload, (action) => action.getChaincodeId()!.setName('other'))),
      'INVALID_CHAINCODE',
    ],
    [
      'no version of its chaincode',
      altered(good, (payload) => withResponse(payload, (action) => action.getChaincodeId()!.setVersion(''))),
      'INVALID_CHAINCODE',
    ],
    [
      'the event of another chaincode',
      altered(good, (payload) =>
        withResponse(payload, (action) => {
          const event = new peer.ChaincodeEvent();
          event.setChaincodeId('other');
          action.setEvents(encode(event));
        }),
      ),
      'INVALID_OTHER_REASON',
    ],
  ])('with %s has code %s in its content', (_, bytes, name) => {
    expect(parseTransaction(bytes).contentCode).toBe(ValidationCode[name]);
  });
});

function envelopeOf(payload: Buffer): common.Envelope {
  const envelope = new common.Envelope();
  envelope.setPayload(payload);
  return envelope;
}
