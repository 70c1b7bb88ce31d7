import { LIFECYCLE } from '../ledger/chaincodeDefinition.js';
import type { ChainReader } from '../ledger/chainReader.js';
import type { PeerLedger } from '../ledger/peerLedger.js';
import type { Simulator } from '../ledger/simulator.js';
import type { Membership } from '../membership/membership.js';
import { ImplicitPolicy } from '../membership/policy.js';
import { blockMessage } from '../wire/block.js';
import type { Proposal } from '../wire/proposal.js';
import { common, encode, peer } from '../wire/proto.js';
import { ConfigQueries } from './configQueries.js';
import { type Lifecycle, NotFoundError } from './lifecycle.js';

const LEDGER_QUERIES = 'qscc';
const CONFIG_QUERIES = 'cscc';
/** The five queries of `qscc`, and whether each takes an argument. */
const QUERIES = ['GetChainInfo', 'GetBlockByNumber', 'GetBlockByHash', 'GetTransactionByID', 'GetBlockByTxID'];

/** Fabric's system chaincodes: `qscc` and `cscc`, which answer questions about chain and configuration, and the lifecycle. */
export class SystemChaincodes {
  readonly #ledger: PeerLedger;
  readonly #chain: ChainReader;
  readonly #membership: Membership;
  readonly #configQueries: ConfigQueries;
  readonly #lifecycleChaincode: Lifecycle;

  constructor(ledger: PeerLedger, chain: ChainReader, membership: Membership, lifecycle: Lifecycle) {
    this.#configQueries = new ConfigQueries(ledger, chain);
    this.#lifecycleChaincode = lifecycle;
    this.#ledger = ledger;
    this.#chain = chain;
    this.#membership = membership;
  }

  has(name: string): boolean {
    return name === LEDGER_QUERIES || name === CONFIG_QUERIES || name === LIFECYCLE;
  }

  /** Whether a chaincode reads and writes the ledger as others do. */
  isSimulated(name: string): boolean {
    return name === LIFECYCLE;
  }

  /** Answers a call with Fabric's response, errors included. `simulator` is absent outside the channel. */
  invoke(proposal: Proposal, simulator?: Simulator): peer.Response {
    const args = proposal.input.getArgsList_asU8().map((each) => Buffer.from(each));
    try {
      if (proposal.chaincode === CONFIG_QUERIES) {
        return answer(
          200,
          '',
          this.#configQueries.answer(args, () => this.#denied(proposal, 'Readers')),
        );
      }
      return proposal.chaincode === LEDGER_QUERIES
        ? this.#query(args, proposal)
        : this.#lifecycle(args, proposal, simulator);
    } catch (error) {
      return answer(500, (error as Error).message);
    }
  }

  #query(args: readonly Buffer[], proposal: Proposal): peer.Response {
    if (args.length < 2) throw new Error(`Incorrect number of arguments, ${args.length}`);
    const [name, channel] = args.map(String) as [string, string];
    if (name !== 'GetChainInfo' && args.length < 3) throw new Error(`missing 3rd argument for ${name}`);
    if (channel !== this.#ledger.channel) throw new Error(`Invalid chain ID, ${channel}`);
    const denied = QUERIES.includes(name)
      ? this.#denied(proposal, 'Readers')
      : `Unmapped policy for ${LEDGER_QUERIES}/${name}`;
    if (denied !== undefined) throw new Error(`access denied for [${name}][${channel}]: [${denied}]`);
    return answer(200, '', this.#queryResult(name, args[2] ?? Buffer.alloc(0)));
  }

  #queryResult(name: string, argument: Buffer): Buffer {
    if (name === 'GetChainInfo') return this.#chainInfo();
    if (name === 'GetTransactionByID') return this.#transaction(argument.toString());
    if (name === 'GetBlockByNumber') return this.#blockByNumber(argument.toString());
    if (name === 'GetBlockByHash') {
      const number = this.#chain.numberOf(argument);
      const bytes = number === undefined ? undefined : this.#block(number);
      if (bytes) return bytes;
      const reason = `no such block hash [${argument.toString('hex')}] in index`;
      throw new Error(`Failed to get block hash ${argument}, error ${reason}`);
    }
    const status = this.#ledger.status(argument.toString());
    const bytes = status && this.#block(status.block);
    if (bytes) return bytes;
    throw new Error(`Failed to get block for txID ${argument}, error no such transaction ID [${argument}] in index`);
  }

  #chainInfo(): Buffer {
    const height = this.#ledger.height;
    const info = new common.BlockchainInfo();
    info.setHeight(height);
    info.setCurrentblockhash(this.#ledger.state.lastHash);
    const last = height > 0 ? this.#chain.block(height - 1) : undefined;
    info.setPreviousblockhash(last?.previousHash ?? Buffer.alloc(0));
    return encode(info);
  }

  #transaction(id: string): Buffer {
    const status = this.#ledger.status(id);
    const position = status && this.#chain.find(id);
    const envelope = position && this.#chain.block(position.block)?.envelopes[position.place];
    if (!status || !envelope) {
      throw new Error(`Failed to get transaction with id ${id}, error no such transaction ID [${id}] in index`);
    }
    const processed = new peer.ProcessedTransaction();
    processed.setTransactionenvelope(common.Envelope.deserializeBinary(envelope));
    processed.setValidationcode(status.code);
    return encode(processed);
  }

  #blockByNumber(text: string): Buffer {
    if (!/^\d+$/.test(text)) {
      throw new Error(`Failed to parse block number with error strconv.ParseUint: parsing "${text}": invalid syntax`);
    }
    // Fabric takes the largest number for "the newest".
    const number = text === '18446744073709551615' ? this.#ledger.height - 1 : Number(text);
    const bytes = this.#block(number);
    if (!bytes) throw new Error(`Failed to get block number ${text}, error no such block number [${text}] in index`);
    return bytes;
  }

  #block(number: number): Buffer | undefined {
    const committed = this.#ledger.committed(number);
    return committed && encode(blockMessage(committed.block, committed.codes, committed.commitHash));
  }

  #lifecycle(args: readonly Buffer[], proposal: Proposal, simulator: Simulator | undefined): peer.Response {
    if (args.length === 0) throw new Error('lifecycle scc must be invoked with arguments');
    if (args.length !== 2) {
      throw new Error(`lifecycle scc operations require exactly two arguments but received ${args.length}`);
    }
    const name = String(args[0]);
    const denied = this.#lifecycleDenied(name, proposal);
    if (denied !== undefined) {
      throw new Error(`Failed to authorize invocation due to failed ACL check: ${denied}`);
    }
    const failed = `failed to invoke backing implementation of '${name}'`;
    let result: Buffer | undefined;
    try {
      result = this.#lifecycleChaincode.invoke(name, args[1] as Buffer, simulator);
      if (!result) {
        const noChannel = "error validating chaincode definition: could not get channelconfig for channel ''";
        throw new Error(simulator ? 'the embedded channel does not support it' : noChannel);
      }
    } catch (error) {
      if (error instanceof NotFoundError) return answer(404, error.message);
      throw new Error(`${failed}: ${(error as Error).message}`, { cause: error });
    }
    return answer(200, '', result);
  }

  #lifecycleDenied(name: string, proposal: Proposal): string | undefined {
    const caller = this.#lifecycleChaincode.callerOf(name);
    if (!caller) return `Unmapped policy for ${LIFECYCLE}/${name}`;
    return caller === 'own admin' ? this.#notOwnAdmin(proposal) : this.#denied(proposal, 'Writers');
  }

  /** Why the creator of a proposal is not an admin of this peer's own hospital. */
  #notOwnAdmin({ creator }: Proposal): string | undefined {
    const during = 'during channelless check policy with policy [Admins]';
    const own = this.#ledger.organization;
    const identity = this.#membership.identify(creator);
    if (identity?.msp !== own) {
      const found = identity ? `expected MSP ID ${own}, received ${identity.msp}` : 'creator is malformed';
      return `Failed deserializing proposal creator ${during}: [${found}]`;
    }
    if (identity.role === 'admin') return undefined;
    const reason = `The identity is not an admin under this MSP [${own}]: The identity does not contain OU [ADMIN], MSP: [${own}]`;
    return `Failed verifying that proposal's creator satisfies local MSP principal ${during}: [${reason}]`;
  }

  #denied({ channelId, proposalBytes, creator, signature }: Proposal, name: 'Readers' | 'Writers'): string | undefined {
    const signers = this.#membership.signers([{ message: proposalBytes, identity: creator, signature }]);
    const missing = new ImplicitPolicy(this.#membership, 'ANY', name, 'member').refusal(signers);
    if (missing === undefined) return undefined;
    return `Failed evaluating policy on signed data during check policy on channel [${channelId}] with policy [/Channel/Application/${name}]: [${missing}]`;
  }
}

function answer(status: number, message: string, payload?: Buffer): peer.Response {
  const response = new peer.Response();
  response.setStatus(status);
  response.setMessage(message);
  if (payload) response.setPayload(payload);
  return response;
}
