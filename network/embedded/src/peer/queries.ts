import { QUERY_BATCH_RESULTS_MAX, QUERY_RESULTS_MAX } from '../limits.js';
import { encode, peer } from '../wire/proto.js';

/** Yields serialised query results one by one; undefined at the end. */
export interface QueryResults {
  next(): Buffer | undefined;
  /** Key at which the next page begins, '' where there is none. */
  bookmark?(): string;
}

interface OpenQuery {
  readonly results: QueryResults;
  /** Read ahead: `has_more` promises the chaincode library a page that is not empty. */
  readonly pending: Buffer[];
  count: number;
}

/** The queries that one transaction has open, handed to the chaincode in batches as Fabric does. */
export class Queries {
  readonly #open = new Map<string, OpenQuery>();
  #lastId = 0;

  /** Opens a query and answers with its first batch. A page size makes it one single answer with a bookmark. */
  start(results: QueryResults, page?: { readonly size: number }): peer.QueryResponse {
    this.#lastId += 1;
    const id = String(this.#lastId);
    this.#open.set(id, { results, pending: [], count: 0 });
    const isLimited = page && page.size > 0 && page.size < QUERY_RESULTS_MAX;
    return this.#batch(id, page !== undefined, isLimited ? page.size : QUERY_RESULTS_MAX);
  }

  /** The next batch of a query. Throws where none is open under this id. */
  next(id: string): peer.QueryResponse {
    if (!this.#open.has(id)) throw new Error('query iterator not found');
    return this.#batch(id, false, QUERY_RESULTS_MAX);
  }

  close(id: string): peer.QueryResponse {
    this.#open.delete(id);
    return response(id, [], false);
  }

  #batch(id: string, isPaged: boolean, limit: number): peer.QueryResponse {
    const query = this.#open.get(id) as OpenQuery;
    while (query.count < limit) {
      const result = query.results.next();
      if (!result) break;
      query.count += 1;
      if (!isPaged && query.pending.length === QUERY_BATCH_RESULTS_MAX) {
        return response(id, query.pending.splice(0, query.pending.length, result), true);
      }
      query.pending.push(result);
    }
    this.#open.delete(id);
    const message = response(id, query.pending, false);
    if (isPaged) {
      const metadata = new peer.QueryResponseMetadata();
      metadata.setFetchedRecordsCount(query.count);
      metadata.setBookmark(query.results.bookmark?.() ?? '');
      message.setMetadata(encode(metadata));
    }
    return message;
  }
}

function response(id: string, results: readonly Buffer[], hasMore: boolean): peer.QueryResponse {
  const message = new peer.QueryResponse();
  message.setResultsList(
    results.map((bytes) => {
      const result = new peer.QueryResultBytes();
      result.setResultbytes(bytes);
      return result;
    }),
  );
  message.setHasMore(hasMore);
  message.setId(id);
  return message;
}
