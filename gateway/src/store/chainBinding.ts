/** Ties a database to one chain: what a journal remembers of another channel of the same name must never be acted on. */
import { refusal } from '@consilium/domain';
import type { Database } from '@consilium/sqlite';

const GENESIS = 'genesis';

/**
 * Remembers the chain on the first call, and compares with it ever after.
 * @param genesis SHA-256 of the first block's header
 * @throws ConsiliumError CONFIGURATION_INVALID
 */
export function bindToChain(database: Database, file: string, genesis: string): void {
  const found = database.prepare('SELECT value FROM property WHERE name = ?').get(GENESIS) as
    | { value: string }
    | undefined;
  if (!found) database.prepare('INSERT INTO property (name, value) VALUES (?, ?)').run(GENESIS, genesis);
  else if (found.value !== genesis)
    throw refusal('CONFIGURATION_INVALID', {
      file,
      problems: `it belongs to the channel that begins with ${found.value}, the peer's begins with ${genesis}: restore the database of this channel, or start with an empty home`,
    });
}
