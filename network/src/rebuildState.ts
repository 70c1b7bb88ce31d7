import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';
import { refusal } from '@consilium/domain';
import { REPOSITORY, requireBuilt } from './buildOutput.js';
import { embeddedConfigFile } from './channel/embedded.js';
import { Home } from './home.js';
import { takeLauncherLock } from './launcherLock.js';

/**
 * Throws the state of every hospital's peer away and computes it again, from the blocks of the embedded channel alone.
 *
 * @returns what each peer came to, in lines.
 * @throws NETWORK_RUNNING; REBUILD_FAILED, with the number of the block where the chain is damaged
 */
export async function rebuildState(folder: string, environment: NodeJS.ProcessEnv): Promise<string> {
  const home = new Home(folder);
  const config = embeddedConfigFile(home);
  if (!existsSync(config)) {
    throw refusal('REBUILD_FAILED', { reason: 'this home folder holds no embedded channel' });
  }
  const release = takeLauncherLock(home.lockFile);
  try {
    const program = requireBuilt(REPOSITORY, 'network/embedded/dist/main.js');
    const { stdout } = await promisify(execFile)(process.execPath, [program, '--config', config, '--rebuild'], {
      env: environment,
    });
    return stdout.trimEnd();
  } catch (error) {
    const { stderr } = error as { stderr?: string };
    throw refusal('REBUILD_FAILED', { reason: stderr?.trim() || String(error) }, { cause: error });
  } finally {
    release();
  }
}
