/** One hospital's masks of one round, in a process of its own so that its memory can be told. */
import { randomBytes } from 'node:crypto';
import { sumVectors, vectorBytes } from '../../gateway/dist/privacy/fixedPoint.js';
import { maskVector, unmaskSum } from '../../gateway/dist/privacy/roundMasks.js';
import { makeX25519Pair } from '../../gateway/dist/privacy/x25519Keys.js';

const elements = Number(process.argv[2]);
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
const plain = (k) => Int32Array.from({ length: elements }, (_, i) => ((i * 7_919 + k) % 2_001) - 1_000);

const cpuSeconds = (work) => {
  const before = process.cpuUsage();
  const result = work();
  const { user, system } = process.cpuUsage(before);
  return { seconds: (user + system) / 1e6, result };
};

const vectors = hospitals.map((_, k) => plain(k));
// Once small, so that what is measured is not the compiler.
maskVector(new Int32Array(100_000), round, 'AMSP', dealers[0].secrets, roster);
global.gc();
const before = process.memoryUsage.rss();
let most = before;
const watch = () => {
  most = Math.max(most, process.memoryUsage.rss());
};

const mask = cpuSeconds(() => maskVector(vectors[0], round, 'AMSP', dealers[0].secrets, roster));
watch();
for (const [k, { msp, secrets }] of dealers.entries()) if (k > 0) maskVector(vectors[k], round, msp, secrets, roster);
watch();
const added = cpuSeconds(() => sumVectors(vectors.map(vectorBytes), elements));
watch();
const selfMasks = new Map(dealers.map(({ msp, secrets }) => [msp, secrets.selfMask]));
const unmasked = cpuSeconds(() => unmaskSum(added.result, round, roster, { selfMasks, maskKeys: new Map() }));
watch();
const [checked] = [0, 1, elements - 1].map(
  (i) => hospitals.reduce((sum, _, k) => sum + (((i * 7_919 + k) % 2_001) - 1_000), 0) === added.result[i],
);
if (!checked) throw new Error('the unmasked sum is not the plain one');

const survivors = sumVectors(vectors.slice(1).map(vectorBytes), elements);
const dropout = cpuSeconds(() =>
  unmaskSum(survivors, round, roster, {
    selfMasks: new Map([...selfMasks].slice(1)),
    maskKeys: new Map([['AMSP', dealers[0].secrets.maskKey]]),
  }),
);
if (survivors[5] !== [1, 2, 3].reduce((sum, k) => sum + (((5 * 7_919 + k) % 2_001) - 1_000), 0))
  throw new Error('the sum without a dropout is not exact');
process.send({
  maskSeconds: mask.seconds,
  plainSeconds: added.seconds,
  unmaskSeconds: unmasked.seconds,
  dropoutSeconds: dropout.seconds,
  extraMiB: Math.max(0, most - before - 4 * elements) / 2 ** 20,
});
