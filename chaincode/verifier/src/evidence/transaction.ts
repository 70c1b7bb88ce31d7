/** A transaction as its creator signed and a majority endorsed it: who wrote a record, when, and with which arguments. */
import { checkCall, readHeaders } from '../chain/headers.js';
import { must } from '../doubt.js';
import type { Configuration } from '../membership/configuration.js';
import type { Member } from '../membership/organization.js';
import { lengthField, Message } from '../wire/message.js';
import { isSigned } from '../wire/signature.js';
import { checkMajority, readCall, readResult } from './endorsement.js';

export type SignedTransaction = Readonly<{
  id: string;
  /** The creator's clock, in milliseconds since 1970; peers of a majority found it right within seconds. */
  at: number;
  creator: Member;
  /** `ConsentContract:recordConsents` and the like. */
  name: string;
  /** The one argument: its command, as JSON. */
  argument: string;
  writes: ReadonlyMap<string, Buffer>;
  endorsers: readonly string[];
}>;

/** @param configuration in force at its block. @throws Doubt */
export function readTransaction(
  bytes: Buffer,
  { channel, chaincode }: Readonly<{ channel: string; chaincode: string }>,
  configuration: Configuration,
): SignedTransaction {
  const envelope = new Message(bytes, 'an envelope');
  const [payloadBytes, signature] = [envelope.bytes(1), envelope.bytes(2)];
  const plain = Buffer.concat([lengthField(1, payloadBytes), lengthField(2, signature)]);
  must(plain.equals(bytes), 'an envelope with more in it than payload and signature');
  const payload = new Message(payloadBytes, 'a payload');
  const headers = readHeaders(payload.message(1, 'header'));
  checkCall(headers, channel, chaincode);
  const creator = configuration.member(headers.creator, headers.at);
  must(
    creator.unit === 'client' || creator.unit === 'admin',
    `${creator.certificate.subject} is a ${creator.unit}, not a person`,
  );
  must(
    isSigned(creator.certificate.x509.publicKey, payloadBytes, signature),
    `the signature of ${creator.certificate.subject} does not hold`,
  );
  const [action, ...others] = new Message(payload.bytes(2), 'a transaction').messages(1, 'an action');
  must(action !== undefined && others.length === 0, 'a transaction of other than one action');
  must(action.bytes(1).equals(headers.signatureHeaderBytes), 'an action of another creator');
  const call = new Message(action.bytes(2), 'an action');
  const callPayload = call.bytes(1);
  const endorsed = call.message(2, 'endorsements');
  const result = readResult(endorsed.bytes(1), headers, callPayload, chaincode);
  const endorsements = endorsed
    .messages(2, 'an endorsement')
    .map((each) => ({ endorser: each.bytes(1), signature: each.bytes(2) }));
  return {
    id: headers.transactionId,
    at: headers.at,
    creator,
    ...readCall(callPayload, chaincode),
    writes: result.writes,
    endorsers: checkMajority(endorsed.bytes(1), endorsements, configuration, headers.at),
  };
}
