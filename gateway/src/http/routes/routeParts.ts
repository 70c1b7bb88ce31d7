/** What the routes work with. */
import type { EventHub } from '../eventHub.js';
import type { Jobs } from '../jobs.js';
import type { ApiParts } from '../ports.js';
import type { Records } from '../records.js';
import type { TransactionBook } from '../transactionBook.js';

export type RouteParts = ApiParts &
  Readonly<{ records: Records; transactions: TransactionBook; jobs: Jobs; events: EventHub }>;
