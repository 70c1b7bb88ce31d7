/**
 * One hospital's part of one masked round, as its gateway does it, in a process of its own so that its memory can be told:
 * masks its vector, keeps it in the place of the secrets and as a file, takes in the others' (checks their digest and stores
 * them), adds all up as they are read back, and takes the masks off.
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sumFromDisk } from '../../gateway/dist/agent/sumFromDisk.js';
import { vectorBytes } from '../../gateway/dist/privacy/fixedPoint.js';
import { maskVector, unmaskSum } from '../../gateway/dist/privacy/roundMasks.js';
import { makeX25519Pair } from '../../gateway/dist/privacy/x25519Keys.js';
import { FileRoundSecrets } from '../../gateway/dist/secrets/roundSecrets.js';
import { FileBlobs } from '../../gateway/dist/store/fileBlobs.js';

const elements = Number(process.argv[2]);
const WATCH_MS = 5;
const round = {
  channel: 'consilium',
  study: 'bench',
  round: 1,
  baseDigest: 'a'.repeat(64),
  rosterDigest: 'b'.repeat(64),
  protocolHash: 'c'.repeat(64),
};
const hospitals = ['AMSP', 'BMSP', 'CMSP', 'DMSP'];
const dealers = hospitals.map((msp) => {
  const { privateKey, publicKey } = makeX25519Pair();
  return { msp, publicKey, secrets: { selfMask: Uint8Array.from(randomBytes(32)), maskKey: privateKey } };
});
const roster = new Map(dealers.map(({ msp, publicKey }) => [msp, publicKey]));
const plainValue = (i, k) => ((i * 7_919 + k) % 2_001) - 1_000;
function plain(k) {
  const vector = new Int32Array(elements);
  for (let i = 0; i < elements; i++) vector[i] = plainValue(i, k);
  return vector;
}

/** CPU seconds, and the largest resident set meanwhile beyond what it was before, MiB. */
async function measured(work) {
  global.gc();
  const rssBefore = process.memoryUsage.rss();
  let most = rssBefore;
  const watch = () => {
    most = Math.max(most, process.memoryUsage.rss());
  };
  const timer = setInterval(watch, WATCH_MS);
  const before = process.cpuUsage();
  const result = await work();
  const { user, system } = process.cpuUsage(before);
  watch();
  clearInterval(timer);
  return { result, seconds: (user + system) / 1e6, extraMiB: Math.max(0, most - rssBefore) / 2 ** 20 };
}

const folder = await mkdtemp(join(tmpdir(), 'consilium-masking-'));
try {
  const log = { info() {}, warn() {}, error() {} };
  const blobs = await FileBlobs.open(join(folder, 'blobs'), log);
  const secrets = new FileRoundSecrets(join(folder, 'secrets'));
  // Once small, so that what is measured is not the compiler.
  maskVector(new Int32Array(100_000), round, 'AMSP', dealers[0].secrets, roster);
  unmaskSum(new Int32Array(100_000), round, roster, {
    selfMasks: new Map([['BMSP', dealers[1].secrets.selfMask]]),
    maskKeys: new Map([['AMSP', dealers[0].secrets.maskKey]]),
  });

  const contributions = [];
  let [maskSeconds, keepSeconds] = [0, 0];
  for (const [k, { msp, secrets: own }] of dealers.entries()) {
    const vector = plain(k);
    const masked = await measured(async () => maskVector(vector, round, msp, own, roster));
    if (k === 0) {
      maskSeconds = masked.seconds;
      keepSeconds = (await measured(() => secrets.keepMasked('bench', 1, vectorBytes(vector)))).seconds;
    }
    contributions.push({ msp, round: 1, vectorDigest: await blobs.put(vectorBytes(vector)) });
  }
  const sum = () => sumFromDisk(blobs, contributions, elements, async () => undefined);
  const added = await measured(sum);
  const selfMasks = new Map(dealers.map(({ msp, secrets: { selfMask } }) => [msp, selfMask]));
  const whole = await measured(async () =>
    unmaskSum(added.result.sum, round, roster, { selfMasks, maskKeys: new Map() }),
  );
  const inOne = await measured(async () => {
    const { sum: opened } = await sum();
    unmaskSum(opened, round, roster, { selfMasks, maskKeys: new Map() });
    return opened;
  });
  for (const opened of [added.result.sum, inOne.result])
    for (let i = 0; i < elements; i++)
      if (opened[i] !== hospitals.reduce((total, _, k) => total + plainValue(i, k), 0))
        throw new Error(`element ${i} of the unmasked sum is not the plain one`);

  contributions.shift();
  const { sum: survivors } = await sum();
  const dropout = await measured(async () =>
    unmaskSum(survivors, round, roster, {
      selfMasks: new Map([...selfMasks].slice(1)),
      maskKeys: new Map([['AMSP', dealers[0].secrets.maskKey]]),
    }),
  );
  for (let i = 0; i < elements; i++)
    if (survivors[i] !== [1, 2, 3].reduce((total, k) => total + plainValue(i, k), 0))
      throw new Error(`element ${i} of the sum with a dropout is not exact`);
  process.send({
    maskSeconds,
    keepSeconds,
    plainSeconds: added.seconds,
    unmaskSeconds: whole.seconds,
    dropoutSeconds: dropout.seconds,
    extraMiB: inOne.extraMiB,
  });
} finally {
  await rm(folder, { recursive: true, force: true });
}
