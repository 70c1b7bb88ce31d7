import { join } from 'node:path';
import type { IdentityFiles } from './storedIdentity.js';

/** Names of the files in one hospital's folder `<home>/hospitals/<MSP>`. What is not under `msp/` never leaves it. */
export class HospitalFolder {
  constructor(readonly root: string) {}

  /** What every other hospital may see: the two CAs' certificates and the rule which unit means which role. */
  get msp(): string {
    return join(this.root, 'msp');
  }

  get authority(): IdentityFiles {
    return { certificate: join(this.msp, 'cacerts', 'ca.pem'), key: join(this.root, 'ca', 'ca.key') };
  }

  get tlsAuthority(): IdentityFiles {
    return { certificate: join(this.msp, 'tlscacerts', 'tlsca.pem'), key: join(this.root, 'ca', 'tlsca.key') };
  }

  /** An MSP folder of a node, which signs with the key inside. */
  nodeMsp(node: 'peer' | 'orderer'): string {
    return join(this.root, node, 'msp');
  }

  nodeIdentity(node: 'peer' | 'orderer'): IdentityFiles {
    const msp = this.nodeMsp(node);
    return { certificate: join(msp, 'signcerts', 'cert.pem'), key: join(msp, 'keystore', 'key.pem') };
  }

  tls(part: 'peer' | 'orderer' | 'chaincode' | 'gateway'): string {
    return join(this.root, part, 'tls');
  }

  tlsIdentity(part: 'peer' | 'orderer' | 'chaincode' | 'gateway', end: 'server' | 'client' = 'server'): IdentityFiles {
    return { certificate: join(this.tls(part), `${end}.crt`), key: join(this.tls(part), `${end}.key`) };
  }

  person(name: string): IdentityFiles {
    return {
      certificate: join(this.root, 'people', name, 'cert.pem'),
      key: join(this.root, 'people', name, 'key.pem'),
    };
  }

  token(name: string): string {
    return join(this.root, 'people', name, 'token');
  }

  /** The key of the hospital's consent store. Beside the store's folder, so that a copy of that opens nothing. */
  get consentKeyFile(): string {
    return join(this.root, 'gateway', 'consent.key');
  }

  get connectionFile(): string {
    return join(this.root, 'connection.json');
  }

  get gatewayFile(): string {
    return join(this.root, 'gateway.json');
  }

  /** What the hospital's gateway keeps: its store, its vectors, its secrets. */
  get gatewayHome(): string {
    return join(this.root, 'gateway', 'home');
  }
}
