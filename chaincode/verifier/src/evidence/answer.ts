/** An endorsed answer: a query that a majority of hospitals' peers answered alike and signed, and that was never submitted. */
import { LedgerPage } from '@consilium/domain';
import { checkCall, readHeaders } from '../chain/headers.js';
import { must } from '../doubt.js';
import type { Configuration } from '../membership/configuration.js';
import { list, record } from '../pack/shape.js';
import { readBase64, readCanonical } from '../wire/canonicalText.js';
import { Message } from '../wire/message.js';
import { isSigned } from '../wire/signature.js';
import { checkMajority, type Place, readCall, readResult } from './endorsement.js';

const STATUS_OK = 200;

const base64 = (value: unknown, what: string) => readBase64(value, what);
const AnswerShape = record({
  endorsements: list(record({ endorser: base64, signature: base64 })),
  payload: base64,
  proposal: base64,
  signature: base64,
});

export type LedgerRecord = Readonly<{ key: string; value: unknown; place: Place }>;

export type Answer = Readonly<{
  /** `ConsentContract:consentHistory` and the like. */
  name: string;
  /** As it was asked, without paging. */
  query: Readonly<Record<string, unknown>>;
  cursor: string | undefined;
  next: string | null;
  records: readonly LedgerRecord[];
  /** Each record that the peers read for it, answered or not, and where it was written. */
  reads: ReadonlyMap<string, Place>;
  /** The asker's clock; peers let at most ASKED_SKEW_MS_MAX pass. */
  at: number;
  asker: string;
  endorsers: readonly string[];
  /** SHA-256 of the chaincode that answered, as the hospitals committed it. */
  chaincodeDigest: string;
}>;

/** @throws Doubt */
export function readAnswer(
  content: Buffer,
  { channel, chaincode, configuration }: Readonly<{ channel: string; chaincode: string; configuration: Configuration }>,
): Answer {
  const parts = AnswerShape(readCanonical(content, 'the answer'), 'the answer');
  const proposal = new Message(parts.proposal, 'a proposal');
  const headers = readHeaders(proposal.message(1, 'header'));
  checkCall(headers, channel, chaincode);
  const asker = configuration.member(headers.creator, headers.at);
  must(
    isSigned(asker.certificate.x509.publicKey, parts.proposal, parts.signature),
    `the question is not signed by ${asker.certificate.subject}`,
  );
  const callPayload = proposal.bytes(2);
  const { name, argument } = readCall(callPayload, chaincode);
  const result = readResult(parts.payload, headers, callPayload, chaincode);
  must(result.status === STATUS_OK, `the chaincode refused, with status ${result.status}`);
  must(result.writes.size === 0, 'the answer writes: it is no query');
  const endorsers = checkMajority(parts.payload, parts.endorsements, configuration, headers.at);
  const page = LedgerPage.parse(readCanonical(result.payload, 'what the chaincode answered'));
  const { query, cursor } = readQuery(argument);
  return {
    name,
    query,
    cursor,
    next: page.cursor,
    records: page.items.map(({ key, value }) => {
      const place = result.reads.get(key);
      must(place !== undefined, `${key} was answered, but is not in what the peers read`);
      return { key, value, place };
    }),
    reads: result.reads,
    at: headers.at,
    asker: `${asker.certificate.subject} of ${asker.msp}`,
    endorsers,
    chaincodeDigest: result.version,
  };
}

function readQuery(argument: string): { query: Record<string, unknown>; cursor: string | undefined } {
  const value: unknown = JSON.parse(argument);
  must(typeof value === 'object' && value !== null, 'a query that is no record');
  const { cursor, items: _, ...query } = value as Record<string, unknown>;
  must(cursor === undefined || typeof cursor === 'string', 'a query whose cursor is no text');
  return { query, cursor };
}
