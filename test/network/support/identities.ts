import { generateKeyPairSync, webcrypto } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Authority, type CertificateRequest } from '@consilium/network/pki/authority';
import { HospitalFolder } from '@consilium/network/pki/hospitalFolder';
import { NODE_UNITS_YAML } from '@consilium/network/pki/nodeUnits';

const HOUR_MS = 3_600_000;

/** Certificate and private key, both PEM. */
export interface Credentials {
  readonly certificate: string;
  readonly key: string;
}

/** What a person of a test hospital shall be. */
export interface PersonOptions {
  readonly role?: string;
  /** Organisational unit of the certificate; undefined for none. */
  readonly unit?: string | undefined;
  /** Validity, relative to now. */
  readonly lifetimeMs?: number;
  readonly issuedMs?: number;
}

/** One hospital's authorities and folder in a test network. */
export class TestHospital {
  readonly msp: string;
  readonly folder: HospitalFolder;
  readonly #authority: Authority;

  private constructor(msp: string, folder: HospitalFolder, authority: Authority) {
    this.msp = msp;
    this.folder = folder;
    this.#authority = authority;
  }

  /** Makes authorities, the peer's identity and TLS certificates of peer and chaincode. */
  static async create(root: string, msp: string): Promise<TestHospital> {
    const now = new Date();
    const folder = new HospitalFolder(join(root, msp));
    const [authority, tls] = await Promise.all([
      Authority.create({ commonName: `ca.${msp}`, organisation: msp }, now),
      Authority.create({ commonName: `tlsca.${msp}`, organisation: msp }, now),
    ]);
    const hospital = new TestHospital(msp, folder, authority);
    for (const mspFolder of [folder.msp, folder.nodeMsp('peer')]) {
      write(join(mspFolder, 'cacerts', 'ca.pem'), authority.certificatePem);
      write(join(mspFolder, 'tlscacerts', 'tlsca.pem'), tls.certificatePem);
      write(join(mspFolder, 'config.yaml'), NODE_UNITS_YAML);
    }
    const peer = await issue(authority, {
      subject: { commonName: `peer.${msp}`, unit: 'peer', organisation: msp },
      usage: 'signature',
      lifetimeMs: HOUR_MS,
    });
    writeIdentity(folder.nodeIdentity('peer'), peer);
    for (const part of ['peer', 'chaincode'] as const) {
      write(join(folder.tls(part), 'ca.crt'), tls.certificatePem);
      for (const end of ['server', 'client'] as const) {
        const request: CertificateRequest = {
          subject: { commonName: `${part}.${msp}`, organisation: msp },
          usage: 'tls',
          lifetimeMs: HOUR_MS,
        };
        writeIdentity(folder.tlsIdentity(part, end), await issue(tls, request));
      }
    }
    return hospital;
  }

  /** PEM of the authority that signs the peer's TLS certificate. */
  get tlsRoot(): Buffer {
    return readFileSync(this.folder.tlsAuthority.certificate);
  }

  /** Issues a certificate for a person of this hospital. */
  async person(name: string, options: PersonOptions = {}): Promise<Credentials> {
    const { role = 'researcher', lifetimeMs = HOUR_MS, issuedMs = Date.now() } = options;
    const unit = 'unit' in options ? options.unit : 'client';
    return await issue(
      this.#authority,
      {
        subject: { commonName: name, ...(unit ? { unit } : {}), organisation: this.msp },
        usage: 'signature',
        lifetimeMs,
        attributes: { 'consilium.role': role },
      },
      new Date(issuedMs),
    );
  }
}

async function issue(authority: Authority, request: CertificateRequest, now = new Date()): Promise<Credentials> {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const spki = publicKey.export({ format: 'der', type: 'spki' });
  const key = await webcrypto.subtle.importKey('spki', spki, { name: 'ECDSA', namedCurve: 'P-256' }, true, ['verify']);
  return {
    certificate: await authority.issue(request, key, now),
    key: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
  };
}

function writeIdentity(files: { certificate: string; key: string }, { certificate, key }: Credentials): void {
  write(files.certificate, certificate);
  write(files.key, key);
}

function write(file: string, content: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content, { mode: 0o600 });
}
