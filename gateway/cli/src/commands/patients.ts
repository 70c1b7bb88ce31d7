import type { ConsentRecordResource, HistoryEvent } from '@consilium/client';
import { ConsentTerm } from '@consilium/domain';
import { type Command, InvalidArgumentError } from 'commander';
import {
  INSTANT_HELP,
  instant,
  PATIENT_HELP,
  patientNumber,
  privateFile,
  timeText,
  wholeNumber,
} from '../arguments.js';
import { fields } from '../output.js';
import { inSession } from '../session.js';
import { recordedText } from './consents.js';

export function addPatientCommands(program: Command): void {
  const patient = program
    .command('patient')
    .description('one patient: what is on file, what it was used for, the patient’s page; grants at the desk');
  addFindingCommands(patient);
  addQuestionCommands(patient);
  addDeskCommands(patient);
}

function addFindingCommands(patient: Command): void {
  patient
    .command('find')
    .description('the records of a patient: every other command names the record')
    .argument('<number>', PATIENT_HELP)
    .action((number: string, _options, command: Command) =>
      inSession(command, async ({ gateway, output, signal }) => {
        const { items } = await gateway.consents.recordsOf({ patient: await patientNumber(number) }, { signal });
        output.table(items, ['record', 'in use', 'events', 'legal hold', 'erased'], (record) => [
          record.ref,
          record.live ? 'yes' : 'no',
          String(record.events),
          record.hold?.stands ? record.hold.ground : '-',
          record.erasure?.state ?? '-',
        ]);
      }),
    );
  patient
    .command('show')
    .description('one record')
    .argument('<record>')
    .action((ref: string, _options, command: Command) =>
      inSession(command, async ({ gateway, output, signal }) => {
        output.show(await gateway.consents.recordOf(ref, { signal }), recordText);
      }),
    );
}

function addQuestionCommands(patient: Command): void {
  patient
    .command('history')
    .description('every event: who, why, under which policy, and where it stands on the ledger')
    .argument('<record>')
    .action((ref: string, _options, command: Command) =>
      inSession(command, async ({ gateway, output }) => {
        const events = await gateway.all((page) => gateway.consents.history(ref, page));
        output.table(
          events,
          ['event', 'from', 'reason', 'by', 'role', 'basis', 'policy', 'changed', 'recorded here', 'on the ledger'],
          (event) => [
            `${event.seq} ${event.kind}`,
            timeText(event.effectiveFrom),
            event.reason,
            event.actor.name,
            event.actor.role ?? '-',
            event.basis ?? '-',
            policyText(event),
            event.changes.map(({ field }) => field).join(' ') || '-',
            timeText(event.claimedAt),
            event.ledger ? `block ${event.ledger.block}, ${event.ledger.transactionId.slice(0, 12)}…` : event.state,
          ],
        );
      }),
    );
  patient
    .command('effective')
    .description('what was allowed at one instant, as it was known at another')
    .argument('<record>')
    .option('--at <instant>', INSTANT_HELP, instant)
    .option('--known <instant>', 'as it was known then; the instant of --at where absent', instant)
    .action((ref: string, options: { at?: number; known?: number }, command: Command) =>
      inSession(command, async ({ gateway, output, signal }) => {
        const { at: effectiveAt, known: knownAt } = options;
        const at = {
          ...(effectiveAt === undefined ? {} : { effectiveAt }),
          ...(knownAt === undefined ? {} : { knownAt }),
        };
        output.show(await gateway.consents.effective(ref, at, { signal }), ({ event, stands, ...found }) =>
          fields({
            'effective at': timeText(found.effectiveAt),
            'known at': timeText(found.knownAt),
            'a consent stands': stands ? 'yes' : 'no',
            'event in force': event ? `${event.seq}: ${event.kind}, from ${timeText(event.effectiveFrom)}` : 'none',
            terms: event?.terms.map(({ code, values }) => [code, ...values].join(' ')).join('; ') || '-',
            'valid until': timeText(event?.validTo),
            policy: event ? policyText(event) : '-',
            'block height': found.height,
          }),
        );
      }),
    );
  patient
    .command('uses')
    .description('rounds and model versions that used this patient')
    .argument('<record>')
    .action((ref: string, _options, command: Command) =>
      inSession(command, async ({ gateway, output }) => {
        const uses = await gateway.all((page) => gateway.consents.usesOf(ref, page));
        output.table(
          uses,
          ['study', 'round', 'selected', 'purposes', 'policy', 'joined', 'contributed', 'version'],
          (use) => [
            use.study,
            String(use.round),
            timeText(use.selectedAt),
            use.purposes.join(' '),
            String(use.policyVersion),
            use.joined ? 'yes' : 'no',
            use.contributed ? 'yes' : 'no',
            use.version ? `${use.version.version} (${use.version.status})` : '-',
          ],
        );
      }),
    );
  patient
    .command('why')
    .description('whether a study may use this patient now, or did in a round, and why')
    .argument('<record>')
    .argument('<study>')
    .option('--round <number>', 'in that round', wholeNumber)
    .action((ref: string, study: string, options: { round?: number }, command: Command) =>
      inSession(command, async ({ gateway, output, signal }) => {
        output.show(await gateway.consents.decisionOf(ref, study, options, { signal }), ({ answer, reasons }) =>
          [answer, ...reasons.map(({ text }) => `- ${text}`)].join('\n'),
        );
      }),
    );
  patient
    .command('readers')
    .description('who consulted this record (compliance officer, auditor)')
    .argument('<record>')
    .action((ref: string, _options, command: Command) =>
      inSession(command, async ({ gateway, output }) => {
        const reads = await gateway.all((page) => gateway.consents.readsOf(ref, page));
        output.table(reads, ['when', 'who', 'role', 'what'], (read) => [
          timeText(read.at),
          read.by.name,
          read.by.role ?? '-',
          read.kind,
        ]);
      }),
    );
}

function addDeskCommands(patient: Command): void {
  patient
    .command('grant')
    .description('records what a patient allows (patient desk, data steward)')
    .requiredOption('--patient <number>', PATIENT_HELP)
    .option('--term <term...>', 'DUO:0000006, or with values DUO:0000007=MONDO:0004994,MONDO:0005068', [])
    .option('--kind <kind>', 'grant, change, opt-out or opt-in', 'grant')
    .option('--reason <code>', 'patient-asked, representative-asked, imported-from-paper…', 'patient-asked')
    .option('--data <classes...>', 'kinds of data; absent: all that the policy names')
    .option('--until <instant>', INSTANT_HELP, instant)
    .option('--from <instant>', 'clinical date; absent: now', instant)
    .option('--no-wait', 'does not wait until it is on the ledger, where it begins to act')
    .action((options: Granting, command: Command) =>
      inSession(command, async ({ gateway, output, signal }) => {
        const { kind, reason, data, until, from } = options;
        const order = {
          patient: await patientNumber(options.patient),
          ...{ kind: kind as 'grant', reason: reason as 'patient-asked', terms: options.term.map(termIn) },
          ...(data === undefined ? {} : { dataClasses: data as never[] }),
          ...(until === undefined ? {} : { validTo: until }),
          ...(from === undefined ? {} : { effectiveFrom: from }),
        };
        const recorded = await gateway.consents.record({ orders: [order] }, { wait: options.wait, signal });
        output.show(recorded, recordedText);
      }),
    );
  patient
    .command('page')
    .description('writes the patient’s own page: HTML to print or send (patient desk, compliance officer)')
    .argument('<record>')
    .argument('<file>')
    .action((ref: string, file: string, _options, command: Command) =>
      inSession(command, async ({ gateway, output, signal }) => {
        const bytes = await gateway.consents.patientPage(ref, { signal });
        await privateFile(file, bytes);
        output.show({ file, bytes: bytes.length }, () => `${bytes.length} bytes in ${file}`);
      }),
    );
  patient
    .command('file')
    .description('writes a file for the patient (patient desk, compliance officer)')
    .argument('<record>')
    .argument(
      '<name>',
      'receipts.json, disclosures.json, disclosures.csv, access.json, access.html, portable.json, bundle.json',
    )
    .argument('<file>', 'where to write it')
    .action((ref: string, name: string, file: string, _options, command: Command) =>
      inSession(command, async ({ gateway, output, signal }) => {
        const bytes = await gateway.consents.patientFile(ref, name, { signal });
        await privateFile(file, bytes);
        output.show({ file, bytes: bytes.length }, () => `${bytes.length} bytes in ${file}`);
      }),
    );
}

type Granting = {
  patient: string;
  term: string[];
  kind: string;
  reason: string;
  data?: string[];
  until?: number;
  from?: number;
  wait: boolean;
};

function termIn(text: string): ConsentTerm {
  const [code, values] = text.split('=', 2);
  const term = ConsentTerm.safeParse({ code, values: values === undefined ? [] : values.split(',') });
  if (!term.success)
    throw new InvalidArgumentError(`${text} is no term: write DUO:0000006 or DUO:0000007=MONDO:0004994`);
  return term.data;
}

function policyText({ policy }: HistoryEvent): string {
  if (!policy) return '-';
  const changed = policy.changes.map(({ field }) => field).join(' ');
  return `${policy.version}${changed ? ` (changed ${changed})` : ''}`;
}

function recordText({ ref, patient, live, events, hold, erasure }: ConsentRecordResource): string {
  return fields({
    record: ref,
    patient,
    'in use': live,
    events,
    'legal hold': hold?.stands
      ? `${hold.ground}, until ${hold.until === null ? 'lifted' : timeText(hold.until)}`
      : 'none',
    erasure: erasure ? `${erasure.state}, ${erasure.ground}, asked by ${erasure.askedBy}` : 'none',
  });
}
