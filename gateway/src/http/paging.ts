/** Pages of a list: a cursor names the list and the last item that was given, so it holds while the list grows. */
import type { Page } from '@consilium/client/resources';
import { PAGE_ITEMS_DEFAULT, PAGE_ITEMS_MAX, refusal } from '@consilium/domain';
import type { Request } from 'express';
import { z } from 'zod';
import { parsed } from './input.js';

export const PageQuery = z.object({
  limit: z
    .string()
    .regex(/^\d{1,4}$/, 'a number in decimal digits')
    .transform(Number)
    .pipe(z.int().min(1).max(PAGE_ITEMS_MAX))
    .optional(),
  cursor: z.string().max(1_000).optional(),
});

/**
 * @param list what the list is, with the study that it belongs to: a cursor of another list is refused
 * @param entries all of it, in the byte order of their keys
 * @throws ConsiliumError INPUT_INVALID, PAGE_CURSOR_INVALID
 */
export async function pageOf<Entry extends { key: string }, Item>(
  request: Request,
  list: string,
  entries: readonly Entry[],
  itemOf: (entry: Entry) => Item | Promise<Item>,
): Promise<Page<Item>> {
  const { limit = PAGE_ITEMS_DEFAULT, cursor } = parsed(PageQuery, request.query, 'query');
  const after = cursor === undefined ? undefined : keyIn(cursor, list);
  const start = after === undefined ? 0 : entries.filter(({ key }) => key <= after).length;
  const chosen = entries.slice(start, start + limit);
  const last = chosen.at(-1);
  const next = last && start + limit < entries.length ? cursorOf(list, last.key) : null;
  return { items: await Promise.all(chosen.map(itemOf)), total: entries.length, next };
}

export function cursorOf(list: string, key: string): string {
  return Buffer.from(JSON.stringify([list, key])).toString('base64url');
}

/** @throws ConsiliumError PAGE_CURSOR_INVALID where it is of another list, or none of ours */
export function keyIn(cursor: string, list: string): string {
  try {
    const [found, key] = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')) as unknown[];
    if (found === list && typeof key === 'string') return key;
  } catch {
    // Not one of ours: refused below.
  }
  throw refusal('PAGE_CURSOR_INVALID', {});
}
