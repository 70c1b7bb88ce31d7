import { readFile } from 'node:fs/promises';
import type { ErasureReceipt, RestoreReport } from '@consilium/client';
import { type Command, InvalidArgumentError } from 'commander';
import { INSTANT_HELP, instant, privateFile, timeText, wholeNumber } from '../arguments.js';
import { fields } from '../output.js';
import { inSession } from '../session.js';

export function addOfficerCommands(program: Command): void {
  const officer = program
    .command('officer')
    .description('the compliance officer’s desk: selections, uses, holds, the log of reads, registers, copies');
  addSelectionCommands(officer);
  addReadLogCommands(officer);
  addHoldCommands(officer);
  addExportCommands(officer);
  addStoreCommands(officer);
  addEraseCommand(program);
}

function addSelectionCommands(officer: Command): void {
  officer
    .command('selections')
    .description('selections of patients: how many were allowed, denied, abstained from')
    .option('--day <date>', 'of this day (UTC), such as 2026-11-25')
    .option('--study <id>')
    .option('--round <number>', 'of this round', wholeNumber)
    .action((options: { day?: string; study?: string; round?: number }, command: Command) =>
      inSession(command, async ({ gateway, output }) => {
        const found = await gateway.all((page) => gateway.consents.selections({ ...options, ...page }));
        output.table(
          found,
          ['selection', 'study', 'round', 'at', 'allowed', 'denied', 'abstained', 'nothing on file'],
          (one) => [
            String(one.id),
            one.study,
            String(one.round),
            timeText(one.at),
            String(one.allowed),
            String(one.denied),
            String(one.abstained),
            String(one.withoutRecord),
          ],
        );
      }),
    );
  officer
    .command('decisions')
    .description('every decision of a selection, with its reasons')
    .argument('<selection>')
    .option('--answer <answer>', 'allow, deny or abstain')
    .action((selection: string, options: { answer?: 'allow' }, command: Command) =>
      inSession(command, async ({ gateway, output }) => {
        const id = wholeNumber(selection);
        const found = await gateway.all((page) => gateway.consents.decisions(id, { ...options, ...page }));
        output.table(found, ['record', 'answer', 'why'], (one) => [
          one.ref,
          one.answer,
          one.reasons.map(({ text }) => text).join(' '),
        ]);
      }),
    );
  officer
    .command('uses')
    .description('rounds and versions that used a policy, a cohort or a study’s patients')
    .option('--of <msp>', 'of another hospital (auditor)')
    .option('--study <id>')
    .option('--round <number>', 'of this round', wholeNumber)
    .option('--policy <version>', 'selected under this policy', wholeNumber)
    .option('--cohort <root>', 'with this commitment')
    .action((options: UseOptions, command: Command) =>
      inSession(command, async ({ gateway, output }) => {
        const { of: msp, policy: policyVersion, cohort: root, study, round } = options;
        const asked = Object.entries({ msp, policyVersion, root, study, round }).filter(
          ([, value]) => value !== undefined,
        );
        const filter = Object.fromEntries(asked);
        const found = await gateway.all((page) => gateway.consents.uses({ ...filter, ...page }));
        output.table(
          found,
          ['study', 'round', 'hospital', 'patients', 'policy', 'purposes', 'version', 'block'],
          (use) => [
            use.study,
            String(use.round),
            use.msp,
            use.cohort.sizeBucket,
            String(use.cohort.policyVersion),
            use.cohort.purposes.join(' '),
            use.version ? `${use.version.version} (${use.version.status})` : '-',
            String(use.record.block),
          ],
        );
      }),
    );
}

type UseOptions = { of?: string; study?: string; round?: number; policy?: number; cohort?: string };

function addReadLogCommands(officer: Command): void {
  officer
    .command('reads')
    .description('who consulted consents')
    .option('--record <ref>', 'of this record')
    .option('--from <instant>', INSTANT_HELP, instant)
    .option('--to <instant>', INSTANT_HELP, instant)
    .action((options: { record?: string; from?: number; to?: number }, command: Command) =>
      inSession(command, async ({ gateway, output }) => {
        const { record, ...times } = options;
        const filter = { ...times, ...(record === undefined ? {} : { ref: record }) };
        const found = await gateway.all((page) => gateway.consents.reads({ ...filter, ...page }));
        output.table(found, ['when', 'who', 'role', 'what', 'record', 'asked'], (read) => [
          timeText(read.at),
          read.by.name,
          read.by.role ?? '-',
          read.kind,
          read.ref?.slice(0, 12) ?? '-',
          read.query ?? '-',
        ]);
      }),
    );
  officer
    .command('verify-reads')
    .description('recomputes the log of reads, and compares it with what the ledger has of each day')
    .action((_options, command: Command) =>
      inSession(command, async ({ gateway, output, signal }) => {
        output.show(await gateway.consents.verifyReads({ signal }), ({ entries, days, anchoredDays, head }) =>
          fields({ entries, days, 'days anchored': anchoredDays, head }),
        );
      }),
    );
}

function addHoldCommands(officer: Command): void {
  const hold =
    (stands: boolean) => (ref: string, options: { ground: string; until?: number; reason: string }, command: Command) =>
      inSession(command, async ({ gateway, output, signal }) => {
        const { ground, until, reason } = options;
        const body = { stands, ground: ground as 'gdpr-17-3-b', until: until ?? null, reason };
        const { block } = await gateway.consents.holdRecord(ref, body, { wait: true, signal });
        output.show({ block }, () => `${stands ? 'held' : 'lifted'}, in block ${block}`);
      });
  officer
    .command('hold')
    .description('sets a legal hold: the record is not erased while it stands')
    .argument('<record>')
    .requiredOption('--ground <code>', 'gdpr-17-3-b, gdpr-17-3-d or gdpr-17-3-e')
    .option('--until <instant>', INSTANT_HELP, instant)
    .option('--reason <text>', 'stands on the ledger: never about a patient', '')
    .action(hold(true));
  officer
    .command('lift')
    .description('lifts a legal hold')
    .argument('<record>')
    .requiredOption('--ground <code>', 'why')
    .option('--reason <text>', 'stands on the ledger: never about a patient', '')
    .action(hold(false));
}

function addExportCommands(officer: Command): void {
  officer
    .command('export')
    .description('writes a whole list as a file')
    .argument(
      '<list>',
      'events, withdrawals, uses, selections, selections/<id>/decisions, reads, records, policies, records/<ref>/history…',
    )
    .argument('<file>', 'ends in .csv, .ndjson or .json')
    .option('--from <instant>', INSTANT_HELP, instant)
    .option('--to <instant>', INSTANT_HELP, instant)
    .action((list: string, file: string, options: { from?: number; to?: number }, command: Command) =>
      inSession(command, async ({ gateway, output, signal }) => {
        const format = file.split('.').at(-1);
        if (format !== 'csv' && format !== 'ndjson' && format !== 'json')
          throw new InvalidArgumentError(`${file} ends neither in .csv nor in .ndjson nor in .json`);
        const bytes = await gateway.consents.listFile(list, format, options, { signal });
        await privateFile(file, bytes);
        output.show({ file, bytes: bytes.length }, () => `${bytes.length} bytes in ${file}`);
      }),
    );
  officer
    .command('register')
    .description('writes the register of processing activities (GDPR article 30)')
    .argument('<file>', 'ends in .json, .csv or .html')
    .action((file: string, _options, command: Command) =>
      inSession(command, async ({ gateway, output, signal }) => {
        const bytes = await gateway.consents.officeFile(`activities.${file.split('.').at(-1)}`, { signal });
        await privateFile(file, bytes);
        output.show({ file, bytes: bytes.length }, () => `${bytes.length} bytes in ${file}`);
      }),
    );
}

/** Of the admin. */
function addStoreCommands(officer: Command): void {
  officer
    .command('backups')
    .description('copies of the consent store (admin)')
    .action((_options, command: Command) =>
      inSession(command, async ({ gateway, output, signal }) => {
        const { items } = await gateway.consents.backups({ signal });
        output.table(items, ['name', 'bytes', 'made'], ({ name, bytes, madeAt }) => [
          name,
          String(bytes),
          timeText(madeAt),
        ]);
      }),
    );
  officer
    .command('back-up')
    .description('makes a copy of the consent store (admin)')
    .action((_options, command: Command) =>
      inSession(command, async ({ gateway, output, signal }) => {
        output.show(await gateway.consents.backUp({ signal }), ({ name, bytes, sha256 }) =>
          fields({ name, bytes, sha256 }),
        );
      }),
    );
  officer
    .command('restore')
    .description('adds what a copy has and the store has not (admin)')
    .argument('<name>')
    .option('--key-file <file>', 'the key that it was made under, where that is another')
    .action((name: string, options: { keyFile?: string }, command: Command) =>
      inSession(command, async ({ gateway, output, signal }) => {
        const key = options.keyFile === undefined ? {} : { key: (await readFile(options.keyFile, 'utf8')).trim() };
        output.show(await gateway.consents.restore({ name, ...key }, { signal }), restored);
      }),
    );
  officer
    .command('rotate-key')
    .description('wraps the consent store under a new key (admin)')
    .argument('<file>', 'the new key: 64 hexadecimal digits')
    .action((file: string, _options, command: Command) =>
      inSession(command, async ({ gateway, output, signal }) => {
        const key = (await readFile(file, 'utf8')).trim();
        output.show(
          await gateway.consents.rotateKey(key, { signal }),
          ({ rotatedAt }) => `rotated at ${timeText(rotatedAt)}`,
        );
      }),
    );
}

function addEraseCommand(program: Command): void {
  program
    .command('erase')
    .description('erases a patient’s record: key, salt, link and private copies (compliance officer)')
    .argument('<record>', 'see "consilium patient find"')
    .requiredOption('--ground <code>', 'gdpr-17-1-a to gdpr-17-1-e')
    .requiredOption('--reason <text>', 'stands on the receipt')
    .option('--receipt <file>', 'writes the receipt there: the patient is given it')
    .action((ref: string, options: { ground: string; reason: string; receipt?: string }, command: Command) =>
      inSession(command, async ({ gateway, output, signal }) => {
        const { ground, reason, receipt: file } = options;
        const receipt = await gateway.consents.erase(ref, { ground: ground as 'gdpr-17-1-a', reason }, { signal });
        if (file !== undefined) await privateFile(file, Buffer.from(`${JSON.stringify(receipt, null, 2)}\n`));
        output.show(receipt, receiptText);
      }),
    );
}

function receiptText({ id, state, ground, receiptHash, destroyed, askedAt, doneAt }: ErasureReceipt): string {
  return fields({
    receipt: id,
    state,
    ground,
    'asked at': timeText(askedAt),
    'done at': timeText(doneAt),
    destroyed: destroyed.join(', '),
    'hash on the ledger': receiptHash,
  });
}

const COPIES = {
  read: 'read',
  none: 'no policy asks for them',
  unreachable: 'the own peer did not give them all: restore again',
} as const;

function restored({ ledger, ...report }: RestoreReport): string {
  const named = ({ total, refs }: RestoreReport['ledger']['withoutContents']) =>
    total === 0 ? '0' : `${total}: ${refs.join(' ')}${refs.length < total ? ' …' : ''}`;
  return fields({
    ...report,
    'private copies': COPIES[ledger.copies],
    'events from private copies': ledger.fromCopies,
    'records whose later contents are lost (ask the patient anew)': named(ledger.withoutContents),
    'records on the ledger of nobody known here': named(ledger.withoutPatient),
    'batches on the ledger that are not here': ledger.batchesMissing,
    'ledger height': ledger.height,
  });
}
