import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runDemo } from './runDemo.mjs';
import { figure } from './spread.mjs';

/** A fresh clone with empty caches of its own and without a data folder, to the final table. */
export async function cloneBench(repository, say) {
  const folder = await mkdtemp(join(tmpdir(), 'consilium-clone-'));
  try {
    say('fresh clone, empty caches');
    execFileSync('git', ['clone', '--quiet', repository, join(folder, 'clone')]);
    const env = {
      XDG_CACHE_HOME: join(folder, 'cache'),
      npm_config_cache: join(folder, 'npm'),
      PIP_CACHE_DIR: join(folder, 'pip'),
      CONSILIUM_DATA_DIR: '',
    };
    const { report, seconds } = await runDemo(join(folder, 'clone'), [], env);
    return [
      figure(`fresh clone to the final table (data: ${report.data.source})`, 's', [seconds], {
        direction: 'at most',
        bound: 300,
      }),
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
