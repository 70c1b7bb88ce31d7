/**
 * Every byte of a pack from a running channel, changed in turn: each change is found, and what it hit is named. The pack is one
 * that `test/network/evidence.test.ts` makes, kept here as it came; nobody has the keys of that channel any more.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, jest, test } from '@jest/globals';
import type { Chain } from './chain/chain.js';
import { readAbout } from './pack/about.js';
import { readArchive } from './pack/archive.js';
import { Entries } from './pack/entries.js';
import { readAnswers } from './pack/packAnswers.js';
import { readAuthors } from './pack/packAuthors.js';
import { readChain } from './pack/packChain.js';
import { Report } from './pack/report.js';
import { verifyPack } from './verifyPack.js';
import { lengthField } from './wire/message.js';
import { isSigned } from './wire/signature.js';

jest.setTimeout(240_000);

const GENESIS = '7da6bd202c0e8d117caf655bf66535f9d98ec3895c0323baa81c4e806753ae9d';
const pack = readFileSync(join(import.meta.dirname, 'testing/record.evidence'));
const archive = readArchive(pack);
const names = [...archive.entries.keys()].sort();
const HEAD_BYTES = archive.signed.length;
const SIGNATURE_START = pack.length - archive.signature.length;
/** Where each entry begins. */
const starts = new Map<string, number>();
for (let at = HEAD_BYTES, k = 0; k < names.length; k += 1) {
  const name = names[k] as string;
  starts.set(name, at);
  at += (archive.entries.get(name) as Buffer).length;
}
const entries = (changed: Iterable<readonly [string, Buffer]> = []) =>
  new Entries(new Map([...archive.entries, ...changed]));
const about = readAbout(entries().json('about.json'));
const chain = readChain(entries(), new Report()) as Chain;
const questions = readAnswers(entries(), chain, about, new Report());

function flipped(of: Buffer, at: number, mask: number): Buffer {
  const changed = Buffer.from(of);
  changed[at] = (changed[at] as number) ^ mask;
  return changed;
}
const eachBit = [1, 2, 4, 8, 16, 32, 64, 128];

describe('a change by anybody but its signer', () => {
  test('the pack holds as it is, and its parts are all of it', () => {
    expect(verifyPack(pack, GENESIS)).toMatchObject({ failures: [], genesis: GENESIS });
    expect(names).toHaveLength(12);
    const content = names.reduce((sum, name) => sum + (archive.entries.get(name) as Buffer).length, 0);
    expect(HEAD_BYTES + content + archive.signature.length).toBe(pack.length);
  });

  test('of any bit of the head is found, and the line or the manifest named', () => {
    const named = (file: Buffer): string => {
      try {
        readArchive(file);
        return '';
      } catch (error) {
        return (error as Error).message;
      }
    };
    const missed: number[] = [];
    for (let at = 0; at < HEAD_BYTES; at += 1) {
      const part = at < 21 ? /^first line/ : at < 97 ? /^(second line|manifest)/ : /^manifest/;
      if (!eachBit.every((mask) => part.test(named(flipped(pack, at, mask))))) missed.push(at);
    }
    expect(missed).toEqual([]);
    expect(verifyPack(flipped(pack, 100, 1), GENESIS).failures).toMatchObject([{ where: 'file' }]);
  });

  test('of any byte of any entry is found, and that entry named, and no other', () => {
    const longest = Math.max(...[...archive.entries.values()].map(({ length }) => length));
    const missed: string[] = [];
    // Each entry is held to a digest of its own, so one byte of each is changed at a time.
    for (let at = 0; at < longest; at += 1)
      for (const mask of [1 << (at % 8), 0xff]) {
        const hit = names.filter((name) => at < (archive.entries.get(name) as Buffer).length);
        const changed = Buffer.from(pack);
        for (const name of hit) {
          const place = (starts.get(name) as number) + at;
          changed[place] = (changed[place] as number) ^ mask;
        }
        const { altered } = readArchive(changed);
        if (altered.join() !== hit.join()) missed.push(`${at} ${mask}`);
      }
    expect(missed).toEqual([]);
    for (const name of names) {
      const { failures } = verifyPack(flipped(pack, starts.get(name) as number, 1), GENESIS);
      expect(failures.find(({ where }) => where === name)?.why).toMatch(/bytes are not those/);
    }
  });

  test('of any bit of the signature is found', () => {
    const { certificate } = chain.newest.person(about.msp, Buffer.from(about.signer, 'base64'), about.createdAt);
    const holds = (signature: Buffer) => isSigned(certificate.x509.publicKey, archive.signed, signature);
    expect(holds(archive.signature)).toBe(true);
    for (let at = 0; at < archive.signature.length; at += 1)
      for (const mask of eachBit) expect(holds(flipped(archive.signature, at, mask))).toBe(false);
    const { failures } = verifyPack(flipped(pack, SIGNATURE_START + 9, 1), GENESIS);
    expect(failures).toMatchObject([{ where: 'signature' }]);
  });
});

/** What is found where the signer changes an entry, and names its new digest. */
function foundIn(name: string, changed: Buffer): boolean {
  const report = new Report();
  const of = entries([[name, changed]]);
  if (name.startsWith('answers/')) readAnswers(of, chain, about, report);
  else if (name.startsWith('transactions/')) readAuthors(of, chain, about.chaincode, questions, report);
  else if (readChain(of, report)?.genesis !== GENESIS) report.fail('genesis', 'another');
  return report.failures.length > 0;
}
const of = (folder: string) => names.filter((name) => name.startsWith(`${folder}/`));

describe('a change by its signer, of what others signed', () => {
  test('of any byte of the first block is found', () => {
    const [name = ''] = of('blocks');
    const content = archive.entries.get(name) as Buffer;
    const missed: number[] = [];
    for (let at = 0; at < content.length; at += 1) {
      // Of its end, which no hash is over, every bit.
      const masks = at > content.length - 64 ? eachBit : [1 << (at % 8)];
      if (!masks.every((mask) => foundIn(name, flipped(content, at, mask)))) missed.push(at);
    }
    expect(missed).toEqual([]);
  });

  test.each([
    ['seals', 11],
    ['answers', 61],
    ['transactions', 97],
  ])('of bytes of its %s is found', (folder, step) => {
    const missed: string[] = [];
    for (const name of of(folder)) {
      const content = archive.entries.get(name) as Buffer;
      for (let at = content.length % step; at < content.length; at += step)
        if (!foundIn(name, flipped(content, at, 1 << (at % 8)))) missed.push(`${name} ${at}`);
    }
    expect(missed).toEqual([]);
  });

  test.each(['blocks', 'seals', 'transactions'])('is found where something is added to one of its %s', (folder) => {
    const [name = ''] = of(folder);
    const content = archive.entries.get(name) as Buffer;
    for (const more of [lengthField(9, Buffer.of(1)), lengthField(3, Buffer.alloc(0)), Buffer.of(0x48, 0)])
      expect(foundIn(name, Buffer.concat([content, more]))).toBe(true);
  });
});
