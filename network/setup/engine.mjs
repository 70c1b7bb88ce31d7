import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runSilently } from './child.mjs';
import { withLock } from './lock.mjs';
import { cacheFolder, isOnPath } from './paths.mjs';
import { isWithinReach } from './reach.mjs';
import { buildFromWheel, missingForWheel } from './wheel.mjs';

const PROBE_MS_MAX = 60_000;
const INSTALL_SCRIPT_MS_MAX = 10 * 60_000;
/** A network that failed is tried again after this. */
const RETRY_MS = 24 * 60 * 60_000;
/** The two folders that an installed tfjs-node has and its npm package has not. */
const PARTS = ['deps', 'lib'];
const HOW_TO_RETRY = 'delete node_modules/.consilium-engine to try again';

/**
 * What set-up found out about tfjs-node in this clone.
 *
 * @typedef {{ key: string, engine: 'tfjs-node' | 'wasm', reason?: string, missing?: string[], settledMs: number }} EngineStamp
 */

/** @param {string} root */
function packageFolder(root) {
  return join(root, 'node_modules', '@tensorflow', 'tfjs-node');
}

/** @param {string} root */
function stampFile(root) {
  return join(root, 'node_modules', '.consilium-engine');
}

/** @param {string} root */
function packageFacts(root) {
  return JSON.parse(readFileSync(join(packageFolder(root), 'package.json'), 'utf8'));
}

/** @param {string} root */
function engineKey(root) {
  return `tfjs-node-${packageFacts(root).version}-${process.platform}-${process.arch}`;
}

/**
 * Whether a stamp still tells the truth.
 *
 * @param {EngineStamp} stamp
 * @param {{ key: string, hasParts: boolean, nowMs: number, isPresent: (program: string) => boolean }} now
 */
export function isStampValid(stamp, { key, hasParts, nowMs, isPresent }) {
  if (stamp.key !== key) return false;
  if (stamp.engine === 'tfjs-node') return hasParts;
  // Without tfjs-node: worth another try when a tool that was missing has come, or the network may have.
  const missing = stamp.missing ?? [];
  return missing.length > 0 ? !missing.every(isPresent) : nowMs - stamp.settledMs < RETRY_MS;
}

/**
 * Whether it is known which engine this clone has. Cheap: nothing is loaded.
 *
 * @param {string} root
 * @param {NodeJS.ProcessEnv} environment
 */
export function isEngineSettled(root, environment) {
  try {
    const stamp = /** @type {EngineStamp} */ (JSON.parse(readFileSync(stampFile(root), 'utf8')));
    const hasParts = PARTS.every((part) => existsSync(join(packageFolder(root), part)));
    const isPresent = (/** @type {string} */ program) => isOnPath(program, environment);
    return isStampValid(stamp, { key: engineKey(root), hasParts, nowMs: Date.now(), isPresent });
  } catch {
    return false;
  }
}

/**
 * Makes tfjs-node usable if that is possible here; if not, says so in one line and leaves training to wasm.
 * Never fails for want of the engine.
 *
 * @param {string} root
 * @param {NodeJS.ProcessEnv} environment
 * @param {(text: string) => void} say
 */
export async function settleEngine(root, environment, say) {
  const folder = packageFolder(root);
  const key = engineKey(root);
  const settle = (/** @type {Partial<EngineStamp> & { engine: EngineStamp['engine'] }} */ found) =>
    writeFileSync(stampFile(root), `${JSON.stringify({ key, settledMs: Date.now(), ...found })}\n`);

  if (isOwnInstall(folder) && (await doesCompute(folder, environment))) return settle({ engine: 'tfjs-node' });

  const cache = cacheFolder(environment);
  mkdirSync(cache, { recursive: true });
  const attempt = await withLock(join(cache, 'engine.lock'), say, () =>
    fetchEngine({ root, cache, key, environment, say }),
  );
  if (attempt === undefined) return settle({ engine: 'tfjs-node' });
  settle({ engine: 'wasm', ...attempt });
  say(
    `tfjs-node cannot be had here (${attempt.reason}): models train on wasm, only convolution is slower; ${HOW_TO_RETRY}`,
  );
}

/**
 * @param {{ root: string, cache: string, key: string, environment: NodeJS.ProcessEnv, say: (text: string) => void }} job
 * @returns {Promise<{ reason: string, missing: string[] } | undefined>} undefined when tfjs-node computes
 */
async function fetchEngine({ root, cache, key, environment, say }) {
  const folder = packageFolder(root);
  const entry = join(cache, key);
  if (existsSync(entry)) {
    linkParts(folder, entry);
    if (await doesCompute(folder, environment)) return undefined;
    rmSync(entry, { recursive: true, force: true });
  }
  unlinkParts(folder);

  const host = environment.TFJS_NODE_CDN_STORAGE || packageFacts(root).binary.host;
  if (await isWithinReach(host, environment)) {
    say('fetching the engine of tfjs-node');
    await runInstallScript(root, environment);
    if (await doesCompute(folder, environment)) {
      keepParts(folder, entry, cache);
      return undefined;
    }
    unlinkParts(folder);
  }

  const missing = missingForWheel({ platform: process.platform, arch: process.arch, isGlibc: isGlibc(), environment });
  if (missing.length > 0)
    return { reason: `its host is out of reach; building it wants ${missing.join(' and ')}`, missing };
  const staging = mkdtempSync(join(cache, 'staging-'));
  try {
    const headersFolder = join(root, 'node_modules', 'node-api-headers', 'include');
    const failure = await buildFromWheel({ target: staging, packageFolder: folder, headersFolder, environment, say });
    if (failure !== undefined) return { reason: failure, missing: [] };
    renameSync(staging, entry);
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
  linkParts(folder, entry);
  if (await doesCompute(folder, environment)) return undefined;
  unlinkParts(folder);
  rmSync(entry, { recursive: true, force: true });
  return { reason: 'the compiled addon does not compute', missing: [] };
}

/** @param {string} folder @param {NodeJS.ProcessEnv} environment */
async function doesCompute(folder, environment) {
  const probe = fileURLToPath(new URL('probeEngine.mjs', import.meta.url));
  const env = { ...environment, TF_CPP_MIN_LOG_LEVEL: '2' };
  return (await runSilently(process.execPath, [probe, folder], { env, timeoutMs: PROBE_MS_MAX })).ok;
}

/** tfjs-node's own script: it fetches the C library and the addon from the package's host. @param {string} root @param {NodeJS.ProcessEnv} environment */
async function runInstallScript(root, environment) {
  const folder = packageFolder(root);
  const facts = readFileSync(join(folder, 'package.json'), 'utf8');
  const PATH = [join(root, 'node_modules', '.bin'), environment.PATH].join(delimiter);
  const script = join(folder, 'scripts', 'install.js');
  await runSilently(process.execPath, [script], {
    cwd: folder,
    env: { ...environment, PATH },
    timeoutMs: INSTALL_SCRIPT_MS_MAX,
  });
  writeFileSync(join(folder, 'package.json'), facts); // the script rewrites it while it works
}

/** Whether somebody installed into the package's folder itself. @param {string} folder */
function isOwnInstall(folder) {
  return PARTS.every((part) => lstatSync(join(folder, part), { throwIfNoEntry: false })?.isDirectory());
}

/** @param {string} folder @param {string} entry */
function linkParts(folder, entry) {
  unlinkParts(folder);
  for (const part of PARTS) symlinkSync(join(entry, part), join(folder, part), 'junction');
}

/** @param {string} folder */
function unlinkParts(folder) {
  for (const part of PARTS) rmSync(join(folder, part), { recursive: true, force: true });
}

/** Moves a fresh install into the cache for other clones; this clone links to it. @param {string} folder @param {string} entry @param {string} cache */
function keepParts(folder, entry, cache) {
  const staging = mkdtempSync(join(cache, 'staging-'));
  for (const part of PARTS)
    cpSync(join(folder, part), join(staging, part), { recursive: true, verbatimSymlinks: true });
  renameSync(staging, entry);
  linkParts(folder, entry);
}

function isGlibc() {
  const report = /** @type {{ header?: { glibcVersionRuntime?: string } }} */ (process.report.getReport());
  return report.header?.glibcVersionRuntime !== undefined;
}
