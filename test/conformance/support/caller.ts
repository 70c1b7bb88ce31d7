import {
  type Commit,
  CommitError,
  type Contract,
  type Gateway,
  GatewayError,
  type Network,
  type ProposalOptions,
  type Status,
  type Transaction,
} from '@hyperledger/fabric-gateway';
import { commitStatusRequest, creatorOf } from './messages.js';

/** A person at one hospital's gateway, calling the chaincode of the suite. */
export class Caller {
  readonly msp: string;
  readonly gateway: Gateway;
  readonly network: Network;
  readonly contract: Contract;
  /** Waits until every peer has committed what the own one has. */
  readonly #settle: () => Promise<void>;

  constructor(parts: {
    msp: string;
    gateway: Gateway;
    channel: string;
    chaincode: string;
    settle: () => Promise<void>;
  }) {
    this.msp = parts.msp;
    this.gateway = parts.gateway;
    this.network = parts.gateway.getNetwork(parts.channel);
    this.contract = this.network.getContract(parts.chaincode);
    this.#settle = parts.settle;
  }

  /** The result as text. */
  async evaluate(name: string, ...args: string[]): Promise<string> {
    return text(await this.contract.evaluateTransaction(name, ...args));
  }

  /** The result, which is JSON. */
  async evaluateJson(name: string, ...args: string[]) {
    return JSON.parse(await this.evaluate(name, ...args));
  }

  /** The result that one other hospital's peer gives. */
  async evaluateAt(msp: string, name: string, ...args: string[]): Promise<string> {
    return text(await this.contract.evaluate(name, { arguments: args, endorsingOrganizations: [msp] }));
  }

  /** The result of a transaction, committed by every peer. Throws what the library throws, a CommitError too. */
  async submit(name: string, ...args: string[]): Promise<string> {
    return await this.submitWith(name, { arguments: args });
  }

  /** Likewise, with transient values or named organisations. */
  async submitWith(name: string, options: ProposalOptions): Promise<string> {
    const transaction = await this.contract.newProposal(name, options).endorse();
    const status = await this.commit(transaction);
    if (status.successful) return text(transaction.getResult());
    throw new CommitError({
      message: `Transaction ${status.transactionId} failed to commit with status code ${status.code}`,
      code: status.code,
      transactionId: status.transactionId,
    });
  }

  /** The validation code of a transaction, committed by every peer. */
  async code(name: string, ...args: string[]): Promise<number> {
    return await this.codeWith(name, { arguments: args });
  }

  async codeWith(name: string, options: ProposalOptions): Promise<number> {
    return (await this.commit(await this.contract.newProposal(name, options).endorse())).code;
  }

  async endorse(name: string, ...args: string[]): Promise<Transaction> {
    return await this.contract.newProposal(name, { arguments: args }).endorse();
  }

  /** Submits an endorsed transaction, waits for its fate, and until every peer has committed it. */
  async commit(transaction: Transaction): Promise<Status> {
    const status = await (await this.order(transaction)).getStatus();
    await this.#settle();
    return status;
  }

  /**
   * Submits an endorsed transaction. Under BFT an orderer may hear of a transaction first from the block that contains
   * it, and call it processed already: that is no failure, and its status can be asked for by its id.
   */
  async order(transaction: Transaction): Promise<Commit> {
    try {
      return await transaction.submit();
    } catch (error) {
      const isOrdered = error instanceof GatewayError && error.details.some(({ message }) => /processed/.test(message));
      if (!isOrdered) throw error;
      return this.statusOf(transaction.getTransactionId());
    }
  }

  /** A request for the status of a transaction that perhaps somebody else submitted. */
  statusOf(transactionId: string): Commit {
    const { mspId, credentials } = this.gateway.getIdentity();
    return this.gateway.newCommit(
      commitStatusRequest(this.network.getName(), transactionId, creatorOf(mspId, credentials)),
    );
  }
}

export function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString();
}
