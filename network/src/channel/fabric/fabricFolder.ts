import { join } from 'node:path';

/** Names of the files of one hospital's nodes, `<home>/channel/fabric/<MSP>`. */
export class NodeFolder {
  constructor(readonly root: string) {}

  /** Holds `orderer.yaml`. */
  get orderer(): string {
    return join(this.root, 'orderer');
  }

  /** Holds `core.yaml`. */
  get peer(): string {
    return join(this.root, 'peer');
  }

  get ordererConfig(): string {
    return join(this.orderer, 'orderer.yaml');
  }

  get peerConfig(): string {
    return join(this.peer, 'core.yaml');
  }

  /** Blocks, state and installed chaincode of the peer. */
  get peerData(): string {
    return join(this.peer, 'data');
  }

  /** The peer's scratch files, which contain the key that it dials its chaincode with: not for the machine's `/tmp`. */
  get peerScratch(): string {
    return join(this.peer, 'tmp');
  }

  /** Where the peer reaches its chaincode and with which key, for chaincode that is installed from now on. */
  get chaincodeConnection(): string {
    return join(this.peer, 'chaincode.json');
  }

  /** What the external builder has made of each installed package: a folder a package. */
  get builds(): string {
    return join(this.peerData, 'externalbuilder', 'builds');
  }
}

/** Names of the files of a Fabric channel, `<home>/channel/fabric`. */
export class FabricFolder {
  constructor(readonly root: string) {}

  /** The channel's configuration in words, as configtxgen reads it. */
  get configtx(): string {
    return join(this.root, 'configtx.yaml');
  }

  /** The channel's first block. Once it exists, whose nodes where is settled. */
  get genesis(): string {
    return join(this.root, 'genesis.block');
  }

  /** The TLS CAs of all hospitals. */
  get tlsAuthorities(): string {
    return join(this.root, 'tls-cas.pem');
  }

  get builder(): string {
    return join(this.root, 'builder');
  }

  node(msp: string): NodeFolder {
    return new NodeFolder(join(this.root, msp));
  }
}
