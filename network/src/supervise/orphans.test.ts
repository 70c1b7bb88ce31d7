import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, test } from '@jest/globals';
import { endOrphans, HOME_MARKER } from './orphans.js';
import { identityOf, isRunning, type ProcessIdentity, signalProcess } from './processIdentity.js';

const children: ChildProcess[] = [];

async function sleeper(environment: Record<string, string> = {}): Promise<ProcessIdentity> {
  const child = spawn(process.execPath, ['-e', 'console.log("up"); setInterval(() => undefined, 1000)'], {
    env: { ...environment },
    stdio: ['ignore', 'pipe', 'ignore'],
    detached: true,
  });
  children.push(child);
  await once(child.stdout!, 'data');
  return identityOf(child.pid!)!;
}

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

describe('endOrphans', () => {
  test('ends what was written down, and what carries the home folder without having been written down', async () => {
    const home = `/nowhere/${process.pid}-a`;
    const recorded = await sleeper({ [HOME_MARKER]: home });
    const unrecorded = await sleeper({ [HOME_MARKER]: home });
    const ended = await endOrphans([{ process: recorded, label: 'ClevelandMSP-gateway', stopStage: 0 }], home);
    expect(ended).toContain('ClevelandMSP-gateway');
    expect(isRunning(recorded)).toBe(false);
    if (process.platform === 'linux') expect(isRunning(unrecorded)).toBe(false);
  });

  test('leaves a process alone that merely got the number of one written down, and one of another home', async () => {
    const stranger = await sleeper();
    const neighbour = await sleeper({ [HOME_MARKER]: `/nowhere/${process.pid}-b2` });
    const reused = { pid: stranger.pid, started: `${stranger.started}0` };
    expect(await endOrphans([{ process: reused, label: 'old', stopStage: 0 }], `/nowhere/${process.pid}-b`)).toEqual(
      [],
    );
    expect(isRunning(stranger) && isRunning(neighbour)).toBe(true);
    expect(signalProcess(reused, 'SIGKILL')).toBe(false);
    expect(isRunning(stranger)).toBe(true);
  });

  test('finds nothing of a process that has ended', async () => {
    const gone = await sleeper();
    signalProcess(gone, 'SIGKILL');
    await once(children[0]!, 'exit');
    expect(identityOf(gone.pid)).toBeUndefined();
    expect(await endOrphans([{ process: gone, label: 'gone', stopStage: 0 }], `/nowhere/${process.pid}-c`)).toEqual([]);
  });
});
