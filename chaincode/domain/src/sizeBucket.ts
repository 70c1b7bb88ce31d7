/** How large a cohort is, coarse: what a join tells about it. */

/** 1, 2 and 5 of each power of ten from ten on: below ten no size is told. */
const LEAST = Array.from({ length: 7 }, (_, power) => [10, 20, 50].map((first) => first * 10 ** power))
  .flat()
  .filter((count) => count <= 10_000_000);

/** `<10`, `10-19`, `20-49`, `50-99`, `100-199` and so on up to `10000000+`. @throws RangeError for what is no count */
export function sizeBucketOf(count: number): string {
  if (!Number.isSafeInteger(count) || count < 0) throw new RangeError(`no count: ${count}`);
  const k = LEAST.findLastIndex((least) => least <= count);
  if (k < 0) return `<${LEAST[0]}`;
  const next = LEAST[k + 1];
  return next === undefined ? `${LEAST[k]}+` : `${LEAST[k]}-${next - 1}`;
}
