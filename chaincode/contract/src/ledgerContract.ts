/**
 * What every contract does around a transaction: who asks and with which role, what was asked, when; then the rule decides,
 * and what it decided is written and told.
 */
import {
  type Command,
  ConsiliumError,
  canonicalJson,
  commands,
  type Query,
  type QueryName,
  queries,
  REQUEST_BODY_BYTES_MAX,
  refusal,
  type TransactionName,
} from '@consilium/domain';
import api from 'fabric-contract-api';
import { callerOf } from './ledger/caller.js';
import { LedgerContext } from './ledger/ledgerContext.js';
import { type KeyRange, readPage } from './ledger/ledgerPages.js';
import { LedgerState } from './ledger/ledgerState.js';
import { transactionTime } from './ledger/transactionTime.js';
import { type Asked, type Caller, requireRole } from './rules/permissions.js';
import type { Decision } from './rules/records.js';

const { Contract } = api;

/** Problems of an argument that are told at once. */
const PROBLEMS_TOLD_MAX = 10;

/** Queries that are answered out of the public state, page by page. */
type PagedQueryName = Exclude<QueryName, 'ConsentContract:readPrivate'>;

export abstract class LedgerContract extends Contract {
  override createContext(): LedgerContext {
    return new LedgerContext();
  }

  /**
   * Runs a transaction that writes. Nothing is written where `decide` throws.
   * @throws ConsiliumError CLOCK_SKEW, ROLE_REQUIRED, BODY_TOO_LARGE, INPUT_INVALID, and what the rule refuses
   */
  protected async submit<Name extends TransactionName>(
    context: LedgerContext,
    name: Name,
    argument: string,
    decide: (asked: Asked<Name>, state: LedgerState) => Promise<Decision>,
  ): Promise<string> {
    const at = transactionTime(context);
    const caller = callerOf(context);
    requireRole(name, caller);
    const command = parseArgument(commands[name], argument) as Command<Name>;
    const state = new LedgerState(context.stub);
    return state.write(await decide({ command, caller, at }, state));
  }

  /**
   * Answers a query. Whoever wants proof has it endorsed by a majority and does not submit it.
   * @throws ConsiliumError ROLE_REQUIRED, BODY_TOO_LARGE, INPUT_INVALID, PAGE_CURSOR_INVALID, and what `find` refuses
   */
  protected async evaluate<Name extends PagedQueryName>(
    context: LedgerContext,
    name: Name,
    argument: string,
    find: (query: Query<Name>, state: LedgerState, caller: Caller) => Promise<readonly KeyRange[]>,
  ): Promise<string> {
    const { query, caller } = this.asked(context, name, argument);
    const ranges = await find(query, new LedgerState(context.stub), caller);
    return canonicalJson(await readPage(context.stub, ranges, query));
  }

  /**
   * Who asks a query, and what.
   * @throws ConsiliumError ROLE_REQUIRED, BODY_TOO_LARGE, INPUT_INVALID
   */
  protected asked<Name extends QueryName>(
    context: LedgerContext,
    name: Name,
    argument: string,
  ): Readonly<{ query: Query<Name>; caller: Caller }> {
    const caller = callerOf(context);
    requireRole(name, caller);
    return { query: parseArgument(queries[name], argument) as Query<Name>, caller };
  }
}

type Issue = Readonly<{ path: readonly PropertyKey[]; message: string }>;
type ArgumentSchema = Readonly<{
  safeParse(value: unknown): { success: true; data: unknown } | { success: false; error: { issues: readonly Issue[] } };
}>;

/** Half a character, in JSON's own notation. Fabric hands arguments over as UTF-8, so no other way leads to one. */
const SURROGATE = /\\u[dD][89a-fA-F]/;

/** Lone surrogates have no canonical form, so they cannot be recorded: refused here, whatever the field. */
function parseArgument(schema: ArgumentSchema, argument: string): unknown {
  if (Buffer.byteLength(argument) > REQUEST_BODY_BYTES_MAX)
    throw refusal('BODY_TOO_LARGE', { bytesMax: REQUEST_BODY_BYTES_MAX });
  let value: unknown;
  try {
    value = JSON.parse(argument);
    if (SURROGATE.test(argument) || !argument.isWellFormed()) canonicalJson(value);
  } catch (error) {
    throw refusal(
      'INPUT_INVALID',
      { problems: `the argument is not JSON: ${(error as Error).message}` },
      { cause: error },
    );
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues
    .slice(0, PROBLEMS_TOLD_MAX)
    .map(({ path, message }) => `${path.join('.') || 'the argument'}: ${message}`);
  throw new ConsiliumError('INPUT_INVALID', problems.join('; '));
}
