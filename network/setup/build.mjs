import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { runSilently } from './child.mjs';
import { lockfileDigest } from './install.mjs';

const BUILD_MS_MAX = 10 * 60_000;

/** @param {string} root */
function stampFile(root) {
  return join(root, 'node_modules', '.consilium-build');
}

/**
 * The folders that `tsc -b` builds, in the order of the root tsconfig.
 *
 * @param {string} root
 * @returns {string[]} relative to the root
 */
export function projectFolders(root) {
  /** @type {{ references: { path: string }[] }} */
  const { references } = JSON.parse(readFileSync(join(root, 'tsconfig.json'), 'utf8'));
  return references.map(({ path }) => path.replace(/^\.\//, ''));
}

/**
 * Files below a folder, sorted, so that the digest does not depend on the disk.
 *
 * @param {string} folder
 * @returns {string[]} relative paths with forward slashes
 */
function filesBelow(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort();
}

/**
 * Whether a file of `src` has output in `dist`: tests, and the `testing` folders with what they share, have none.
 *
 * @param {string} path
 */
export function isCompiled(path) {
  return /\.ts$/.test(path) && !/\.(?:test|d)\.ts$|(?:^|\/)testing\//.test(path);
}

/**
 * Per project: SHA-256 over everything that decides its output. Dates do not count: a checkout may carry any.
 *
 * @param {string} root
 * @returns {Record<string, string>}
 */
export function sourceDigests(root) {
  const shared = createHash('sha256')
    .update(lockfileDigest(root))
    .update(readFileSync(join(root, 'tsconfig.base.json')))
    .digest();
  return Object.fromEntries(
    projectFolders(root).map((project) => {
      const hash = createHash('sha256').update(shared);
      const sources = filesBelow(join(root, project, 'src')).filter(isCompiled);
      for (const file of ['package.json', 'tsconfig.json', ...sources.map((path) => `src/${path}`)]) {
        const content = readFileSync(join(root, project, file));
        hash.update(`${file}\0${content.length}\0`).update(content);
      }
      return [project, hash.digest('hex')];
    }),
  );
}

/**
 * Projects whose output is not that of their sources: changed since the last build, or with a file missing in `dist`.
 *
 * @param {string} root
 * @param {Record<string, string>} digests as `sourceDigests` gives them
 */
export function staleProjects(root, digests) {
  /** @type {Record<string, string>} */
  let built = {};
  try {
    built = JSON.parse(readFileSync(stampFile(root), 'utf8'));
  } catch {
    // No build yet, or one that was cut off while it wrote its stamp.
  }
  return Object.keys(digests).filter((project) => built[project] !== digests[project] || lacksOutput(root, project));
}

/** @param {string} root */
export function isBuilt(root) {
  return staleProjects(root, sourceDigests(root)).length === 0;
}

/** @param {string} root @param {string} project */
function lacksOutput(root, project) {
  const dist = new Set(filesBelow(join(root, project, 'dist')));
  return filesBelow(join(root, project, 'src'))
    .filter(isCompiled)
    .some((path) => !dist.has(path.replace(/\.ts$/, '.js')));
}

/**
 * Files in `dist` whose source is gone. `tsc -b` leaves them, and then an import of a deleted file still resolves and
 * the digest of the chaincode differs between clones.
 *
 * @param {string} root
 * @param {string} project
 * @returns {string[]} relative to `dist`
 */
export function orphans(root, project) {
  const sources = new Set(filesBelow(join(root, project, 'src')).filter(isCompiled));
  return filesBelow(join(root, project, 'dist')).filter((path) => {
    const output = /^(.*?)(?:\.js|\.d\.ts)(?:\.map)?$/.exec(path);
    return output !== null && !sources.has(`${output[1]}.ts`);
  });
}

/**
 * Builds what is stale. Call it while holding the set-up's lock.
 *
 * @param {string} root
 * @param {(text: string) => void} say
 * @throws with the compiler's messages when it refuses
 */
export async function build(root, say) {
  const digests = sourceDigests(root);
  const stale = staleProjects(root, digests);
  if (stale.length === 0) return;
  say(`building ${stale.length === Object.keys(digests).length ? 'everything' : stale.join(', ')}`);
  for (const project of stale) {
    const dist = join(root, project, 'dist');
    for (const orphan of orphans(root, project)) rmSync(join(dist, orphan), { force: true });
    const buildInfo = join(dist, '.tsbuildinfo');
    if (!existsSync(buildInfo)) continue;
    // The compiler goes by dates: without its notes it builds anew, with old ones it looks at every source again.
    if (lacksOutput(root, project)) rmSync(buildInfo);
    else utimesSync(buildInfo, 0, 0);
  }
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const result = await runSilently(process.execPath, [compiler, '-b', '--pretty', 'false'], {
    cwd: root,
    timeoutMs: BUILD_MS_MAX,
  });
  if (!result.ok)
    throw new Error(`${result.stdout.trim() || result.output}\n\nThe build failed: the lines above name the files.`);
  writeFileSync(stampFile(root), JSON.stringify(digests));
}
