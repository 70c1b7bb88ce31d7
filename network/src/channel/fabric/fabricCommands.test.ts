import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { checkFabricCommands, FABRIC_COMMANDS, findFabricCommands } from './fabricCommands.js';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'commands-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Small programs in place of Fabric's: they answer the question for their version alone. */
function commands(place: string, version: string, names: readonly string[] = FABRIC_COMMANDS): string {
  const path = join(folder, place);
  mkdirSync(path, { recursive: true });
  for (const name of names) {
    const question = name === 'configtxgen' ? '--version' : 'version';
    writeFileSync(
      join(path, name),
      `#!/bin/sh\n[ "$*" = "${question}" ] || exit 3\nprintf '%s:\\n Version: %s\\n OS/Arch: any\\n' ${name} ${version}\n`,
    );
    chmodSync(join(path, name), 0o755);
  }
  return path;
}

describe("Fabric's commands", () => {
  test('are looked for on PATH, each where it comes first', async () => {
    const one = commands('one', 'v3.1.5', ['peer']);
    const two = commands('two', 'v3.2.0');
    expect(await checkFabricCommands({ PATH: `${folder}:${one}:${two}` })).toEqual({
      orderer: join(two, 'orderer'),
      peer: join(one, 'peer'),
      configtxgen: join(two, 'configtxgen'),
    });
  });

  test('are taken from FABRIC_BIN_DIR alone where it is set', () => {
    const named = commands('named', 'v3.1.5');
    const path = commands('path', 'v3.1.5');
    expect(findFabricCommands({ PATH: path, FABRIC_BIN_DIR: named }).peer).toBe(join(named, 'peer'));
    rmSync(join(named, 'orderer'));
    expect(() => findFabricCommands({ PATH: path, FABRIC_BIN_DIR: named })).toThrow(
      `and orderer cannot be started (looked in FABRIC_BIN_DIR, ${named})`,
    );
  });

  test('that are missing are named, with the place where the Fabric project publishes them', () => {
    const path = commands('some', 'v3.1.5', ['peer']);
    chmodSync(join(path, 'peer'), 0o644);
    expect(() => findFabricCommands({ PATH: path })).toThrow(
      /^FABRIC_COMMANDS_MISSING: .*orderer, peer, configtxgen cannot be started \(looked in PATH\).*version 3\.1 from https:\/\/github\.com\/hyperledger\/fabric\/releases/,
    );
    expect(() => findFabricCommands({})).toThrow(/^FABRIC_COMMANDS_MISSING/);
  });

  test.each(['v2.5.12', 'v3.0.0', 'v4.0.0', 'latest'])('of version %s are refused', async (version) => {
    const path = commands('old', version);
    await expect(checkFabricCommands({ PATH: path })).rejects.toThrow(
      /^FABRIC_VERSION_WRONG: the channel fabric needs Hyperledger Fabric 3\.1, and .* is (v?\d\.\d+\.\d+|of no known version): take/,
    );
  });

  test('that cannot run on this machine count as missing', async () => {
    const path = commands('foreign', 'v3.1.5');
    writeFileSync(join(path, 'orderer'), 'not a program');
    await expect(checkFabricCommands({ PATH: path })).rejects.toThrow(
      /^FABRIC_COMMANDS_MISSING: .*and orderer cannot be started/,
    );
  });
});
