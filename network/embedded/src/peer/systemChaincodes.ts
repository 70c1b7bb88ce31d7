import type { ChainReader } from '../ledger/chainReader.js';
import type { PeerLedger } from '../ledger/peerLedger.js';
import type { Membership } from '../membership/membership.js';
import { ImplicitPolicy } from '../membership/policy.js';
import { blockMessage } from '../wire/block.js';
import type { Proposal } from '../wire/proposal.js';
import { common, decode, encode, peer } from '../wire/proto.js';

const { QueryChaincodeDefinitionArgs, QueryChaincodeDefinitionResult } = peer.lifecycle;

const LEDGER_QUERIES = 'qscc';
const LIFECYCLE = '_lifecycle';
/** The five queries of `qscc`, and whether each takes an argument. */
const QUERIES = ['GetChainInfo', 'GetBlockByNumber', 'GetBlockByHash', 'GetTransactionByID', 'GetBlockByTxID'];

/** The parts of Fabric's system chaincodes that only read: `qscc`, and the lifecycle's question for a definition. */
export class SystemChaincodes {
  readonly #ledger: PeerLedger;
  readonly #chain: ChainReader;
  readonly #membership: Membership;

  constructor(ledger: PeerLedger, chain: ChainReader, membership: Membership) {
    this.#ledger = ledger;
    this.#chain = chain;
    this.#membership = membership;
  }

  has(name: string): boolean {
    return name === LEDGER_QUERIES || name === LIFECYCLE;
  }

  /** Answers a call with Fabric's response, errors included. */
  invoke(proposal: Proposal): peer.Response {
    const args = proposal.input.getArgsList_asU8().map((each) => Buffer.from(each));
    try {
      return proposal.chaincode === LEDGER_QUERIES ? this.#query(args, proposal) : this.#lifecycle(args, proposal);
    } catch (error) {
      return answer(500, (error as Error).message);
    }
  }

  #query(args: readonly Buffer[], proposal: Proposal): peer.Response {
    if (args.length < 2) throw new Error(`Incorrect number of arguments, ${args.length}`);
    const [name, channel] = args.map(String) as [string, string];
    if (name !== 'GetChainInfo' && args.length < 3) throw new Error(`missing 3rd argument for ${name}`);
    if (channel !== this.#ledger.channel) throw new Error(`Invalid chain ID, ${channel}`);
    const denied = this.#denied(proposal, 'Readers');
    if (denied !== undefined) throw new Error(`access denied for [${name}][${channel}]: [${denied}]`);
    if (!QUERIES.includes(name)) throw new Error(`Requested function ${name} not found.`);
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

  #lifecycle(args: readonly Buffer[], proposal: Proposal): peer.Response {
    if (args.length === 0) throw new Error('lifecycle scc must be invoked with arguments');
    if (args.length !== 2) {
      throw new Error(`lifecycle scc operations require exactly two arguments but received ${args.length}`);
    }
    const [name, argument] = args as [Buffer, Buffer];
    const denied = this.#denied(proposal, 'Writers');
    if (denied !== undefined) {
      throw new Error(`Failed to authorize invocation due to failed ACL check: ${denied}`);
    }
    if (String(name) !== 'QueryChaincodeDefinition') {
      throw new Error(`the embedded channel does not support the lifecycle function '${name}'`);
    }
    const chaincode = decode(QueryChaincodeDefinitionArgs, argument)?.getName() ?? '';
    const definition = this.#ledger.definitions.get(chaincode);
    if (!definition) return answer(404, `namespace ${chaincode} is not defined`);
    const result = new QueryChaincodeDefinitionResult();
    result.setSequence(definition.sequence);
    result.setVersion(definition.version);
    result.setEndorsementPlugin('escc');
    result.setValidationPlugin('vscc');
    result.setValidationParameter(definition.validationParameter);
    result.setCollections(new peer.CollectionConfigPackage());
    const approvals = result.getApprovalsMap();
    for (const organization of this.#membership.organizations) approvals.set(organization, true);
    return answer(200, '', encode(result));
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
