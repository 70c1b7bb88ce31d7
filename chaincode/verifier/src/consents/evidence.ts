/** What of a pack was checked already, for whoever looks at what the pack is about. */
import type { Chain } from '../chain/chain.js';
import type { Questions } from '../evidence/questions.js';
import type { Entries } from '../pack/entries.js';
import type { Authors } from '../pack/packAuthors.js';
import type { Report } from '../pack/report.js';

export type Evidence = Readonly<{
  entries: Entries;
  questions: Questions;
  authors: Authors;
  chain: Chain;
  /** Name of the chaincode that answered. */
  chaincode: string;
  report: Report;
}>;
