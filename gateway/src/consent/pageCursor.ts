/** Where a page begins: the number of the last item of the page before. */
import { refusal } from '@consilium/domain';

/**
 * @param first what a list begins after
 * @throws ConsiliumError PAGE_CURSOR_INVALID
 */
export function pageCursor(cursor: string | undefined, first = 0): number {
  if (cursor === undefined) return first;
  const number = /^-?\d{1,15}$/.test(cursor) ? Number(cursor) : Number.NaN;
  if (Number.isNaN(number)) throw refusal('PAGE_CURSOR_INVALID', {});
  return number;
}
