// Run in a process of its own: a broken native addon ends the process that loads it.
// Loads tfjs-node of the folder named in the first argument and computes one gradient: d(x^2)/dx at 3 is 6.
import { createRequire } from 'node:module';
import util from 'node:util';

// tfjs-node 4.22 still calls what Node 23 removed.
util.isNullOrUndefined ??= (/** @type {unknown} */ value) => value === null || value === undefined;

const require = createRequire(`${process.argv[2]}/package.json`);
const tf = require(/** @type {string} */ (process.argv[2]));
const [gradient] = await tf
  .grad((/** @type {any} */ x) => x.square())(tf.scalar(3))
  .data();
if (tf.getBackend() !== 'tensorflow' || Math.abs(gradient - 6) > 1e-6) {
  throw new Error(`backend ${tf.getBackend()} computed ${gradient} where 6 is right`);
}
