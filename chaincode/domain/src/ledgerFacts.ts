/**
 * Facts that hospitals record of rounds, as they stand on the ledger. Each hospital writes several in every round, and a key
 * names study, round and hospital already: the value does not repeat them.
 */

type Fields = Readonly<Record<string, unknown>>;
type Schema<T> = Readonly<{ parse(value: unknown): T }>;

const FACTS: readonly (string | undefined)[] = ['join', 'contribution', 'reveal', 'attestation'];

/** What a key tells of the record under it; nothing for keys whose records repeat what they say. */
function toldByKey(key: string): Fields {
  const [noun, study, second, third] = key.split('~');
  if (FACTS.includes(noun)) return { study, round: Number(second), msp: third };
  if (noun === 'sharekey') return { study, msp: second, index: Number(third) };
  return {};
}

/** A record out of the value under its key. @throws whatever the schema throws */
export function recordUnder<T>(schema: Schema<T>, key: string, value: unknown): T {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return schema.parse(value);
  return schema.parse({ ...value, ...toldByKey(key) });
}

/** The value that stands under a key for a record. */
export function valueUnder(key: string, record: object): Fields {
  const told = toldByKey(key);
  return Object.fromEntries(Object.entries(record).filter(([name]) => !Object.hasOwn(told, name)));
}
