/** Lists that can be long: pages for programs, or all of it as a file. */
import type { PageAtHeight } from '@consilium/client/resources';
import { PAGE_ITEMS_DEFAULT, refusal } from '@consilium/domain';
import type { Request, Response } from 'express';
import { type Column, csvHead, csvRows } from '../exports/csv.js';
import { FILE_ITEMS_PER_TURN } from './apiLimits.js';
import { parsed } from './input.js';
import { cursorOf, keyIn, PageQuery } from './paging.js';

export type Part<Item> = Readonly<{ items: readonly Item[]; total: number; next: string | null }>;

export type Listing<Item> = Readonly<{
  /** What the list is, and of which question: a cursor of another one is refused. */
  list: string;
  /** Name of the file, without its ending. */
  file: string;
  columns: readonly Column<Item>[];
  height: number;
  /** @param after what was `next` on the part before */
  part(after: string | undefined, items: number): Part<Item>;
}>;

const TYPES = {
  csv: 'text/csv; charset=utf-8; header=present',
  ndjson: 'application/x-ndjson',
  json: 'application/json',
};
type Format = keyof typeof TYPES;

/**
 * `?format=csv|ndjson|json`: the whole list as a file. Without it a page, with `limit` and `cursor`.
 * @throws ConsiliumError INPUT_INVALID, PAGE_CURSOR_INVALID
 */
export async function answerList<Item>(request: Request, response: Response, listing: Listing<Item>): Promise<void> {
  const { format } = request.query;
  if (format !== undefined) {
    await sendFile(response, formatOf(format), listing);
    return;
  }
  const { limit = PAGE_ITEMS_DEFAULT, cursor } = parsed(PageQuery, request.query, 'query');
  const after = cursor === undefined ? undefined : keyIn(cursor, listing.list);
  const { items, total, next } = listing.part(after, limit);
  const page: PageAtHeight<Item> = {
    items: [...items],
    total,
    next: next === null ? null : cursorOf(listing.list, next),
    height: listing.height,
  };
  response.json(page);
}

/** A list that is short enough to be held at once; its items may be made when they are shown. */
export function wholePart<Entry, Item = Entry>(
  all: readonly Entry[],
  itemOf: (entry: Entry) => Item = (entry) => entry as unknown as Item,
): Listing<Item>['part'] {
  return (after, items) => {
    const start = after === undefined ? 0 : parsedPosition(after);
    const end = start + items;
    const shown = all.slice(start, end).map(itemOf);
    return { items: shown, total: all.length, next: end < all.length ? String(end) : null };
  };
}

function parsedPosition(after: string): number {
  if (!/^\d{1,10}$/.test(after)) throw refusal('PAGE_CURSOR_INVALID', {});
  return Number(after);
}

function formatOf(format: unknown): Format {
  if (typeof format === 'string' && Object.hasOwn(TYPES, format)) return format as Format;
  throw refusal('INPUT_INVALID', { problems: 'query.format: csv, ndjson or json' });
}

/** Part by part: a long list neither fills the memory nor keeps the gateway from other work. */
async function sendFile<Item>(response: Response, format: Format, listing: Listing<Item>): Promise<void> {
  const { file, columns, height, part } = listing;
  let found = part(undefined, FILE_ITEMS_PER_TURN);
  response.setHeader('content-type', TYPES[format]);
  response.setHeader('content-disposition', `attachment; filename="${file}.${format}"`);
  response.setHeader('consilium-height', String(height));
  response.setHeader('consilium-total', String(found.total));
  if (format === 'csv') response.write(csvHead(columns));
  if (format === 'json') response.write('[');
  let isFirst = true;
  for (;;) {
    if (!(await written(response, textOf(format, columns, found.items, isFirst)))) return;
    isFirst = false;
    if (found.next === null) break;
    found = part(found.next, FILE_ITEMS_PER_TURN);
  }
  response.end(format === 'json' ? '\n]\n' : '');
}

function textOf<Item>(
  format: Format,
  columns: readonly Column<Item>[],
  items: readonly Item[],
  isFirst: boolean,
): string {
  if (format === 'csv') return csvRows(columns, items);
  const texts = items.map((item) => JSON.stringify(item));
  if (format === 'ndjson') return texts.map((text) => `${text}\n`).join('');
  return `${isFirst || texts.length === 0 ? '' : ','}\n${texts.join(',\n')}`;
}

/** Resolves once there is room for more; false where the reader went away. */
function written(response: Response, text: string): Promise<boolean> {
  if (response.destroyed) return Promise.resolve(false);
  if (response.write(text)) return new Promise((resolve) => setImmediate(() => resolve(!response.destroyed)));
  return new Promise((resolve) => {
    const over = (): void => {
      response.off('drain', over).off('close', over);
      resolve(!response.destroyed);
    };
    response.on('drain', over).on('close', over);
  });
}
