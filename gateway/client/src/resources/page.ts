/** Lists come in pages. */
import { z } from 'zod';

/** A page of a list: `next` is the cursor of the page after it, null on the last one. */
export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.object({ items: z.array(item), total: z.int().min(0), next: z.string().nullable() });
}

export type Page<Item> = Readonly<{ items: Item[]; total: number; next: string | null }>;

/** Which part of a list is asked for. `limit`: 1 to PAGE_ITEMS_MAX. */
export type PageQuery = Readonly<{ limit?: number; cursor?: string }>;
