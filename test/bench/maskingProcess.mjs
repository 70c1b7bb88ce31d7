/**
 * `maskingProcess.mjs ELEMENTS HOSPITALS`: masks one hospital's vector, adds up everybody's from the disk one after another,
 * and unmasks the sum; tells seconds and memory, and that the sum was exact.
 */
import { createHash } from 'node:crypto';
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addElements, vectorBytes } from '../../gateway/dist/privacy/fixedPoint.js';
import { maskVector, unmaskSum } from '../../gateway/dist/privacy/masks/maskedRound.js';
import { commitmentsOf, makeMaskSecrets } from '../../gateway/dist/privacy/masks/maskSecrets.js';

const PIECE = Buffer.alloc(1024 * 1024);
const [elements, hospitals] = process.argv.slice(2).map(Number);
const folder = mkdtempSync(join(tmpdir(), 'consilium-masking-'));
const members = Array.from({ length: hospitals }, (_, k) => `H${k}MSP`);
const secrets = new Map(members.map((msp) => [msp, makeMaskSecrets()]));
const round = {
  ...{ channel: 'consilium', study: 'bench', round: 1, baseDigest: '01'.repeat(32), protocolHash: '02'.repeat(32) },
  roster: new Map([...secrets].map(([msp, own]) => [msp, commitmentsOf(own)])),
};

function cpuSeconds(work) {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

/** Any numbers, the same whenever they are asked for. */
function fillVector(vector, member) {
  for (let i = 0; i < vector.length; i++) vector[i] = Math.imul(i + 1, 2_654_435_761 + 2 * member) >> 8;
}

function digest(vector) {
  return createHash('sha256').update(vectorBytes(vector)).digest('hex');
}

/** Adds a vector to a sum as it comes from the disk. */
function addFromDisk(sum, msp) {
  const file = openSync(join(folder, msp));
  for (let at = 0; at < sum.length; at += PIECE.length / 4)
    addElements(sum, PIECE.subarray(0, readSync(file, PIECE)), at);
  closeSync(file);
}

try {
  // The modules and the keystream warm up on a small vector; what the process then holds is no part of the masking.
  maskVector(round, members[0], secrets.get(members[0]), new Int32Array(100_000));
  const atRestKiB = process.resourceUsage().maxRSS;

  const vector = new Int32Array(elements);
  const maskings = [];
  for (const [k, msp] of members.entries()) {
    fillVector(vector, k);
    maskings.push(cpuSeconds(() => maskVector(round, msp, secrets.get(msp), vector)));
    writeFileSync(join(folder, msp), vectorBytes(vector));
  }

  const unmasked = (survivors) => {
    // In the memory that the own vector had.
    const sum = vector.fill(0);
    const sumSeconds = cpuSeconds(() => {
      for (const msp of survivors) addFromDisk(sum, msp);
    });
    const recovered = members.map((msp) => {
      const kind = survivors.includes(msp) ? 'self' : 'mask';
      return [msp, { kind, secret: secrets.get(msp)[kind === 'self' ? 'selfMask' : 'maskKey'] }];
    });
    const unmaskSeconds = cpuSeconds(() => unmaskSum(round, new Map(recovered), sum));
    return { sumSeconds, unmaskSeconds, digest: digest(sum) };
  };
  const all = unmasked(members);
  const peakKiB = process.resourceUsage().maxRSS - atRestKiB;
  const some = unmasked(members.slice(1));

  const expected = (first) => {
    const sum = new Int32Array(elements);
    for (let k = first; k < hospitals; k++) {
      fillVector(vector, k);
      for (let i = 0; i < elements; i++) sum[i] = (sum[i] + vector[i]) | 0;
    }
    return digest(sum);
  };
  if (all.digest !== expected(0) || some.digest !== expected(1)) throw new Error('the sum is not exact');
  process.send({
    maskSeconds: maskings.reduce((sum, seconds) => sum + seconds, 0) / maskings.length,
    sumSeconds: all.sumSeconds,
    unmaskSeconds: all.unmaskSeconds,
    unmaskDropoutSeconds: some.unmaskSeconds,
    peakMiB: peakKiB / 1024,
  });
} finally {
  rmSync(folder, { recursive: true, force: true });
}
