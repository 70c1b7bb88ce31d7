import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { BackgroundNetwork } from './backgroundNetwork.mjs';

let home: string;
let said: string;
let spies: { mockRestore(): void }[];

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'consilium-home-'));
  said = '';
  const keep = (text: unknown) => {
    said += String(text);
    return true;
  };
  spies = [process.stdout, process.stderr].map((stream) => jest.spyOn(stream, 'write').mockImplementation(keep));
});
afterEach(() => {
  for (const spy of spies) spy.mockRestore();
  rmSync(home, { recursive: true, force: true });
});

/** A launcher of a few lines, which writes what the real one writes. */
function launcher(lines: string): string {
  const file = join(home, 'launcher.cjs');
  writeFileSync(file, `const { appendFileSync, writeFileSync } = require('node:fs');\n${lines}\n`);
  return file;
}
const UP = `writeFileSync(process.argv[3], '{}'); setInterval(() => {}, 1000);`;
const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe('a network in the background', () => {
  const addresses = () => join(home, 'addresses.json');
  const notes = () => join(home, 'notes');

  test('is up once its addresses are written anew, and ends when asked to', async () => {
    writeFileSync(addresses(), 'of an earlier run');
    const program = launcher(`
      appendFileSync('${notes()}', process.pid + ' ');
      process.on('SIGTERM', () => { appendFileSync('${notes()}', 'ended'); process.exit(0); });
      ${UP}`);
    const network = new BackgroundNetwork(home, [addresses()], program);
    await expect(network.isUp()).resolves.toBe(true);
    expect(readFileSync(addresses(), 'utf8')).toBe('{}');
    await network.stop();
    const [pid, how] = readFileSync(notes(), 'utf8').split(' ');
    expect(how).toBe('ended');
    expect(isAlive(Number(pid))).toBe(false);
  });

  test('that does not come up is told with the end of its log', async () => {
    const network = new BackgroundNetwork(home, [], launcher("console.error('PORT_TAKEN: 7051'); process.exit(1);"));
    await expect(network.isUp()).resolves.toBe(false);
    expect(said).toMatch(/The network did not come up\. The end of .*network\.log:\nPORT_TAKEN: 7051\n/);
    await network.stop();
  });

  test('that is interrupted while it comes up is not waited for', async () => {
    const network = new BackgroundNetwork(home, [], launcher('setInterval(() => {}, 1000);'));
    process.emit('SIGINT');
    await expect(network.isUp()).resolves.toBe(false);
    expect(network.isInterrupted).toBe(true);
    await network.stop();
    expect(said).toBe('');
    expect(process.listenerCount('SIGINT')).toBe(0);
  });

  test('can be left running', async () => {
    const network = new BackgroundNetwork(
      home,
      [addresses()],
      launcher(`writeFileSync('${notes()}', '' + process.pid); ${UP}`),
    );
    await network.isUp();
    network.leaveRunning();
    const pid = Number(readFileSync(notes(), 'utf8'));
    expect(isAlive(pid)).toBe(true);
    expect(said).toMatch(/npm stop/);
    process.kill(pid, 'SIGKILL');
  });
});
