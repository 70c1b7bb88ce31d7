import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { credentials } from '@grpc/grpc-js';
import { type ChaincodeAddress, ChaincodeConnection } from './chaincodeConnection.js';
import { type ChaincodePackage, readChaincodePackage } from './chaincodePackage.js';

/** A chaincode that a peer can run. */
export interface InstalledPackage {
  readonly packageId: string;
  readonly label: string;
  readonly connection: ChaincodeConnection;
}

/**
 * The packages of one hospital's peer: those of the configuration, which says where each process listens, and those
 * that its admin installed since, which say so themselves (chaincode as a service).
 */
export class InstalledPackages {
  readonly #folder: string;
  readonly #packages = new Map<string, InstalledPackage>();
  #isStarted = false;

  /** `folder`: where installed packages are kept. */
  constructor(folder: string, configured: readonly ChaincodeAddress[]) {
    this.#folder = folder;
    for (const address of configured) {
      const [label = ''] = address.packageId.split(':');
      this.#add({ packageId: address.packageId, label, connection: new ChaincodeConnection(address) });
    }
    const files = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.tar.gz')) : [];
    for (const name of files) this.#take(readChaincodePackage(readFileSync(join(folder, name))));
  }

  get all(): readonly InstalledPackage[] {
    return [...this.#packages.values()];
  }

  get(packageId: string): InstalledPackage | undefined {
    return this.#packages.get(packageId);
  }

  /** Installs a package; it is kept on disk. Throws an Error in Fabric's words where it cannot be. */
  install(bytes: Buffer): InstalledPackage {
    const found = readChaincodePackage(bytes);
    const { packageId } = found;
    if (this.#packages.has(packageId)) {
      throw new Error(`chaincode already successfully installed (package ID '${packageId}')`);
    }
    const installed = this.#take(found);
    if (!installed) {
      throw new Error(
        `could not build chaincode: the embedded channel runs chaincode as a service only: the package has no connection.json, and no process is configured for ${packageId}`,
      );
    }
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    const file = join(this.#folder, `${packageId.replace(':', '.')}.tar.gz`);
    writeFileSync(`${file}.part`, bytes, { mode: 0o600, flush: true });
    renameSync(`${file}.part`, file);
    return installed;
  }

  /** Begins to dial. */
  start(): void {
    this.#isStarted = true;
    for (const { connection } of this.all) connection.start();
  }

  close(): void {
    for (const { connection } of this.all) connection.close();
  }

  #take({ packageId, label, connection }: ChaincodePackage): InstalledPackage | undefined {
    if (!connection) return undefined;
    const { address, tls } = connection;
    const dialCredentials = tls
      ? credentials.createSsl(
          pem(tls.root),
          tls.key ? pem(tls.key) : null,
          tls.certificate ? pem(tls.certificate) : null,
        )
      : credentials.createInsecure();
    return this.#add({
      packageId,
      label,
      connection: new ChaincodeConnection({ packageId, address, credentials: dialCredentials }),
    });
  }

  #add(installed: InstalledPackage): InstalledPackage {
    this.#packages.set(installed.packageId, installed);
    if (this.#isStarted) installed.connection.start();
    return installed;
  }
}

function pem(text: string): Buffer {
  return Buffer.from(text);
}
