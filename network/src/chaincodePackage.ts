import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { refusal } from '@consilium/domain';
import { chaincodeArchive } from './chaincodeArchive.js';

/** Name of the chaincode on the channel, and of the channel. */
export const CHAINCODE_NAME = 'consilium';
export const CHANNEL_NAME = 'consilium';

const BUILT_FOLDERS = ['chaincode/contract/dist', 'chaincode/domain/dist'];

/** The chaincode as this clone was built: two hospitals with the same digest run the same rules. */
export interface ChaincodePackage {
  /** SHA-256 in hexadecimal; also the version in the channel's definition. */
  readonly digest: string;
  /** What Fabric's peers install. */
  readonly archive: Buffer;
  /** `consilium:<SHA-256 of the archive>`, under which a peer knows the running chaincode. */
  readonly packageId: string;
}

/**
 * Computes the digest of the built chaincode: every `.js` file of contract and domain, by path relative to the
 * repository with `/` between folders, in the order of the paths' bytes, each as path, NUL, length, NUL, content.
 *
 * @throws BUILD_MISSING
 */
export function chaincodePackage(repository: string): ChaincodePackage {
  const paths = BUILT_FOLDERS.flatMap((folder) => builtFiles(repository, folder)).sort();
  const hash = createHash('sha256');
  for (const path of paths) {
    const content = readFileSync(join(repository, path));
    hash.update(`${path}\0${content.length}\0`).update(content);
  }
  const digest = hash.digest('hex');
  const archive = chaincodeArchive(CHAINCODE_NAME, digest);
  return { digest, archive, packageId: `${CHAINCODE_NAME}:${createHash('sha256').update(archive).digest('hex')}` };
}

function builtFiles(repository: string, folder: string): string[] {
  const absolute = join(repository, folder);
  if (!existsSync(join(absolute, 'index.js'))) throw refusal('BUILD_MISSING', { file: join(folder, 'index.js') });
  return readdirSync(absolute, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.js'))
    .map((entry) => relative(repository, join(entry.parentPath, entry.name)).split(sep).join('/'));
}
