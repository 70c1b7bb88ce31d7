import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { conformance, missingCommands, skippedText } from './conformance.mjs';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'conformance-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function commands(...names: string[]): void {
  for (const name of names) {
    writeFileSync(join(folder, name), '#!/bin/sh\n');
    chmodSync(join(folder, name), 0o755);
  }
}

describe("Fabric's commands", () => {
  test('are looked for on PATH', () => {
    commands('orderer', 'peer', 'configtxgen');
    expect(missingCommands({ PATH: `/nowhere:${folder}` })).toEqual([]);
  });

  test('are looked for in FABRIC_BIN_DIR alone where it is set', () => {
    commands('orderer', 'peer', 'configtxgen');
    expect(missingCommands({ PATH: folder, FABRIC_BIN_DIR: '/nowhere' })).toEqual(['orderer', 'peer', 'configtxgen']);
  });

  test('are named one by one where they are missing or cannot be started', () => {
    commands('orderer', 'peer');
    chmodSync(join(folder, 'peer'), 0o644);
    expect(missingCommands({ PATH: folder })).toEqual(['peer', 'configtxgen']);
    expect(missingCommands({})).toHaveLength(3);
  });
});

describe('a run without real Fabric', () => {
  test('says so loudly, and how it is had', () => {
    expect(skippedText(['peer'])).toMatch(/^!!! REAL FABRIC WAS SKIPPED.*\n.*Missing: peer\..*FABRIC_BIN_DIR/);
  });

  test('records nothing', async () => {
    await expect(conformance(['--record'], { PATH: folder })).rejects.toThrow(
      "Only real Fabric's answers are recorded, and orderer, peer, configtxgen cannot be started.",
    );
  });
});
