/** A hospital's peer without its gateway: Fabric's own client, as one of the hospital's people. */
import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type CommandInput,
  LedgerPage,
  type QueryInput,
  type QueryName,
  type Role,
  type TransactionName,
} from '@consilium/domain';
import { Client, credentials } from '@grpc/grpc-js';
import { connect, type Gateway, hash, type Network, signers } from '@hyperledger/fabric-gateway';
import type { common } from '@hyperledger/fabric-protos';
import type { Hospital } from './hospital.js';

/** Where a block's metadata says which of its transactions are valid. */
const TRANSACTIONS_FILTER = 2;

interface Connection {
  readonly msp: string;
  readonly channel: string;
  readonly chaincode: string;
  readonly peer: { readonly endpoint: string; readonly tlsRootCertFile: string };
}

export class PeerClient {
  readonly #connection: Connection;
  readonly #client: Client;
  readonly #gateway: Gateway;

  constructor(hospital: Hospital, role: Role) {
    this.#connection = JSON.parse(readFileSync(join(hospital.folder, 'connection.json'), 'utf8')) as Connection;
    const { endpoint, tlsRootCertFile } = this.#connection.peer;
    this.#client = new Client(endpoint, credentials.createSsl(readFileSync(tlsRootCertFile)));
    const person = (file: string) => readFileSync(join(hospital.folder, 'people', role, file));
    this.#gateway = connect({
      client: this.#client,
      hash: hash.sha256,
      identity: { mspId: this.#connection.msp, credentials: person('cert.pem') },
      signer: signers.newPrivateKeySigner(createPrivateKey(person('key.pem'))),
    });
  }

  /** Resolves once committed. Rejects with Fabric's error, its details holding the contract's words. */
  async submit<Name extends TransactionName>(name: Name, command: CommandInput<Name>): Promise<void> {
    await this.#network.getContract(this.#connection.chaincode).submitTransaction(name, JSON.stringify(command));
  }

  /** A page of what the contract answers. */
  async ask<Name extends QueryName>(name: Name, query: QueryInput<Name>): Promise<LedgerPage> {
    const contract = this.#network.getContract(this.#connection.chaincode);
    const answer = await contract.evaluateTransaction(name, JSON.stringify(query));
    return LedgerPage.parse(JSON.parse(Buffer.from(answer).toString('utf8')));
  }

  /** Validation codes of every transaction in blocks 0 to `height` - 1; 0 is valid. */
  async validationCodes(height: number): Promise<number[]> {
    const codes: number[] = [];
    const blocks = await this.#network.getBlockEvents({ startBlock: 0n });
    try {
      for await (const block of blocks) {
        codes.push(...codesOf(block));
        if (Number(block.getHeader()?.getNumber()) >= height - 1) break;
      }
    } finally {
      blocks.close();
    }
    return codes;
  }

  close(): void {
    this.#gateway.close();
    this.#client.close();
  }

  get #network(): Network {
    return this.#gateway.getNetwork(this.#connection.channel);
  }
}

function codesOf(block: common.Block): number[] {
  const filter = block.getMetadata()?.getMetadataList_asU8()[TRANSACTIONS_FILTER] ?? new Uint8Array();
  return [...filter];
}

/** The code that a refusal through Fabric's client begins with: it stands in the details that peers give. */
export function textOfRefusal(error: unknown): string {
  const { message, details } = error as { message?: string; details?: readonly { message: string }[] };
  return [message, ...(details ?? []).map((detail) => detail.message)].join('\n');
}
