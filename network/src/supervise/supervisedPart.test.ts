import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { PartLog } from './partLog.js';
import { isRunning } from './processIdentity.js';
import { PART_LIMITS, SupervisedPart } from './supervisedPart.js';

const READY = `require('node:fs').writeFileSync(process.argv[2], JSON.stringify({ pid: process.pid }));`;
const STAYS = 'setInterval(() => undefined, 1000);';

let folder: string;
let started: SupervisedPart[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'part-'));
  started = [];
});

afterEach(async () => {
  await Promise.all(started.map((part) => part.stop()));
  rmSync(folder, { recursive: true, force: true });
});

/** A part that runs the given program, which finds the path of its ready file in `process.argv[2]`. */
function partOf(program: string, limits: Partial<typeof PART_LIMITS> = {}): SupervisedPart {
  const script = join(folder, 'program.cjs');
  const readyFile = join(folder, 'ready.json');
  writeFileSync(script, program);
  const spec = {
    owner: 'ClevelandMSP',
    name: 'gateway',
    command: [script, readyFile],
    environment: { PATH: process.env.PATH ?? '' },
    readiness: { kind: 'file', path: readyFile } as const,
    address: 'localhost:1',
    startStage: 0,
    stopStage: 0,
  };
  const part = new SupervisedPart(spec, new PartLog(join(folder, 'part.log')), folder, () => new Date(), {
    ...PART_LIMITS,
    restartMs: 20,
    ...limits,
  });
  started.push(part);
  return part;
}

describe('SupervisedPart', () => {
  test('is ready once its process says so, and gone after a stop', async () => {
    const part = partOf(`${READY} ${STAYS} console.log('hello');`);
    await part.start();
    const { state, process: identity } = part.status;
    expect(state).toBe('ready');
    expect(identity !== undefined && isRunning(identity)).toBe(true);
    await part.stop();
    expect(part.status).toMatchObject({ state: 'stopped', lastEnd: 'signal SIGTERM' });
    expect(isRunning(identity!)).toBe(false);
    expect(readFileSync(part.log.path, 'utf8')).toMatch(
      /launcher: started[\s\S]*hello[\s\S]*launcher: ended, signal SIGTERM/,
    );
  });

  test('is started again after it was killed, by another process', async () => {
    const part = partOf(`${READY} ${STAYS}`);
    await part.start();
    const before = part.status.process;
    await part.kill();
    expect(part.status).toMatchObject({ state: 'waiting', lastEnd: 'signal SIGKILL' });
    await part.untilReady(AbortSignal.timeout(50_000));
    expect(part.status.restarts).toBe(1);
    expect(part.status.process?.pid).not.toBe(before?.pid);
  });

  test('stays down when it is stopped while it waits for its restart', async () => {
    const part = partOf(`${READY} ${STAYS}`, { restartMs: 60_000 });
    await part.start();
    await part.kill();
    await part.stop();
    expect(part.status.state).toBe('stopped');
    await part.start();
    expect(part.status.state).toBe('ready');
  });

  test('a process that ends before it is up fails the start after three tries, with what it said', async () => {
    const part = partOf(`console.error('no such port'); process.exit(7);`);
    await expect(part.start()).rejects.toThrow(
      /^PART_ENDED: ClevelandMSP-gateway ended .*exit code 7[\s\S]*no such port/,
    );
    expect(part.status.state).toBe('stopped');
    expect(readFileSync(part.log.path, 'utf8').match(/launcher: started/g)).toHaveLength(3);
  });

  test('a process that is never up is killed at the limit', async () => {
    const part = partOf(STAYS, { readyMs: 150 });
    await expect(part.start()).rejects.toThrow(/^PART_NOT_READY: ClevelandMSP-gateway was not ready within 150 ms/);
    expect(part.status).toMatchObject({ state: 'stopped', lastEnd: 'signal SIGKILL' });
  });

  test('a start that is stopped meanwhile rejects', async () => {
    const part = partOf(STAYS);
    const start = part.start();
    await part.stop();
    await expect(start).rejects.toThrow(/stopped before it was ready/);
  });

  test('a process that ignores SIGTERM is killed after the limit', async () => {
    const part = partOf(`process.on('SIGTERM', () => undefined); ${READY} ${STAYS}`, { terminationMs: 150 });
    await part.start();
    await part.stop();
    expect(part.status.lastEnd).toBe('signal SIGKILL');
  });

  test('what the process started itself ends with it', async () => {
    const childFile = join(folder, 'child.json');
    const part = partOf(`
      const child = require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(STAYS)}], { stdio: 'ignore' });
      require('node:fs').writeFileSync(${JSON.stringify(childFile)}, String(child.pid));
      ${READY} ${STAYS}`);
    await part.start();
    const childPid = Number(readFileSync(childFile, 'utf8'));
    await part.stop();
    const deadline = Date.now() + 50_000;
    const lives = () => isRunningPid(childPid);
    while (lives() && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(lives()).toBe(false);
  });

  test('a process that cannot even be started fails the start', async () => {
    const part = partOf(STAYS);
    rmSync(part.log.path, { force: true });
    mkdirSync(part.log.path);
    await expect(part.start()).rejects.toThrow(
      /^PART_ENDED: ClevelandMSP-gateway ended .*could not be started: .*EISDIR/,
    );
  });

  test('a stale ready file of an earlier process counts for nothing', async () => {
    writeFileSync(join(folder, 'ready.json'), JSON.stringify({ pid: process.pid }));
    const part = partOf(STAYS, { readyMs: 150 });
    await expect(part.start()).rejects.toThrow(/^PART_NOT_READY/);
  });
});

function isRunningPid(pid: number): boolean {
  try {
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return false;
  }
}
