import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { PartLog } from './partLog.js';
import type { PartSpec } from './partSpec.js';
import { SupervisedPart } from './supervisedPart.js';
import { type StartStep, Supervisor } from './supervisor.js';

jest.setTimeout(30_000);

const UP = `require('node:fs').writeFileSync(process.argv[2], JSON.stringify({ pid: process.pid }));
  setInterval(() => undefined, 1000);`;

let folder: string;
let supervisor: Supervisor;

function part(name: string, startStage: number): SupervisedPart {
  const readyFile = join(folder, `${name}.json`);
  const spec: PartSpec = {
    owner: 'AMSP',
    name,
    command: [join(folder, 'up.cjs'), readyFile],
    environment: {},
    readiness: { kind: 'file', path: readyFile },
    address: '-',
    startStage,
    stopStage: 0,
  };
  return new SupervisedPart(spec, new PartLog(join(folder, `${name}.log`)), folder, () => new Date());
}

const stateOf = (name: string) => supervisor.part('AMSP', name).status.state;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'supervisor-'));
  writeFileSync(join(folder, 'up.cjs'), UP);
  supervisor = new Supervisor([part('first', 0), part('second', 1)]);
});

afterEach(async () => {
  await supervisor.stopAll();
  rmSync(folder, { recursive: true, force: true });
});

describe('Supervisor', () => {
  test('takes a step beside the parts of its stage, and the next stage waits for it', async () => {
    const seen: string[] = [];
    const step: StartStep = {
      startStage: 0,
      run: async (parts, signal) => {
        await parts.untilReady('AMSP', 'first', signal);
        seen.push(`first ${stateOf('first')}, second ${stateOf('second')}`);
      },
    };
    const last: StartStep = {
      startStage: 2,
      run: async () => {
        seen.push(`second ${stateOf('second')}`);
      },
    };
    await supervisor.startAll(new AbortController().signal, [last, step]);
    expect(seen).toEqual(['first ready, second stopped', 'second ready']);
  });

  test('fails with a step, before the next stage is begun', async () => {
    const step: StartStep = {
      startStage: 0,
      run: async () => {
        throw new Error('no majority');
      },
    };
    await expect(supervisor.startAll(new AbortController().signal, [step])).rejects.toThrow('no majority');
    expect(stateOf('second')).toBe('stopped');
  });

  test('tells a step to give up when a part of its stage cannot start', async () => {
    writeFileSync(join(folder, 'up.cjs'), 'process.exit(3);');
    let reason: unknown;
    const step: StartStep = {
      startStage: 0,
      run: async (parts, signal) => parts.untilReady('AMSP', 'first', signal),
    };
    const watched: StartStep = {
      startStage: 0,
      run: async (parts, signal) => {
        await step.run(parts, signal).catch((error: unknown) => {
          reason = error;
        });
      },
    };
    await expect(supervisor.startAll(new AbortController().signal, [watched])).rejects.toThrow(/^PART_ENDED: /);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(reason).toMatchObject({ name: 'AbortError' });
  });
});
