import { execFile } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { refusal } from '@consilium/domain';

/** The commands of Fabric that are needed. Whatever else its release holds is done over gRPC and HTTPS. */
export const FABRIC_COMMANDS = ['orderer', 'peer', 'configtxgen'] as const;
export type FabricCommand = (typeof FABRIC_COMMANDS)[number];

/** Paths of Fabric's commands on this machine. */
export type FabricCommands = Readonly<Record<FabricCommand, string>>;

/** A later minor version reads the same configuration; BFT ordering came with 3.0, the batched reads used here with 3.1. */
const VERSION_WANTED = '3.1';
const MAJOR_WANTED = 3;
const MINOR_MIN = 1;

const VERSION_MS_MAX = 15_000;

/** Folder with Fabric's commands; where it is named, PATH is not searched. */
export const BIN_FOLDER_VARIABLE = 'FABRIC_BIN_DIR';

/** @throws FABRIC_COMMANDS_MISSING */
export function findFabricCommands(environment: NodeJS.ProcessEnv): FabricCommands {
  const folder = environment[BIN_FOLDER_VARIABLE];
  const folders = folder ? [folder] : (environment.PATH ?? '').split(delimiter).filter((path) => path !== '');
  const found = FABRIC_COMMANDS.map((name) => folders.map((path) => join(path, name)).find(isExecutable));
  const lacking = FABRIC_COMMANDS.filter((_, index) => found[index] === undefined);
  if (lacking.length > 0) throw missing(lacking.join(', '), folder ? `${BIN_FOLDER_VARIABLE}, ${folder}` : 'PATH');
  const [orderer = '', peer = '', configtxgen = ''] = found;
  return { orderer, peer, configtxgen };
}

/**
 * Finds Fabric's commands and asks each for its version.
 *
 * @throws FABRIC_COMMANDS_MISSING, FABRIC_VERSION_WRONG
 */
export async function checkFabricCommands(environment: NodeJS.ProcessEnv): Promise<FabricCommands> {
  const commands = findFabricCommands(environment);
  await Promise.all(FABRIC_COMMANDS.map((name) => requireVersion(commands[name], name)));
  return commands;
}

async function requireVersion(path: string, name: FabricCommand): Promise<void> {
  const argument = name === 'configtxgen' ? '--version' : 'version';
  let output: string;
  try {
    const { stdout, stderr } = await promisify(execFile)(path, [argument], { timeout: VERSION_MS_MAX });
    output = `${stdout}\n${stderr}`;
  } catch {
    // Built for another machine, or not a program at all.
    throw missing(name, path);
  }
  const [version, major, minor] = /^\s*Version:\s*v?(\d+)\.(\d+)\S*/m.exec(output)?.map((text) => text.trim()) ?? [];
  if (Number(major) === MAJOR_WANTED && Number(minor) >= MINOR_MIN) return;
  const found = version === undefined ? 'of no known version' : version.replace(/^Version:\s*/, '');
  throw refusal('FABRIC_VERSION_WRONG', { wanted: VERSION_WANTED, command: path, found });
}

function missing(commands: string, where: string): Error {
  const processor = process.arch === 'x64' ? 'amd64' : process.arch;
  return refusal('FABRIC_COMMANDS_MISSING', {
    commands,
    where,
    wanted: VERSION_WANTED,
    os: `${process.platform}-${processor}`,
  });
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
