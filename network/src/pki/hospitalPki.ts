import { chmodSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROLE_ATTRIBUTE, Role, refusal } from '@consilium/domain';
import { FOLDER_MODE, PRIVATE_FILE_MODE, writeFileAtomic } from '../atomicFile.js';
import { AUTHORITY_LIFETIME_MS, Authority } from './authority.js';
import { keepOrMakeConsentKey } from './consentKey.js';
import type { HospitalFolder } from './hospitalFolder.js';
import { NODE_UNITS_YAML } from './nodeUnits.js';
import { type IdentityFiles, type IdentityRequest, isValidIdentity, keepOrIssue } from './storedIdentity.js';
import { keepOrMakeToken } from './token.js';

const DAY_MS = 86_400_000;

/** Certificates of processes; those of the orderer live as long as the CA. */
export const NODE_LIFETIME_MS = 365 * DAY_MS;
const NODE_RENEWAL_MS = 30 * DAY_MS;

/** Certificates of people and of the agent: short, since a role is taken away by not renewing it. */
export const PERSON_LIFETIME_MS = 30 * DAY_MS;
export const PERSON_RENEWAL_MS = 10 * DAY_MS;

const NODES = ['peer', 'orderer'] as const;
const TLS_PARTS = ['peer', 'orderer', 'chaincode', 'gateway'] as const;

/** Everyone who acts in a hospital's name, named after the role: the agent is a process, the others are people. */
export const PERSON_NAMES: readonly Role[] = Role.options;
const AGENT: Role = 'agent';

/** Those of them who speak to the gateway's API, and so have a token. */
export const TOKEN_HOLDERS: readonly Role[] = PERSON_NAMES.filter((name) => name !== AGENT);

export interface HospitalPkiOptions {
  readonly msp: string;
  readonly slug: string;
  readonly now: Date;
  /**
   * Whether CAs that are missing may be made anew. Not once a channel exists: it knows the hospital by the CAs that
   * it began with.
   */
  readonly mayCreateAuthorities: boolean;
  /**
   * Whether a channel exists whose configuration names the certificates of this hospital's orderer: they are the ones
   * then, or none. Absent: no.
   */
  readonly ordererFixed?: boolean;
}

/**
 * Makes one hospital's identities complete: two CAs, certificates of its processes, of its people and their tokens, and the key of
 * its consent store.
 * What is valid is kept, so a second run changes nothing; what nears its end is renewed.
 *
 * @returns the certificate files that were written.
 * @throws AUTHORITY_LOST, CONSENTER_LOST
 */
export async function completeHospitalPki(folder: HospitalFolder, options: HospitalPkiOptions): Promise<string[]> {
  mkdirSync(folder.root, { recursive: true, mode: FOLDER_MODE });
  const [authority, tlsAuthority] = await Promise.all([
    keepOrCreateAuthority(folder.authority, `ca.${options.slug}`, options),
    keepOrCreateAuthority(folder.tlsAuthority, `tlsca.${options.slug}`, options),
  ]);
  writePublicFiles(folder, authority, tlsAuthority);
  if (options.ordererFixed === true) requireOrderer(folder, authority, tlsAuthority, options);
  const issued: string[] = [];
  const keep = async (files: IdentityFiles, issuer: Authority, request: IdentityRequest): Promise<void> => {
    if (await keepOrIssue(files, issuer, request, options.now)) issued.push(files.certificate);
  };
  for (const node of NODES) await keep(folder.nodeIdentity(node), authority, nodeRequest(node, options));
  for (const part of TLS_PARTS) await keep(folder.tlsIdentity(part), tlsAuthority, tlsRequest(part, options));
  await keep(folder.tlsIdentity('chaincode', 'client'), tlsAuthority, tlsRequest('chaincode-client', options));
  for (const name of PERSON_NAMES) await keep(folder.person(name), authority, personRequest(name, options));
  for (const name of TOKEN_HOLDERS) keepOrMakeToken(folder.token(name));
  keepOrMakeConsentKey(folder.consentKeyFile);
  return issued;
}

/** A channel's configuration names an orderer's certificates: new ones would be those of a stranger. */
function requireOrderer(
  folder: HospitalFolder,
  authority: Authority,
  tlsAuthority: Authority,
  options: HospitalPkiOptions,
): void {
  const checks = [
    [folder.nodeIdentity('orderer'), authority, nodeRequest('orderer', options)],
    [folder.tlsIdentity('orderer'), tlsAuthority, tlsRequest('orderer', options)],
  ] as const;
  for (const [files, issuer, request] of checks) {
    if (!isValidIdentity(files, issuer, request, options.now))
      throw refusal('CONSENTER_LOST', { msp: options.msp, file: files.key });
  }
}

function nodeRequest(node: 'peer' | 'orderer', { msp, slug }: HospitalPkiOptions): IdentityRequest {
  return {
    subject: { commonName: `${node}.${slug}`, unit: node, organisation: msp },
    usage: 'signature',
    lifetimeMs: node === 'orderer' ? AUTHORITY_LIFETIME_MS : NODE_LIFETIME_MS,
    renewalMs: NODE_RENEWAL_MS,
  };
}

function tlsRequest(name: string, { msp, slug }: HospitalPkiOptions): IdentityRequest {
  return {
    subject: { commonName: `${name}.${slug}`, organisation: msp },
    usage: 'tls',
    lifetimeMs: name === 'orderer' ? AUTHORITY_LIFETIME_MS : NODE_LIFETIME_MS,
    renewalMs: NODE_RENEWAL_MS,
  };
}

function personRequest(name: Role, { msp, slug }: HospitalPkiOptions): IdentityRequest {
  return {
    // The channel's own administration (lifecycle) asks for the unit, the chaincode for the attribute.
    subject: { commonName: `${name}.${slug}`, unit: name === 'admin' ? 'admin' : 'client', organisation: msp },
    usage: 'signature',
    lifetimeMs: PERSON_LIFETIME_MS,
    renewalMs: PERSON_RENEWAL_MS,
    attributes: { [ROLE_ATTRIBUTE]: name },
  };
}

async function keepOrCreateAuthority(
  files: IdentityFiles,
  commonName: string,
  options: HospitalPkiOptions,
): Promise<Authority> {
  const found = await loadAuthority(files);
  if (found !== undefined) return found;
  if (!options.mayCreateAuthorities) throw refusal('AUTHORITY_LOST', { msp: options.msp, file: files.key });
  const authority = await Authority.create({ commonName, organisation: options.msp }, options.now);
  writeFileAtomic(files.key, await authority.keyPem(), { mode: PRIVATE_FILE_MODE, durable: true });
  writeFileAtomic(files.certificate, authority.certificatePem, { durable: true });
  return authority;
}

async function loadAuthority(files: IdentityFiles): Promise<Authority | undefined> {
  if (!existsSync(files.certificate) || !existsSync(files.key)) return undefined;
  try {
    return await Authority.load(readFileSync(files.certificate, 'utf8'), readFileSync(files.key, 'utf8'));
  } catch {
    return undefined;
  }
}

/** Copies of the CAs' certificates where each process looks for them, and the rule about units. */
function writePublicFiles(folder: HospitalFolder, authority: Authority, tlsAuthority: Authority): void {
  chmodSync(folder.root, FOLDER_MODE);
  for (const msp of [folder.msp, ...NODES.map((node) => folder.nodeMsp(node))]) {
    writeIfDifferent(join(msp, 'cacerts', 'ca.pem'), authority.certificatePem);
    writeIfDifferent(join(msp, 'tlscacerts', 'tlsca.pem'), tlsAuthority.certificatePem);
    writeIfDifferent(join(msp, 'config.yaml'), NODE_UNITS_YAML);
  }
  for (const part of TLS_PARTS) writeIfDifferent(join(folder.tls(part), 'ca.crt'), tlsAuthority.certificatePem);
}

function writeIfDifferent(file: string, content: string): void {
  if (existsSync(file) && readFileSync(file, 'utf8') === content) return;
  writeFileAtomic(file, content);
}
