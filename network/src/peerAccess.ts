import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Client, credentials } from '@grpc/grpc-js';
import { connect, type Gateway, type Network, signers } from '@hyperledger/fabric-gateway';
import { common, gateway as messages, peer } from '@hyperledger/fabric-protos';
import type { Connection } from './connectionFile.js';
import type { IdentityFiles } from './pki/storedIdentity.js';

const CALL_MS_MAX = 15_000;
const COMMIT_MS_MAX = 30_000;
/** Longest reading of a whole channel. */
const BLOCKS_MS_MAX = 10 * 60_000;

/** Largest answer: a block of 10 MB, and what its transactions carry beside it. */
const MESSAGE_BYTES_MAX = 100 * 1024 * 1024;

const RECONNECT_BACKOFF_MS = 100;
const RECONNECT_BACKOFF_MS_MAX = 1_000;

/** One person's access to a hospital's peer, for either kind of channel: Fabric's client library, and single proposals. */
export class PeerAccess {
  readonly msp: string;
  readonly channel: string;
  readonly chaincode: string;
  readonly gateway: Gateway;
  readonly #client: Client;
  readonly #signer: (digest: Uint8Array) => Promise<Uint8Array>;

  constructor({ msp, channel, chaincode, peer: address }: Connection, person: IdentityFiles) {
    this.msp = msp;
    this.channel = channel;
    this.chaincode = chaincode;
    this.#client = new Client(address.endpoint, credentials.createSsl(readFileSync(address.tlsRootCertFile)), {
      'grpc.ssl_target_name_override': address.serverName,
      'grpc.max_receive_message_length': MESSAGE_BYTES_MAX,
      'grpc.initial_reconnect_backoff_ms': RECONNECT_BACKOFF_MS,
      'grpc.max_reconnect_backoff_ms': RECONNECT_BACKOFF_MS_MAX,
    });
    const within = (ms: number) => () => ({ deadline: Date.now() + ms });
    const signer = signers.newPrivateKeySigner(createPrivateKey(readFileSync(person.key)));
    this.#signer = async (digest) => signer(digest);
    this.gateway = connect({
      client: this.#client,
      identity: { mspId: msp, credentials: readFileSync(person.certificate) },
      signer,
      evaluateOptions: within(CALL_MS_MAX),
      endorseOptions: within(CALL_MS_MAX),
      submitOptions: within(CALL_MS_MAX),
      commitStatusOptions: within(COMMIT_MS_MAX),
      blockEventsOptions: within(BLOCKS_MS_MAX),
    });
  }

  get network(): Network {
    return this.gateway.getNetwork(this.channel);
  }

  /** How many blocks the own peer has. */
  async height(): Promise<number> {
    const query = { arguments: [this.channel], endorsingOrganizations: [this.msp] };
    const answer = await this.network.getContract('qscc').evaluate('GetChainInfo', query);
    return common.BlockchainInfo.deserializeBinary(answer).getHeight();
  }

  /**
   * Calls a system chaincode of the own peer outside any channel, as its administration does.
   *
   * @returns the payload of the response.
   * @throws Error with the peer's words.
   */
  async administer(chaincode: string, name: string, ...args: Uint8Array[]): Promise<Uint8Array> {
    const proposal = this.gateway.getNetwork('').getContract(chaincode).newProposal(name, { arguments: args });
    const proposed = messages.ProposedTransaction.deserializeBinary(proposal.getBytes());
    const signed = proposed.getProposal();
    if (signed === undefined) throw new Error('the client library made no proposal');
    signed.setSignature(await this.#signer(proposal.getDigest()));
    const response = (await this.#processProposal(signed)).getResponse();
    if (response === undefined || response.getStatus() !== 200)
      throw new Error(response?.getMessage() || `the peer answered with status ${response?.getStatus() ?? 'none'}`);
    return response.getPayload_asU8();
  }

  close(): void {
    this.gateway.close();
    this.#client.close();
  }

  async #processProposal(signed: peer.SignedProposal): Promise<peer.ProposalResponse> {
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(
        '/protos.Endorser/ProcessProposal',
        (message: peer.SignedProposal) => Buffer.from(message.serializeBinary()),
        (bytes) => peer.ProposalResponse.deserializeBinary(bytes),
        signed,
        { deadline: Date.now() + CALL_MS_MAX },
        (error, response) => {
          if (error !== null) reject(error);
          else if (response === undefined) reject(new Error('the peer answered nothing'));
          else resolve(response);
        },
      );
    });
  }
}

/** What a failure of the client library says, the words of each peer included. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const details: unknown = 'details' in error ? error.details : undefined;
  const words = Array.isArray(details) ? details.map(({ message }) => String(message)) : [];
  return [error.message, ...new Set(words)].join('; ');
}
