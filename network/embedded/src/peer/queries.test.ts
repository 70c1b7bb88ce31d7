import { describe, expect, test } from '@jest/globals';
import { RangeScan } from '../ledger/rangeScan.js';
import { peer } from '../wire/proto.js';
import { Queries, type QueryResults } from './queries.js';

function results(count: number): QueryResults {
  let index = 0;
  return {
    next: () => (index < count ? Buffer.from(String(index++)) : undefined),
    bookmark: () => (index < count ? `key${index}` : ''),
  };
}

/** Reads a query to its end as the chaincode library does, and answers the sizes of the batches. */
function batches(queries: Queries, first: peer.QueryResponse): number[] {
  const sizes = [first.getResultsList().length];
  for (let response = first; response.getHasMore(); ) {
    response = queries.next(response.getId());
    // The library reads the first result of a promised batch without looking.
    expect(response.getResultsList().length).toBeGreaterThan(0);
    sizes.push(response.getResultsList().length);
  }
  return sizes;
}

describe('a query', () => {
  test.each([
    [0, [0]],
    [1, [1]],
    [100, [100]],
    [101, [100, 1]],
    [200, [100, 100]],
    [250, [100, 100, 50]],
  ])('of %i results travels in batches of %j', (count, sizes) => {
    const queries = new Queries();
    expect(batches(queries, queries.start(results(count)))).toEqual(sizes);
  });

  test.each([
    [10, 3, 3, 'key3'],
    [3, 3, 3, ''],
    [2, 3, 2, ''],
    [250, 150, 150, 'key150'],
  ])('of %i results in pages of %i answers %i and the bookmark %j', (count, size, fetched, bookmark) => {
    const response = new Queries().start(results(count), { size });
    expect(response.getHasMore()).toBe(false);
    expect(response.getResultsList()).toHaveLength(fetched);
    const metadata = peer.QueryResponseMetadata.deserializeBinary(response.getMetadata_asU8());
    expect(metadata.toObject()).toEqual({ fetchedRecordsCount: fetched, bookmark });
  });

  test('that was closed or never opened cannot go on', () => {
    const queries = new Queries();
    const response = queries.start(results(150));
    queries.close(response.getId());
    expect(() => queries.next(response.getId())).toThrow('query iterator not found');
    expect(() => queries.next('99')).toThrow('query iterator not found');
  });
});

describe('a scan of a range', () => {
  const entries = (count: number) => {
    const all = Array.from({ length: count }, (_, index) => ({
      key: `k${String(index).padStart(4, '0')}`,
      value: Buffer.from('v'),
      version: { block: index, transaction: 0 },
    }));
    return ({ start, after, count: most }: { start: string; after: boolean; count: number }) =>
      all.filter((each) => (after ? each.key > start : each.key >= start)).slice(0, most);
  };

  test('reads everything, page by page', () => {
    const scan = new RangeScan(entries(250), { start: 'k', end: 'l' });
    let found = 0;
    while (scan.next()) found += 1;
    expect(found).toBe(250);
    expect(scan.read()).toMatchObject({ startKey: 'k', endKey: 'l', exhausted: true });
  });

  test('that was left early reaches to the last key seen', () => {
    const scan = new RangeScan(entries(250), { start: 'k', end: 'l' });
    scan.next();
    scan.next();
    expect(scan.read()).toMatchObject({ endKey: 'k0001', exhausted: false });
    expect(scan.read().reads).toHaveLength(2);
  });

  test('with a limit knows where the next page begins', () => {
    const scan = new RangeScan(entries(5), { start: 'k', end: 'l', limit: 3 });
    while (scan.next());
    expect(scan.bookmark()).toBe('k0003');
    expect(scan.read()).toMatchObject({ endKey: 'k0002', exhausted: false });
  });
});
