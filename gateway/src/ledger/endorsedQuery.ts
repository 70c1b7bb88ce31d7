/**
 * Queries whose answer stands up later: put to a majority of the hospitals' peers, which sign it, and never submitted. The
 * signed question, the answer, what the peers read for it, and every endorsement with its certificate are kept.
 */
import { LedgerPage, PAGE_ITEMS_MAX, type QueryInput, type QueryName, refusal } from '@consilium/domain';
import type { Gateway } from '@hyperledger/fabric-gateway';
import { common, ledger, peer, gateway as protos } from '@hyperledger/fabric-protos';
import type { Log } from '../agent/ports.js';
import { endorse } from './endorsing.js';
import type { ChannelNames } from './fabricChannel.js';

const PAGES_MAX = 100_000;

export type EndorsedRecord = Readonly<{
  key: string;
  value: unknown;
  /** The transaction that wrote it last: its block, and its place in it. */
  place: Readonly<{ block: number; index: number }>;
}>;

/** One page as it was endorsed: all that a verifier needs of it, in Fabric's own bytes. */
export type EndorsedPage = Readonly<{
  /** `Proposal`, and the asker's signature under it. */
  proposal: Uint8Array;
  signature: Uint8Array;
  /** `ProposalResponsePayload`: what the endorsers signed, each followed by its own identity. */
  payload: Uint8Array;
  endorsements: readonly Readonly<{ endorser: Uint8Array; signature: Uint8Array }>[];
  records: readonly EndorsedRecord[];
}>;

export class EndorsedQueries {
  readonly #gateway: Gateway;
  readonly #names: ChannelNames;
  readonly #log: Log;

  /** @param gateway of who asks: the answer names the asker */
  constructor(gateway: Gateway, names: ChannelNames, log: Log) {
    this.#gateway = gateway;
    this.#names = names;
    this.#log = log;
  }

  /**
   * Asks for every page.
   * @param query without `cursor` and `items`
   * @throws ConsiliumError what the contract refuses with; LEDGER_UNAVAILABLE; LEDGER_REFUSED for an answer without an end
   */
  async ask<Name extends QueryName>(
    name: Name,
    query: Omit<QueryInput<Name>, 'cursor' | 'items'>,
    signal?: AbortSignal,
  ): Promise<EndorsedPage[]> {
    const pages: EndorsedPage[] = [];
    let cursor: string | null = null;
    do {
      const argument = { ...query, items: PAGE_ITEMS_MAX, ...(cursor === null ? {} : { cursor }) };
      const { page, next }: { page: EndorsedPage; next: string | null } = await this.#page(name, argument, signal);
      pages.push(page);
      cursor = next;
    } while (cursor !== null && pages.length < PAGES_MAX);
    if (cursor !== null) throw refusal('LEDGER_REFUSED', { reason: `${name} has more than ${PAGES_MAX} pages` });
    return pages;
  }

  async #page(name: string, argument: object, signal: AbortSignal | undefined) {
    const { channel, chaincode, msp } = this.#names;
    const contract = this.#gateway.getNetwork(channel).getContract(chaincode);
    const { proposal, transaction } = await endorse(
      { contract, msp, log: this.#log },
      name,
      JSON.stringify(argument),
      signal,
    );
    const signed = protos.ProposedTransaction.deserializeBinary(proposal.getBytes()).getProposal();
    const endorsed = endorsedAction(transaction.getBytes());
    if (!signed || !endorsed) throw refusal('LEDGER_UNAVAILABLE', { reason: 'the peer answered without endorsements' });
    const payload = endorsed.getProposalResponsePayload_asU8();
    const { answer, places } = answerIn(payload, chaincode);
    const page: EndorsedPage = {
      proposal: signed.getProposalBytes_asU8(),
      signature: signed.getSignature_asU8(),
      payload,
      endorsements: endorsed.getEndorsementsList().map((each) => ({
        endorser: each.getEndorser_asU8(),
        signature: each.getSignature_asU8(),
      })),
      records: answer.items.map(({ key, value }) => {
        const place = places.get(key);
        if (!place) throw refusal('LEDGER_UNAVAILABLE', { reason: `the peers do not say where ${key} was written` });
        return { key, value, place };
      }),
    };
    return { page, next: answer.cursor };
  }
}

/** @param prepared what the SDK's `Transaction.getBytes` gives */
function endorsedAction(prepared: Uint8Array): peer.ChaincodeEndorsedAction | undefined {
  const envelope = protos.PreparedTransaction.deserializeBinary(prepared).getEnvelope();
  if (!envelope) return undefined;
  const payload = common.Payload.deserializeBinary(envelope.getPayload_asU8());
  const [action] = peer.Transaction.deserializeBinary(payload.getData_asU8()).getActionsList();
  return action && peer.ChaincodeActionPayload.deserializeBinary(action.getPayload_asU8()).getAction();
}

function answerIn(payload: Uint8Array, chaincode: string) {
  const response = peer.ProposalResponsePayload.deserializeBinary(payload);
  const action = peer.ChaincodeAction.deserializeBinary(response.getExtension_asU8());
  const text = Buffer.from(action.getResponse()?.getPayload_asU8() ?? []).toString('utf8');
  const places = new Map<string, EndorsedRecord['place']>();
  const sets = ledger.rwset.TxReadWriteSet.deserializeBinary(action.getResults_asU8()).getNsRwsetList();
  for (const set of sets.filter((each) => each.getNamespace() === chaincode)) {
    const reads = ledger.rwset.kvrwset.KVRWSet.deserializeBinary(set.getRwset_asU8());
    const inRanges = reads.getRangeQueriesInfoList().flatMap((range) => range.getRawReads()?.getKvReadsList() ?? []);
    for (const read of [...reads.getReadsList(), ...inRanges]) {
      const version = read.getVersion();
      if (version) places.set(read.getKey(), { block: version.getBlockNum(), index: version.getTxNum() });
    }
  }
  return { answer: LedgerPage.parse(JSON.parse(text)), places };
}
