/** What peers signed: the result of one call, and that a majority of hospitals came to the same. */

import type { Headers } from '../chain/headers.js';
import { Doubt, must } from '../doubt.js';
import { printable } from '../membership/certificate.js';
import type { Configuration } from '../membership/configuration.js';
import { Message } from '../wire/message.js';
import { sha256 } from '../wire/sha256.js';
import { isSigned } from '../wire/signature.js';

export type Endorsement = Readonly<{ endorser: Buffer; signature: Buffer }>;

/** Place of a transaction: its block, and its number in it. */
export type Place = Readonly<{ block: number; index: number }>;

export type Result = Readonly<{
  status: number;
  /** What the contract answered. */
  payload: Buffer;
  /** The chaincode's digest, as its definition on the channel has it. */
  version: string;
  /** Each record of the chaincode that it read, and where it was last written. */
  reads: ReadonlyMap<string, Place>;
  /** Whether a range was so long that its reads are only told by a hash. */
  isSummarised: boolean;
  writes: ReadonlyMap<string, Buffer>;
}>;

/** Reads a call's function and its one argument. @throws Doubt */
export function readCall(payload: Buffer, chaincode: string): { name: string; argument: string } {
  const proposal = new Message(payload, 'a call');
  must(!proposal.has(2), 'a call with transient data, which nobody signed');
  const spec = new Message(proposal.bytes(1), 'a call').message(1, 'chaincode');
  must(spec.message(2, 'chaincode').text(2) === chaincode, `the call is not of chaincode ${chaincode}`);
  const args = spec.message(3, 'arguments').texts(1);
  const [name, argument] = args;
  must(args.length === 2 && name !== undefined && argument !== undefined, 'a call without its one argument');
  return { name, argument };
}

/** @param payload that peers signed: Fabric's `ProposalResponsePayload`. @throws Doubt where it answers another call */
export function readResult(payload: Buffer, headers: Headers, callPayload: Buffer, chaincode: string): Result {
  const response = new Message(payload, 'an answer');
  const asked = sha256(headers.channelHeaderBytes, headers.signatureHeaderBytes, callPayload);
  must(response.bytes(1).equals(asked), 'the answer is one to another call');
  const action = new Message(response.bytes(2), 'an answer');
  const id = action.message(4, 'chaincode');
  must(id.text(2) === chaincode, `the answer is not of chaincode ${chaincode}`);
  const answer = action.message(3, 'response');
  return {
    status: answer.number(1),
    payload: answer.bytes(3),
    version: id.text(3),
    ...readWriteSet(action.bytes(1), chaincode),
  };
}

function readWriteSet(bytes: Buffer, chaincode: string): Pick<Result, 'reads' | 'writes' | 'isSummarised'> {
  const reads = new Map<string, Place>();
  const writes = new Map<string, Buffer>();
  let isSummarised = false;
  const sets = new Message(bytes, 'a read-write set').messages(2, 'a namespace');
  for (const set of sets.filter((each) => each.text(1) === chaincode)) {
    const keys = new Message(set.bytes(2), 'a read-write set');
    const ranges = keys.messages(2, 'a range');
    isSummarised ||= ranges.some((range) => range.has(5));
    const inRanges = ranges.flatMap((range) => new Message(range.bytes(4), 'reads').messages(1, 'a read'));
    for (const read of [...keys.messages(1, 'a read'), ...inRanges]) {
      if (!read.has(2)) continue;
      const version = read.message(2, 'version');
      reads.set(read.text(1), { block: version.number(1), index: version.number(2) });
    }
    for (const write of keys.messages(3, 'a write')) if (!write.flag(2)) writes.set(write.text(1), write.bytes(3));
  }
  return { reads, writes, isSummarised };
}

/**
 * Counts the hospitals whose peer signed this payload, each once.
 * @returns their MSP ids
 * @throws Doubt where they are no majority of the channel
 */
export function checkMajority(
  payload: Buffer,
  endorsements: readonly Endorsement[],
  configuration: Configuration,
  at: number,
): string[] {
  const found = new Set<string>();
  const reasons: string[] = [];
  for (const { endorser, signature } of endorsements) {
    try {
      const { msp, unit, certificate } = configuration.member(endorser, at);
      must(unit === 'peer', `${certificate.subject} of ${msp} is no peer`);
      const holds = isSigned(certificate.x509.publicKey, Buffer.concat([payload, endorser]), signature);
      must(holds, `the endorsement of ${certificate.subject} does not hold`);
      must(!found.has(msp), `${msp} endorsed twice`);
      found.add(msp);
    } catch (error) {
      if (!(error instanceof Doubt)) throw error;
      reasons.push(error.message);
    }
  }
  // One that does not hold has no business in a pack, also where the others are enough.
  must(
    reasons.length === 0 && found.size >= configuration.majority,
    [
      `${found.size} of ${configuration.organizations.size} hospitals endorsed it, ${configuration.majority} are a majority`,
      ...reasons,
    ]
      .map(printable)
      .join('; '),
  );
  return [...found].sort();
}
