/**
 * Makes property tests try the same values on every run, so that none of them fails by chance. CONSILIUM_PROPERTY_SEED
 * chooses others: a whole number, or `random` for another one each time. A failure prints the seed that it was found with.
 */
import fc from 'fast-check';

const SEED_DEFAULT = 1;
const SEED_MAX = 2 ** 31 - 1;

const asked = process.env.CONSILIUM_PROPERTY_SEED ?? String(SEED_DEFAULT);
if (asked !== 'random') {
  const seed = Number(asked);
  if (!/^\d+$/.test(asked) || seed > SEED_MAX)
    throw new Error(`CONSILIUM_PROPERTY_SEED takes a whole number up to ${SEED_MAX}, or "random", not "${asked}"`);
  fc.configureGlobal({ ...fc.readConfigureGlobal(), seed });
}
