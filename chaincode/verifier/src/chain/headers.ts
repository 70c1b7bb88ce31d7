/** The two headers of a proposal or transaction: what it is, of which channel, who made it, and when. */
import { must } from '../doubt.js';
import { Message } from '../wire/message.js';
import { sha256 } from '../wire/sha256.js';

export type Headers = Readonly<{
  type: number;
  channel: string;
  transactionId: string;
  /** The creator's clock, in milliseconds since 1970. */
  at: number;
  /** Serialised identity. */
  creator: Buffer;
  /** Name of the chaincode that is called; empty where none is. */
  chaincode: string;
  channelHeaderBytes: Buffer;
  signatureHeaderBytes: Buffer;
}>;

/** @throws Doubt */
export function readHeaders(header: Message): Headers {
  const [channelHeaderBytes, signatureHeaderBytes] = [header.bytes(1), header.bytes(2)];
  const channelHeader = new Message(channelHeaderBytes, 'a channel header');
  const signatureHeader = new Message(signatureHeaderBytes, 'a signature header');
  const timestamp = new Message(channelHeader.bytes(3), 'a timestamp');
  const extension = new Message(channelHeader.bytes(7), 'a header extension');
  return {
    type: channelHeader.number(1),
    channel: channelHeader.text(4),
    transactionId: channelHeader.text(5),
    at: timestamp.number(1) * 1000 + Math.floor(timestamp.number(2) / 1e6),
    creator: signatureHeader.bytes(1),
    chaincode: extension.has(2) ? extension.message(2, 'chaincode').text(2) : '',
    channelHeaderBytes,
    signatureHeaderBytes,
  };
}

/** Fabric's type of a transaction that peers endorsed. */
const ENDORSER_TRANSACTION = 3;

/** That it calls this chaincode in this channel, under the id that its creator and nonce make. @throws Doubt */
export function checkCall(headers: Headers, channel: string, chaincode: string): void {
  must(headers.type === ENDORSER_TRANSACTION, 'it is no call of a chaincode');
  must(headers.channel === channel, `it is of channel ${headers.channel}, not of ${channel}`);
  must(headers.chaincode === chaincode, `it calls chaincode ${headers.chaincode}, not ${chaincode}`);
  const nonce = new Message(headers.signatureHeaderBytes, 'a signature header').bytes(2);
  must(
    sha256(nonce, headers.creator).toString('hex') === headers.transactionId,
    'its id is not of its creator and nonce',
  );
}
