import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import {
  checkFabricCommands,
  type FabricCommands,
  findFabricCommands,
} from '@consilium/network/channel/fabric/fabricCommands';

const VERSION_MS_MAX = 15_000;

/** Fabric's commands, where this machine has them; an installed version that is the wrong one is an error. */
export async function fabricCommands(): Promise<FabricCommands | undefined> {
  try {
    findFabricCommands(process.env);
  } catch {
    return undefined;
  }
  return await checkFabricCommands(process.env);
}

/** Version and commit, as the peer's program answers. */
export async function fabricVersion({ peer }: FabricCommands): Promise<string> {
  const { stdout } = await promisify(execFile)(peer, ['version'], { timeout: VERSION_MS_MAX });
  const field = (name: string) => new RegExp(`^ *${name}: *(\\S+)$`, 'm').exec(stdout)?.[1] ?? 'unknown';
  return `${field('Version')}, commit ${field('Commit SHA')}`;
}
