/**
 * A gateway that is not honest: `node tamperedGateway.mjs --config FILE`. What it does otherwise than the real one, whose
 * build it runs, stands in `tampering.json` beside FILE.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { updateScale, vectorLayout } from '@consilium/domain';
import { readConfiguration } from '../../../gateway/dist/configuration.js';
import { Standings } from '../../../gateway/dist/consent/standings.js';
import { startGateway } from '../../../gateway/dist/hospitalGateway.js';
import { roundArithmetic } from '../../../gateway/dist/learning/aggregate.js';

/** @typedef {import('../../../gateway/dist/agent/ports.js').Arithmetic} Arithmetic */
/** @typedef {import('../../../gateway/dist/agent/ports.js').Learner} Learner */

/** The number of a patient of each hospital who consents and stays. */
const CONSENTING = 50;

const { values } = parseArgs({ options: { config: { type: 'string' } } });
const file = /** @type {string} */ (values.config);
/** @type {import('./tampering.js').Tampering} */
const tampering = JSON.parse(readFileSync(join(dirname(file), 'tampering.json'), 'utf8'));

/**
 * The version that came out, with one byte more.
 *
 * @type {Arithmetic}
 */
const lyingArithmetic = {
  initialVersion: roundArithmetic.initialVersion,
  aggregate(round) {
    const made = roundArithmetic.aggregate(round);
    const lies = tampering.lies?.[round.protocol.title]?.includes(round.round);
    if (!lies || !made.file || made.outcome.kind !== 'version') return made;
    const falsified = Buffer.concat([made.file, Buffer.from(' ')]);
    const digest = /** @type {import('@consilium/domain').Digest} */ (
      createHash('sha256').update(falsified).digest('hex')
    );
    return { ...made, file: falsified, outcome: { ...made.outcome, digest } };
  },
};

/**
 * Against what it learned, each element as far as the clip norm lets all of them go.
 *
 * @param {Learner} own
 * @returns {Learner}
 */
function spoilingLearner(own) {
  return {
    async makeVector(task, signal) {
      const made = await own.makeVector(task, signal);
      const { update } = vectorLayout(task.protocol, task.kind);
      if (!update || !tampering.spoils?.[task.protocol.title]?.includes(task.round)) return made;
      const weight = made.vector[update.weight.start] ?? 0;
      const { clipNorm } = task.protocol.aggregation;
      const { start, length } = update.all;
      const most = Math.floor((weight * clipNorm * updateScale(task.protocol)) / Math.sqrt(length));
      for (let k = start; k < start + length; k += 1) made.vector[k] = (made.vector[k] ?? 0) > 0 ? -most : most;
      return made;
    },
  };
}

/**
 * As much as 32 bits hold, under a weight that no hospital has.
 *
 * @param {Learner} own
 * @returns {Learner}
 */
function floodingLearner(own) {
  return {
    async makeVector(task, signal) {
      const made = await own.makeVector(task, signal);
      const { update } = vectorLayout(task.protocol, task.kind);
      if (!update || !tampering.floods?.[task.protocol.title]?.includes(task.round)) return made;
      const { start, length } = update.all;
      for (let k = start; k < start + length; k += 1)
        made.vector[k] = Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, 1_000 * (made.vector[k] ?? 0)));
      made.vector[update.weight.start] = -1;
      return made;
    },
  };
}

/** Whoever is taken in is taken for somebody who consents: under the right ref, salt and place in the tree. */
const { of } = Standings.prototype;
Standings.prototype.of = function standingOf(patient) {
  const standing = of.call(this, patient);
  if (!standing || !tampering.takesIn?.includes(patient)) return standing;
  const consenting = of.call(this, `${patient.slice(0, patient.lastIndexOf('-'))}-${CONSENTING}`);
  return consenting ? { ...standing, must: consenting.must, barred: undefined } : standing;
};

/** @param {string} level */
const line = (level) => (/** @type {object} */ fields, /** @type {string} */ message) =>
  process.stdout.write(`${JSON.stringify({ level, message, ...fields })}\n`);
const gateway = await startGateway(
  readConfiguration(file),
  { info: line('info'), warn: line('warn'), error: line('error') },
  { arithmetic: lyingArithmetic, learner: (own) => floodingLearner(spoilingLearner(own)) },
);
process.once('SIGTERM', () => gateway.stop().then(() => process.exit(0)));
