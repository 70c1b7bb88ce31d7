/** Checks an evidence pack: offline, with nothing but the pack and the hash of the channel's first block. */

import type { Chain } from './chain/chain.js';
import { checkSubject } from './consents/subject.js';
import { must } from './doubt.js';
import { type About, readAbout } from './pack/about.js';
import { type Archive, readArchive } from './pack/archive.js';
import { Entries } from './pack/entries.js';
import { readAnswers } from './pack/packAnswers.js';
import { readAuthors } from './pack/packAuthors.js';
import { readChain } from './pack/packChain.js';
import { Report } from './pack/report.js';
import { readBase64 } from './wire/canonicalText.js';
import { isSigned } from './wire/signature.js';

/** @param genesis hash of the channel's first block, from a source other than the pack; undefined: not compared */
export function verifyPack(file: Buffer, genesis: string | undefined): Report {
  const report = new Report();
  const archive = report.try('file', () => readArchive(file));
  if (!archive) return report;
  for (const name of archive.altered) report.fail(name, 'its bytes are not those that the manifest names');
  const entries = new Entries(archive.entries);
  const about = report.try('about.json', () => readAbout(entries.json('about.json')));
  const chain = readChain(entries, report);
  if (chain) {
    report.genesis = chain.genesis;
    if (genesis !== undefined && genesis !== chain.genesis)
      report.fail('genesis', `the pack is of another channel: its first block is ${chain.genesis}, not ${genesis}`);
  }
  if (!about || !chain) return report;
  report.try('about.json', () => checkAbout(about, chain));
  report.try('signature', () => checkPackSignature(archive, about, chain, report));
  const questions = readAnswers(entries, chain, about, report);
  const authors = readAuthors(entries, chain, about.chaincode, questions, report);
  checkSubject(about.subject, {
    entries,
    questions,
    authors,
    chain,
    chaincode: about.chaincode,
    report,
  });
  for (const name of entries.unread()) report.fail(name, 'nothing of this kind belongs into a pack of this kind');
  return report;
}

function checkAbout(about: About, chain: Chain): void {
  must(about.genesis === chain.genesis, `it names genesis ${about.genesis}`);
  must(about.channel === chain.channel, `it names channel ${about.channel}`);
  must(about.height === chain.tip + 1, `it names ${about.height} blocks, and the newest one here is ${chain.tip}`);
}

/** Whoever had the pack made signed it, so that nobody else can change what is not signed inside. */
function checkPackSignature({ signed, signature }: Archive, about: About, chain: Chain, report: Report): void {
  const { certificate } = chain.newest.person(about.msp, readBase64(about.signer, 'signer'), about.createdAt);
  must(
    isSigned(certificate.x509.publicKey, signed, signature),
    'the signature under the pack does not hold: it was changed, or something was added at its end',
  );
  report.about.push(`made at: ${about.msp}, ${new Date(about.createdAt).toISOString()}, at height ${about.height}`);
  report.about.push(`signed by: ${certificate.subject}${certificate.role ? `, ${certificate.role}` : ''}`);
}
