/** Records an upload of consents: first every line is read and checked, then they are recorded in turns. */
import { setTimeout as pause } from 'node:timers/promises';
import { ConsentOrderBody, type ImportResult } from '@consilium/client/resources';
import { ConsiliumError } from '@consilium/domain';
import { IMPORT_ORDERS_PER_TURN, IMPORT_REFUSALS_TOLD_MAX, IMPORT_WAIT_MS } from './apiLimits.js';
import type { By, ConsentOffice } from './consentOffice.js';
import { type ImportFormat, importLines } from './importLines.js';
import { parsed } from './input.js';

type Order = Readonly<{ line: number; order: ConsentOrderBody }>;

/** The part of the work that reading and checking is. */
const CHECKING_SHARE = 0.1;

/**
 * A line that is not an order refuses the whole upload, and nothing is recorded. Afterwards each order stands for itself:
 * what the store refuses is told by line, the others stand. The same upload again records nothing twice where its orders
 * say from when they take effect.
 * @throws ConsiliumError INPUT_INVALID where the upload cannot be read; what the store throws where it is down
 */
export async function importConsents(
  office: Pick<ConsentOffice, 'record' | 'queue'>,
  upload: Readonly<{ format: ImportFormat; bytes: Buffer }>,
  by: By,
  signal: AbortSignal,
  onProgress: (share: number) => void,
): Promise<ImportResult> {
  const report = new Report();
  let lines = 0;
  for await (const { line, value } of importLines(upload.format, upload.bytes)) {
    lines += 1;
    check(line, value, report);
    if (lines % IMPORT_ORDERS_PER_TURN === 0) await turn(signal);
  }
  onProgress(CHECKING_SHARE);
  if (report.refused === 0)
    await recordAll(office, upload, by, signal, report, (done) => {
      onProgress(CHECKING_SHARE + (1 - CHECKING_SHARE) * (done / lines));
    });
  return { lines, ...report.result(), waiting: office.queue().waiting };
}

async function recordAll(
  office: Pick<ConsentOffice, 'record'>,
  { format, bytes }: Readonly<{ format: ImportFormat; bytes: Buffer }>,
  by: By,
  signal: AbortSignal,
  report: Report,
  onDone: (lines: number) => void,
): Promise<void> {
  let orders: Order[] = [];
  let done = 0;
  const flush = async (): Promise<void> => {
    await turn(signal);
    await recordSome(office, orders, by, signal, report);
    done += orders.length;
    orders = [];
    onDone(done);
  };
  for await (const { line, value } of importLines(format, bytes)) {
    orders.push({ line, order: parsed(ConsentOrderBody, value, `line ${line}`) });
    if (orders.length === IMPORT_ORDERS_PER_TURN) await flush();
  }
  if (orders.length > 0) await flush();
}

/** All at once; where the store refuses them, each half by itself, down to the ones that are at fault. */
async function recordSome(
  office: Pick<ConsentOffice, 'record'>,
  orders: readonly Order[],
  by: By,
  signal: AbortSignal,
  report: Report,
): Promise<void> {
  for (;;) {
    try {
      await office.record(
        orders.map(({ order }) => order),
        by,
      );
      report.recorded += orders.length;
      return;
    } catch (error) {
      if (!(error instanceof ConsiliumError) || error.kind === 'unavailable') throw error;
      if (error.code !== 'CONSENT_QUEUE_FULL') {
        if (orders.length > 1) break;
        report.refuse(orders[0]?.line ?? 0, error.code, error.detail);
        return;
      }
    }
    // There is room again once the channel has taken some: the job's own deadline ends this.
    await pause(IMPORT_WAIT_MS, undefined, { signal });
  }
  const half = Math.ceil(orders.length / 2);
  await recordSome(office, orders.slice(0, half), by, signal, report);
  await turn(signal);
  await recordSome(office, orders.slice(half), by, signal, report);
}

function check(line: number, value: unknown, report: Report): void {
  try {
    parsed(ConsentOrderBody, value, 'order');
  } catch (error) {
    if (!(error instanceof ConsiliumError)) throw error;
    report.refuse(line, error.code, error.detail);
  }
}

/** Lets others have their turn. @throws the signal's reason */
async function turn(signal: AbortSignal): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  signal.throwIfAborted();
}

class Report {
  recorded = 0;
  refused = 0;
  readonly #refusals: ImportResult['refusals'] = [];

  refuse(line: number, code: string, detail: string): void {
    this.refused += 1;
    if (this.#refusals.length < IMPORT_REFUSALS_TOLD_MAX) this.#refusals.push({ line, code, detail });
  }

  result(): Pick<ImportResult, 'recorded' | 'refused' | 'refusals'> {
    return { recorded: this.recorded, refused: this.refused, refusals: this.#refusals };
  }
}
