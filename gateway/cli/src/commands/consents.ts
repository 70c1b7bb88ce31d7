import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { ConsentOrdersBody, ImportResult, PolicyBody, type RecordingResource } from '@consilium/client';
import { type Command, InvalidArgumentError } from 'commander';
import { z } from 'zod';
import { INSTANT_HELP, instant, jsonFile, PATIENT_HELP, patientNumber, timeText } from '../arguments.js';
import { inSession, type Session } from '../session.js';
import { uploadParts } from '../uploadParts.js';
import { addListCommands } from './consentLists.js';

export function addConsentCommands(program: Command): void {
  const consent = program.command('consent').description('consents: policies, recording, withdrawals, uploads');
  addPolicyCommands(consent);
  addRecordingCommands(consent);
  addListCommands(consent);
}

function addPolicyCommands(consent: Command): void {
  consent
    .command('policies')
    .description('the consent policies of a hospital, newest first, with what each changed')
    .option('--of <msp>', 'of another hospital')
    .action((options: { of?: string }, command: Command) =>
      inSession(command, async ({ gateway, output, signal }) => {
        const { items } = await gateway.consents.policies(options.of === undefined ? {} : { msp: options.of }, {
          signal,
        });
        output.table(items, ['version', 'title', 'purposes', 'basis', 'silence', 'changed', 'published'], (policy) => [
          String(policy.version),
          policy.title,
          policy.permittedPurposes.join(' '),
          policy.legalBasis,
          policy.silence,
          policy.changes.map(({ field }) => field).join(' ') || '-',
          timeText(policy.publishedAt),
        ]);
      }),
    );
  consent
    .command('publish')
    .description('publishes a policy, or its next version, from JSON (compliance officer)')
    .argument('<file>')
    .action((file: string, _options, command: Command) =>
      inSession(command, async ({ gateway, output, signal }) => {
        const policy = parsedFile(PolicyBody, file, await jsonFile(file));
        const { record, transactionId } = await gateway.consents.publishPolicy(policy, { wait: true, signal });
        output.show(record, (published) =>
          published ? `version ${published.version} of “${published.title}” is published` : `sent: ${transactionId}`,
        );
      }),
    );
  consent
    .command('permit')
    .description('records the EHDS data permit that a study rests on (compliance officer)')
    .argument('<study>')
    .argument('<permit>', 'the permit’s id')
    .requiredOption('--approved <instant>', INSTANT_HELP, instant)
    .action((study: string, permitId: string, options: { approved: number }, command: Command) =>
      inSession(command, async ({ gateway, output, signal }) => {
        const body = { study: study as never, permitId, approvedAt: options.approved };
        const { transactionId, block } = await gateway.consents.recordPermit(body, { wait: true, signal });
        output.show({ transactionId, block }, (at) => `recorded in block ${at.block}`);
      }),
    );
}

function addRecordingCommands(consent: Command): void {
  consent
    .command('record')
    .description('records a few hundred consent events from JSON: {"orders": […]} (data steward, patient desk)')
    .argument('<file>')
    .option('--no-wait', 'does not wait until they are on the ledger')
    .action((file: string, options: { wait: boolean }, command: Command) =>
      inSession(command, async ({ gateway, output, signal }) => {
        const orders = parsedFile(ConsentOrdersBody, file, await jsonFile(file));
        output.show(await gateway.consents.record(orders, { wait: options.wait, signal }), recordedText);
      }),
    );
  consent
    .command('withdraw')
    .description('withdraws a patient’s consent: it acts here before this returns (data steward, patient desk)')
    .option('--patient <number>', PATIENT_HELP)
    .option('--ref <ref>', 'instead: the record')
    .option('--kind <kind>', 'withdraw, expire or opt-out', 'withdraw')
    .option('--reason <code>', 'patient-asked, representative-asked, court-order…', 'patient-asked')
    .option('--note <text>', 'stays in the hospital')
    .option('--wait', 'waits until it is on the ledger')
    .action((options: Withdrawing, command: Command) =>
      inSession(command, async (session) => {
        const { patient, ref, kind, reason, note, wait = false } = options;
        if ((patient === undefined) === (ref === undefined))
          throw new InvalidArgumentError('either --patient or --ref');
        const body = {
          ...(patient === undefined ? { ref: ref as never } : { patient: await patientNumber(patient) }),
          ...{ kind: kind as 'withdraw', reason: reason as 'patient-asked' },
          ...(note === undefined ? {} : { note }),
        };
        const { gateway, output, signal } = session;
        output.show(
          await gateway.consents.withdraw(body, { wait, signal }),
          ({ told, ref: of }) => `${told}\nrecord ${of}`,
        );
      }),
    );
  consent
    .command('import')
    .description('records consents from a CSV, NDJSON or JSON file of any size (data steward, patient desk)')
    .argument('<file>', 'ends in .csv, .ndjson or .json')
    .addHelpText('after', IMPORT_HELP)
    .action((file: string, _options, command: Command) =>
      inSession(command, async (session) => {
        const result = await importFile(session, file);
        session.output.show(result, importText);
        if (result.refused > 0) process.exitCode = SOME_REFUSED;
      }),
    );
}

type Withdrawing = {
  patient?: string;
  ref?: string;
  kind: string;
  reason: string;
  note?: string;
  wait?: boolean;
};

/** Exit code of `import` where a line was refused. */
const SOME_REFUSED = 3;

const IMPORT_HELP = `
CSV has a head with some of: patient, kind, reason, meaning, terms, dataClasses, policyVersion, validFrom, validTo,
effectiveFrom, evidenceSource, evidenceHash, note. Terms: DUO:0000042; DUO:0000007=MONDO:0004994|MONDO:0005068
A line that is no order refuses the whole file. The same file again records nothing twice where effectiveFrom is said.`;

/** One part after another; cancelled on the gateway too where the user stops. */
async function importFile({ gateway, signal }: Session, file: string): Promise<ImportResult> {
  const kind = extname(file).slice(1).toLowerCase();
  if (kind !== 'csv' && kind !== 'ndjson' && kind !== 'json')
    throw new InvalidArgumentError(`${file} ends neither in .csv nor in .ndjson nor in .json`);
  const bytes = await readFile(file);
  const parts = kind === 'json' ? [{ bytes, linesBefore: 0 }] : uploadParts(bytes, kind);
  const type = ({ csv: 'text/csv', ndjson: 'application/x-ndjson', json: 'application/json' } as const)[kind];
  const sum: ImportResult = { lines: 0, recorded: 0, refused: 0, refusals: [], waiting: 0 };
  for (const part of parts) {
    const job = await gateway.consents.import(part.bytes, type, { signal });
    const cancel = () => void gateway.cancelJob(job.id).catch(() => undefined);
    signal.addEventListener('abort', cancel, { once: true });
    const result = await gateway.jobResult(ImportResult, job, { signal });
    signal.removeEventListener('abort', cancel);
    sum.lines += result.lines;
    sum.recorded += result.recorded;
    sum.refused += result.refused;
    sum.refusals.push(...result.refusals.map((refusal) => ({ ...refusal, line: refusal.line + part.linesBefore })));
    sum.waiting = result.waiting;
  }
  return sum;
}

function importText({ lines, recorded, refused, refusals, waiting }: ImportResult): string {
  return [
    ...refusals.map(({ line, code, detail }) => `line ${line}: ${code}: ${detail}`),
    `${lines} lines: ${recorded} recorded, ${refused} refused; ${waiting} wait for the channel`,
  ].join('\n');
}

export function recordedText({ events, waiting }: RecordingResource): string {
  const lines = events.map(
    ({ ref, seq, kind, state, ledger }) => `${ref} ${seq}: ${kind}, ${ledger ? `in block ${ledger.block}` : state}`,
  );
  return [...lines, `${waiting} wait for the channel`].join('\n');
}

function parsedFile<Shape extends z.ZodType>(shape: Shape, file: string, value: unknown): z.input<Shape> {
  const result = shape.safeParse(value);
  if (result.success) return value as z.input<Shape>;
  throw new InvalidArgumentError(`${file}:\n${z.prettifyError(result.error)}`);
}
