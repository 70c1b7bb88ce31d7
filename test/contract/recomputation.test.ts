/** Rounds played through the contract, computed again by the verifier; and what it finds where they are not what they should be. */
import { generateKeyPairSync } from 'node:crypto';
import {
  type Attestation,
  type Contribution,
  ledgerKey,
  type Msp,
  type Outcome,
  type Reveal,
  type Round,
} from '@consilium/domain';
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Evidence } from '../../chaincode/verifier/src/consents/evidence.js';
import { Doubt } from '../../chaincode/verifier/src/doubt.js';
import { readArchive } from '../../chaincode/verifier/src/pack/archive.js';
import { Entries } from '../../chaincode/verifier/src/pack/entries.js';
import { Report } from '../../chaincode/verifier/src/pack/report.js';
import { checkRecomputation } from '../../chaincode/verifier/src/rounds/recomputationSubject.js';
import { isSigned } from '../../chaincode/verifier/src/wire/signature.js';
import { Archive, wholePack } from '../../gateway/src/exports/evidence/archive.js';
import { messageSigner } from '../../gateway/src/ledger/signer.js';
import { forgedTransaction } from '../network/support/forging.js';
import { CHANNEL, ComputedStudy } from '../support/computedStudy.js';
import { HOSPITALS, STUDY } from '../support/contractChannel.js';
import { testAuthority, testCertificate } from '../support/testCertificates.js';

const [CLEVELAND, HUNGARY, SWITZERLAND, VA] = HOSPITALS as [Msp, Msp, Msp, Msp];

/** A busy machine is given this long for every bit of a bundle. */
const BITS_MS_MAX = 300_000;

/** What a pack of a round holds, once its signatures are checked. */
type Held = { facts: Map<string, unknown>; grounds: Map<string, unknown>; files: Map<string, Buffer> };

async function held(study: ComputedStudy, round: number): Promise<Held> {
  const ask = async (name: 'RoundContract:roundFacts' | 'RoundContract:roundGrounds') => {
    const { items } = await study.channel.query(name, { study: STUDY, round, items: 200 });
    return new Map(items.map(({ key, value }) => [key, value]));
  };
  const facts = await ask('RoundContract:roundFacts');
  const files = new Map([...study.files].filter(([digest]) => isNamed(facts, round, digest)));
  return { facts, grounds: await ask('RoundContract:roundGrounds'), files };
}

/** Base, vectors and what is attested: what a gateway puts into the pack. */
function isNamed(facts: ReadonlyMap<string, unknown>, round: number, digest: string): boolean {
  const { base } = facts.get(ledgerKey.round(STUDY, round)) as Round;
  return [...facts].some(
    ([key, value]) =>
      base?.digest === digest || (/^(contribution|attestation)~/.test(key) && JSON.stringify(value).includes(digest)),
  );
}

/** @param envelopes of a block that is in the pack */
function found({ facts, grounds, files }: Held, round: number, envelopes: readonly Buffer[] = []): Report {
  const report = new Report();
  const all = [...facts, ...grounds].map(([key, value], k) => ({ key, value, place: { block: k, index: 0 } }));
  const part = (of: Map<string, unknown>) => ({ records: all.filter(({ key }) => of.has(key)), asOf: 0 });
  const writers = all.map(({ key }, k) => {
    const msp = key.split('~').find((name) => name.endsWith('MSP')) ?? CLEVELAND;
    return [key, { id: `transaction ${k}`, creator: { msp } }] as const;
  });
  const evidence = {
    entries: new Entries(new Map([...files].map(([digest, bytes]) => [`files/${digest}`, bytes]))),
    questions: { ask: (name: string) => part(name === 'RoundContract:roundFacts' ? facts : grounds) },
    authors: new Map(writers),
    chain: { channel: CHANNEL, numbers: () => [9], block: () => ({ envelopes }) },
    chaincode: 'consilium',
    report,
  } as unknown as Evidence;
  report.try('round', () => checkRecomputation({ study: STUDY, round }, evidence));
  return report;
}

const told = ({ failures }: Report) => failures.map(({ where, why }) => `${where}: ${why}`).join('\n');

describe.each(['open', 'private'] as const)('a study in %s mode', (mode) => {
  let study: ComputedStudy;
  beforeAll(async () => {
    study = await ComputedStudy.begin({ mode, trainingRounds: 2 });
    await study.play(1);
    await study.play(2);
    await study.play(3, [HUNGARY]);
    await study.play(4);
  });

  test('is computed again round by round, of every kind, with and without dropouts', async () => {
    const kinds = new Set<string>();
    for (let round = 0; round <= 4; round++) {
      const report = found(await held(study, round), round);
      expect(told(report)).toBe('');
      expect(report.about.join('\n')).toContain('version, computed here: ');
      kinds.add(/\((\w+),/.exec(report.about[0] ?? '')?.[1] ?? '');
    }
    expect([...kinds].sort()).toEqual(['evaluation', 'initial', 'statistics', 'training']);
  });
});

describe('what is found in a private round', () => {
  const ROUND = 3;
  let study: ComputedStudy;
  let whole: Held;
  beforeAll(async () => {
    study = await ComputedStudy.begin({ mode: 'private', trainingRounds: 2 });
    await study.play(1);
    await study.play(2);
    await study.play(ROUND, [HUNGARY]);
    await study.channel.open(4, [CLEVELAND, HUNGARY, SWITZERLAND]);
    whole = await held(study, ROUND);
    expect(told(found(whole, ROUND))).toBe('');
  });

  /** A pack of these contents, in which something is changed. */
  function changed(change: (held: Held) => void): string {
    const copy: Held = {
      facts: structuredClone(whole.facts),
      grounds: structuredClone(whole.grounds),
      files: new Map(whole.files),
    };
    change(copy);
    return told(found(copy, ROUND));
  }
  const factOf = <T>({ facts }: Held, key: string) => facts.get(key) as T;
  /** Every member attests the same other outcome. */
  function attestAll(of: Held, change: (outcome: Extract<Outcome, { kind: 'version' }>) => void): void {
    for (const msp of HOSPITALS) {
      const { outcome } = factOf<Attestation>(of, ledgerKey.attestation(STUDY, ROUND, msp));
      change(outcome as Extract<Outcome, { kind: 'version' }>);
    }
  }

  test('a wrong sum, a wrong version and false metrics that all attest alike', () => {
    const digest = 'ab'.repeat(32) as never;
    expect(
      changed((of) =>
        attestAll(of, (outcome) => {
          outcome.sumDigest = digest;
        }),
      ),
    ).toMatch(/^sum: computed here/m);
    expect(
      changed((of) =>
        attestAll(of, (outcome) => {
          outcome.digest = digest;
        }),
      ),
    ).toMatch(/^version: computed here/m);
    const better = changed((of) =>
      attestAll(of, ({ result }) => {
        (result.validation as { loss: number }).loss -= 1;
      }),
    );
    expect(better).toMatch(/^metrics: computed here/m);
    const heavier = changed((of) =>
      attestAll(of, ({ result }) => {
        result.weight = 7;
      }),
    );
    expect(heavier).toMatch(/^metrics: computed here.*"weight":7/m);
  });

  test('a record that says something else than was attested', () => {
    const key = ledgerKey.model(STUDY, ROUND);
    const record = (of: Held) => of.grounds.get(key) as { digest: string; survivors: string[]; attestedBy: string[] };
    expect(
      changed((of) => {
        record(of).digest = 'cd'.repeat(32);
      }),
    ).toMatch(/^model~heart~0000000003: it says/m);
    expect(changed((of) => void record(of).survivors.push(HUNGARY))).toMatch(/^model~heart~0000000003: it says/m);
    expect(changed((of) => void of.facts.delete(ledgerKey.attestation(STUDY, ROUND, HUNGARY)))).toMatch(
      /it says that HungaryMSP attested it, and HungaryMSP did not/,
    );
  });

  test('fewer attestations than a majority', () => {
    const few = changed((of) => {
      for (const msp of [HUNGARY, VA]) of.facts.delete(ledgerKey.attestation(STUDY, ROUND, msp));
    });
    expect(few).toMatch(/^attestations: 2 members attested one outcome, 3 are needed$/m);
  });

  test('a digest that no bytes have, bytes that another names, and bytes that nobody names', () => {
    const contributed = (of: Held, msp: Msp) => factOf<Contribution>(of, ledgerKey.contribution(STUDY, ROUND, msp));
    const { vectorDigest } = contributed(whole, CLEVELAND);
    expect(changed((of) => void of.files.delete(vectorDigest))).toMatch(
      /^recomputation: the vector of ClevelandMSP, \w{64}, is missing$/m,
    );
    const bent = changed((of) => {
      const bytes = Buffer.from(of.files.get(vectorDigest) as Buffer);
      bytes[0] = (bytes[0] as number) ^ 1;
      of.files.set(vectorDigest, bytes);
    });
    expect(bent).toContain(`files/${vectorDigest}: its SHA-256 is `);
    const other = changed((of) => {
      contributed(of, CLEVELAND).vectorDigest = contributed(of, VA).vectorDigest;
    });
    expect(other).toMatch(/^receipts for the vector of ClevelandMSP: the signature of \w+ does not hold$/m);
    // What is added up is of no masks that come off.
    expect(other).toMatch(/^(sum|outcome): computed here/m);
    expect(changed((of) => void of.files.set(study.keep(Buffer.from('more')), Buffer.from('more')))).toMatch(
      /the round does not name it$/m,
    );
  });

  test('a receipt that its signer did not give, one of a stranger, one twice, and one too few', () => {
    const receiptsOf = (of: Held) =>
      factOf<{ receipts: { msp: Msp; signature: string }[] }>(of, ledgerKey.contribution(STUDY, ROUND, CLEVELAND))
        .receipts;
    const place = /^receipts for the vector of ClevelandMSP: /m;
    const bad = changed((of) => {
      const [first, second] = receiptsOf(of);
      Object.assign(first as object, { signature: second?.signature });
    });
    expect(bad).toMatch(place);
    expect(bad).toContain('does not hold');
    expect(changed((of) => void receiptsOf(of).pop())).toMatch(/1 members signed that they hold it, 2 are needed/);
    expect(changed((of) => void Object.assign(receiptsOf(of)[0] as object, { msp: CLEVELAND }))).toContain(
      'cannot sign for it',
    );
    expect(changed((of) => void receiptsOf(of).push(receiptsOf(of)[0] as never))).toContain('cannot sign for it');
  });

  test('a share that is false, of the other kind, or lacking', async () => {
    const revealed = (of: Held) => factOf<Reveal>(of, ledgerKey.reveal(STUDY, ROUND, CLEVELAND));
    const false_ = changed((of) => {
      revealed(of).shares[0] = revealed(of).shares[2] as string;
    });
    expect(false_).toMatch(/^reveal of ClevelandMSP: its share of the selfMask of ClevelandMSP is not the one/m);
    const few = changed((of) => {
      of.facts.delete(ledgerKey.reveal(STUDY, ROUND, HUNGARY));
    });
    expect(few).toMatch(/^recomputation: only 2 shares of ClevelandMSP were revealed, 3 open it$/m);
    const { maskKey } = await study.open(ROUND, SWITZERLAND, CLEVELAND);
    const swapped = changed((of) => {
      revealed(of).shares[HOSPITALS.indexOf(SWITZERLAND)] = maskKey;
    });
    expect(swapped).toMatch(/^reveal of ClevelandMSP: it opens the maskKey of SwitzerlandMSP/m);
  });

  test('a share of the other secret in a transaction that peers refused: it was read all the same', async () => {
    const leaf = { organisation: CLEVELAND };
    const { certPem, keyPem } = await testCertificate(await testAuthority(CLEVELAND), leaf);
    const creator = { msp: CLEVELAND, certificate: certPem, key: keyPem };
    const call = { channel: CHANNEL, chaincode: 'consilium', version: '1', creator, endorsers: [], answer: null };
    const shown = async (shares: readonly (string | null)[], round = ROUND) => {
      const argument = { study: STUDY, round, shares };
      const { bytes } = await forgedTransaction({ ...call, name: 'RoundContract:reveal', argument });
      return told(found(whole, ROUND, [Buffer.from(bytes), Buffer.from('no envelope')]));
    };
    const { shares } = factOf<Reveal>(whole, ledgerKey.reveal(STUDY, ROUND, CLEVELAND));
    expect(await shown(shares)).toBe('');
    const { maskKey } = await study.open(ROUND, SWITZERLAND, CLEVELAND);
    const closed = HOSPITALS.map((msp) => (msp === SWITZERLAND ? maskKey : null));
    expect(await shown(closed)).toMatch(
      /^transaction 0 of block 9: ClevelandMSP shows its share of the maskKey of Switz/,
    );
    expect(await shown(closed, ROUND - 1)).toBe('');
    const { selfMask } = await study.open(ROUND, HUNGARY, CLEVELAND);
    const ofLost = HOSPITALS.map((msp) => (msp === HUNGARY ? selfMask : null));
    expect(await shown(ofLost)).toContain('shows its share of the selfMask of HungaryMSP');
  });

  test('an approval that is missing or of another protocol, a protocol that is changed, and a share key that is none', () => {
    expect(changed((of) => void of.grounds.delete(ledgerKey.approval(STUDY, 1, VA)))).toMatch(
      /^approvals: VaMSP has not approved the protocol$/m,
    );
    const version = (of: Held) => of.grounds.get(ledgerKey.studyVersion(STUDY, 1)) as { protocol: { seed: number } };
    expect(
      changed((of) => {
        version(of).protocol.seed += 1;
      }),
    ).toMatch(/^round: the protocol has hash/m);
    const index = (whole.facts.get(ledgerKey.round(STUDY, ROUND)) as { shareKeys: { index: number }[] }).shareKeys[0]
      ?.index;
    expect(changed((of) => void of.grounds.delete(ledgerKey.shareKey(STUDY, CLEVELAND, index ?? 0)))).toMatch(
      /^share keys: share key \d of ClevelandMSP is not the one pinned$/m,
    );
    expect(changed((of) => void of.grounds.delete(ledgerKey.model(STUDY, 2)))).toMatch(
      /^base: version 2 is not recorded/m,
    );
  });

  test('a dealer proven bad, where all say so', () => {
    const bad = changed((of) => {
      const join = factOf<{ keys: { selfMaskHash: string } }>(of, ledgerKey.join(STUDY, ROUND, SWITZERLAND));
      join.keys.selfMaskHash = Buffer.alloc(32, 9).toString('base64');
      for (const msp of HOSPITALS)
        factOf<{ outcome: Outcome }>(of, ledgerKey.attestation(STUDY, ROUND, msp)).outcome = {
          kind: 'sealed',
          reason: 'BAD_DEALER',
          dealer: SWITZERLAND,
        };
      of.grounds.delete(ledgerKey.model(STUDY, ROUND));
      for (const digest of [...of.files.keys()]) if (!isNamed(of.facts, ROUND, digest)) of.files.delete(digest);
    });
    expect(bad).toBe('');
  });
});

describe('a bundle of a round', () => {
  test(
    'with any one bit flipped is found, and the place is named, padding included',
    async () => {
      const study = await ComputedStudy.begin({ mode: 'private' });
      await study.play(1);
      const { facts, files } = await held(study, 1);
      const archive = new Archive();
      archive.addJson('answers/0000000000.json', Object.fromEntries(facts));
      for (const [digest, bytes] of files) archive.add(`files/${digest}`, bytes);
      const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
      const bundle = await wholePack(await archive.sealed(messageSigner(privateKey)));
      /** The place that is named; undefined: nothing was found. */
      const placeIn = (file: Buffer): string | undefined => {
        try {
          const { altered, signed, signature } = readArchive(file);
          if (altered.length > 0) return altered.join(' and ');
          return isSigned(publicKey, signed, signature) ? undefined : 'signature';
        } catch (error) {
          if (error instanceof Doubt) return error.message.split(':')[0];
          throw error;
        }
      };
      expect(placeIn(bundle)).toBeUndefined();
      const places = new Map<string | undefined, number>();
      for (let at = 0; at < bundle.length; at++) {
        const byte = bundle[at] as number;
        for (let bit = 0; bit < 8; bit++) {
          bundle[at] = byte ^ (1 << bit);
          const place = placeIn(bundle);
          places.set(place, (places.get(place) ?? 0) + 1);
        }
        bundle[at] = byte;
      }
      // Every bit of every entry is named as that entry's, and every other bit as what it belongs to.
      const entries = new Map([...files].map(([digest, bytes]) => [`files/${digest}`, 8 * bytes.length]));
      for (const [name, bits] of entries) expect(places.get(name)).toBe(bits);
      const named = ['first line', 'second line', 'manifest', 'signature', ...entries.keys()];
      expect([...places.keys()].sort()).toEqual([...named, 'answers/0000000000.json'].sort());
      expect([...places.values()].reduce((sum, bits) => sum + bits, 0)).toBe(8 * bundle.length);
      // What is added at the end, or cut off, is no signature.
      expect(placeIn(Buffer.concat([bundle, Buffer.of(0)]))).toBe('signature');
      expect(placeIn(bundle.subarray(0, -1))).toBe('signature');
    },
    BITS_MS_MAX,
  );
});
