/** What a round rests on: approvals of its protocol, members' keys, and the versions that it began with. */
import { ledgerKey, type Msp, sha256Hex } from '@consilium/domain';
import { must } from '../doubt.js';
import type { Authors } from '../pack/packAuthors.js';
import type { Report } from '../pack/report.js';
import type { RoundRecords } from './roundRecords.js';

export function checkGrounds(records: RoundRecords, authors: Authors, report: Report): void {
  report.try('approvals', () => checkApprovals(records));
  report.try('members', () => checkMembers(records));
  report.try('share keys', () => checkShareKeys(records));
  report.try('base', () => checkBase(records));
  report.try('authors', () => checkOwnWriting(records, authors));
}

function checkApprovals({ version, approvals, facts }: RoundRecords): void {
  for (const msp of version.protocol.members) {
    const approval = approvals.get(msp);
    must(approval !== undefined, `${msp} has not approved the protocol`);
    must(approval.protocolHash === facts.round.protocolHash, `${msp} approved another protocol`);
  }
}

function checkMembers({ version, members, facts }: RoundRecords): void {
  for (const msp of facts.round.available) {
    must(version.protocol.members.includes(msp), `${msp} may join, and is no member of the study`);
    must(members.has(msp), `${msp} may join, and has not registered`);
  }
  const { joins, contributions, attestations } = facts;
  for (const msp of joins.keys()) must(facts.round.available.includes(msp), `${msp} joined, and may not`);
  for (const msp of contributions.keys()) must(joins.has(msp), `${msp} contributed, and did not join`);
  for (const msp of attestations.keys())
    must(version.protocol.members.includes(msp), `${msp} attested, and is no member of the study`);
}

/** Every key that shares were sealed to is the one that its holder registered. */
function checkShareKeys({ facts, shareKeys, version }: RoundRecords): void {
  const { shareKeys: pinned, kind } = facts.round;
  const isMasked = version.protocol.mode === 'private' && kind !== 'initial';
  must((pinned !== undefined) === isMasked, 'whether it is masked is not what the protocol says');
  for (const { msp, index, hash } of pinned ?? []) {
    const key = shareKeys.find((each) => each.msp === msp && each.index === index);
    must(key !== undefined && sha256Hex(key.publicKey) === hash, `share key ${index} of ${msp} is not the one pinned`);
  }
}

/** The base and its parent are recorded versions of the study. */
function checkBase({ facts, models }: RoundRecords): void {
  const { base, candidateParent, kind } = facts.round;
  must((base === null) === (kind === 'initial'), 'an initial round alone has no base');
  for (const version of [base, candidateParent]) {
    if (!version) continue;
    const recorded = models.get(version.version);
    must(
      recorded?.digest === version.digest,
      `version ${version.version} is not recorded with digest ${version.digest}`,
    );
  }
}

/** Each hospital writes its own facts and keys, and no other's. */
function checkOwnWriting({ facts, shareKeys, members }: RoundRecords, authors: Authors): void {
  const { study, round } = facts.round;
  const nouns = { join: facts.joins, contribution: facts.contributions, reveal: facts.reveals } as const;
  const keys: [key: string, msp: Msp][] = [
    ...Object.entries(nouns).flatMap(([noun, of]) =>
      [...of.keys()].map((msp): [string, Msp] => [ledgerKey[noun as keyof typeof nouns](study, round, msp), msp]),
    ),
    ...[...facts.attestations.keys()].map((msp): [string, Msp] => [ledgerKey.attestation(study, round, msp), msp]),
    ...[...members.keys()].map((msp): [string, Msp] => [ledgerKey.member(study, msp), msp]),
    ...shareKeys.map(({ msp, index }): [string, Msp] => [ledgerKey.shareKey(study, msp, index), msp]),
  ];
  for (const [key, msp] of keys) {
    const author = authors.get(key);
    // Where its transaction is missing or does not hold, that was named already.
    if (author) must(author.creator.msp === msp, `${key} was written by ${author.creator.msp}`);
  }
}
