/** The golden file: what shows that real Fabric answered so, what of it may not be changed, and what else is accepted. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { common } from '@hyperledger/fabric-protos';
import { describe, expect, test } from '@jest/globals';
import { CASES } from './cases/index.js';
import { readAcceptedDifferences } from './support/acceptedDifferences.js';
import { nameOf } from './support/case.js';
import { verifyEvidence } from './support/evidence.js';
import { type Golden, readGolden } from './support/golden.js';

const README = join(import.meta.dirname, 'README.md');
const golden = readGolden() as Golden;
const accepted = readAcceptedDifferences();

const blockOf = (base64: string) => common.Block.deserializeBinary(Buffer.from(base64, 'base64'));
const base64Of = (block: common.Block) => Buffer.from(block.serializeBinary()).toString('base64');

/** The golden file with its sealing block changed. */
function withBlock(change: (block: common.Block) => void): Golden {
  const block = blockOf(golden.evidence.seal);
  change(block);
  return { ...golden, evidence: { ...golden.evidence, seal: base64Of(block) } };
}

/** Changes the signatures of the orderers. */
function withSignatures(change: (signatures: common.MetadataSignature[]) => common.MetadataSignature[]): Golden {
  return withBlock((block) => {
    const parts = block.getMetadata()!.getMetadataList_asU8();
    const metadata = common.Metadata.deserializeBinary(parts[common.BlockMetadataIndex.SIGNATURES]!);
    metadata.setSignaturesList(change(metadata.getSignaturesList()));
    parts[common.BlockMetadataIndex.SIGNATURES] = metadata.serializeBinary();
    block.getMetadata()!.setMetadataList(parts);
  });
}

describe('the golden file', () => {
  test('is signed by peers of a majority and by a quorum of orderers', () => {
    const { version, peers, orderers } = verifyEvidence(golden);
    expect(version).toMatch(/^v3\.\d+\.\d+, commit [0-9a-f]+$/);
    expect(peers.length).toBeGreaterThanOrEqual(3);
    expect(orderers.length).toBeGreaterThanOrEqual(3);
  });

  test('has an answer to every case, and no other', () => {
    expect(Object.keys(golden.answers)).toEqual(CASES.map(nameOf));
  });

  test('cannot be changed in any answer', () => {
    const [name] = Object.keys(golden.answers) as [string];
    const answers = { ...golden.answers, [name]: { value: 'another' } };
    expect(() => verifyEvidence({ ...golden, answers })).toThrow(/names the digest of these answers$/);
  });

  test('cannot be given to another version', () => {
    expect(() => verifyEvidence({ ...golden, version: 'v4.0.0' })).toThrow(/names the digest of these answers$/);
  });

  test('is none with too few orderers, or one of them counted twice', () => {
    expect(() => verifyEvidence(withSignatures((all) => all.slice(0, 2)))).toThrow(
      /2 orderers signed the block, 3 have to$/,
    );
    expect(() => verifyEvidence(withSignatures(([one, two]) => [one!, one!, two!]))).toThrow(/2 orderers signed/);
  });

  test('is none with a signature of an orderer that does not hold', () => {
    const broken = withSignatures((all) =>
      all.slice(0, 3).map((each, index) => {
        const signature = Buffer.from(each.getSignature_asU8());
        signature[signature.length - 1]! ^= index === 0 ? 1 : 0;
        each.setSignature(signature);
        return each;
      }),
    );
    expect(() => verifyEvidence(broken)).toThrow(/2 orderers signed the block/);
  });

  test('is none with a block that its header does not name', () => {
    const changed = withBlock((block) => block.getData()!.setDataList([]));
    expect(() => verifyEvidence(changed)).toThrow(/a block is not what its header names$/);
  });

  test('is none with the configuration of another channel', () => {
    const { seal } = golden.evidence;
    expect(() => verifyEvidence({ ...golden, evidence: { configuration: seal, seal } })).toThrow(
      /is no configuration$/,
    );
  });
});

describe('the accepted differences', () => {
  test('are cases that differ indeed', () => {
    for (const { case: name, embedded } of accepted) {
      expect(golden.answers).toHaveProperty([name]);
      expect(golden.answers[name]).not.toEqual(embedded);
    }
  });

  test('stand in the documentation with their reasons', () => {
    const text = readFileSync(README, 'utf8');
    const rows = accepted.map(({ case: name, reason }) => `| ${name.replace(' | ', ': ')} | ${reason} |`);
    expect(rows.filter((row) => !text.includes(row))).toEqual([]);
  });
});
