/** `npm run bench [-- --only NAME] [--json FILE]`: measures, and prints each figure beside its bound. */
import { writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { auditBench } from './auditBench.mjs';
import { channelBench } from './channelBench.mjs';
import { cloneBench } from './cloneBench.mjs';
import { cohortBench } from './cohortBench.mjs';
import { consentBench } from './consentBench.mjs';
import { demoBench } from './demoBench.mjs';
import { flambyBench } from './flambyBench.mjs';
import { flowerBench } from './flowerBench.mjs';
import { heartBench } from './heartBench.mjs';
import { hospitalsBench } from './hospitalsBench.mjs';
import { importBench } from './importBench.mjs';
import { maskingBench } from './maskingBench.mjs';
import { officerBench } from './officerBench.mjs';
import { privateBench } from './privateBench.mjs';
import { privateHeartBench } from './privateHeartBench.mjs';
import { privateStepBench } from './privateStepBench.mjs';
import { figureTable } from './spread.mjs';
import { withdrawalsBench } from './withdrawalsBench.mjs';

const BENCHES = {
  demo: demoBench,
  heart: heartBench,
  flamby: flambyBench,
  hospitals: hospitalsBench,
  channel: channelBench,
  consents: consentBench,
  import: importBench,
  cohorts: cohortBench,
  audit: auditBench,
  officer: officerBench,
  clone: cloneBench,
  withdrawals: withdrawalsBench,
  masking: maskingBench,
  private: privateBench,
  flower: flowerBench,
  dpsgd: privateStepBench,
  'private-heart': privateHeartBench,
};
const HELP = `npm run bench -- [--only NAME]... [--json FILE] [--figures FOLDER]
  NAME: ${Object.keys(BENCHES).join(', ')}; without --only, all of them in this order
  --json FILE  writes the figures there too
  --figures FOLDER  writes curves there as SVG, where a bench has one`;

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    json: { type: 'string' },
    figures: { type: 'string' },
    help: { type: 'boolean' },
  },
});
if (values.help) {
  process.stdout.write(`${HELP}\n`);
  process.exit(0);
}
const names = values.only ?? Object.keys(BENCHES);
const unknown = names.find((name) => !Object.hasOwn(BENCHES, name));
if (unknown) {
  process.stderr.write(`no bench is called ${unknown}\n${HELP}\n`);
  process.exit(2);
}

const repository = fileURLToPath(new URL('../..', import.meta.url));
const say = (line) => process.stderr.write(`  ${line}\n`);
const machine = `${availableParallelism()} cores, ${cpus()[0]?.model ?? 'unknown processor'}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}`;
process.stdout.write(`${machine}\n`);
const results = {};
for (const name of names) {
  results[name] = await BENCHES[name](repository, say, { figures: values.figures });
  process.stdout.write(`\n${name}\n${figureTable(results[name])}\n`);
}
if (values.json)
  await writeFile(values.json, `${JSON.stringify({ machine, at: new Date().toISOString(), results }, null, 2)}\n`);
