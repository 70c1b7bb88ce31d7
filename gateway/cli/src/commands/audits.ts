/** Evidence for auditors: packs that `consilium-verify` checks, offline. */
import { writeFile } from 'node:fs/promises';
import type { LedgerEffectiveResource, OpenedRecordBody } from '@consilium/client';
import { type Command, InvalidArgumentError } from 'commander';
import { INSTANT_HELP, instant, jsonFile, timeText } from '../arguments.js';
import { fields } from '../output.js';
import { inSession, type Session } from '../session.js';

/** A pack may tell about patients: nobody else on this machine reads it. */
const OWNER_ONLY = 0o600;

type PackOptions = Readonly<{ out: string; blocks?: boolean }>;

type EffectiveOptions = Readonly<{ at?: number; known?: number; opened?: string; study?: string }>;

export function addAuditCommands(program: Command): void {
  const audit = program.command('audit').description('evidence packs, for `consilium-verify` to check offline');
  const pack = (name: string, description: string): Command =>
    audit
      .command(name)
      .description(description)
      .requiredOption('--out <file>', 'where to write it')
      .option('--blocks', 'with all blocks of the channel, which show the order of everything');

  audit
    .command('effective')
    .description('what stood of a consent record at an instant, by the ledger and by what its hospital opened')
    .argument('<hospital>', 'MSP of the hospital whose record it is')
    .argument('<ref>', '32 hexadecimal digits')
    .option('--at <instant>', INSTANT_HELP, instant)
    .option('--known <instant>', 'as it was known then; the instant of --at where absent', instant)
    .option('--opened <file>', 'what the hospital opened: the openings.json of a pack of evidence')
    .option('--study <id>', 'also what this study may do with it (with --opened)')
    .action((hospital: string, ref: string, options: EffectiveOptions, command: Command) =>
      inSession(command, async ({ gateway, output, signal }) => {
        const { at: effectiveAt, known: knownAt, opened: file, study } = options;
        const at = { ...(effectiveAt && { effectiveAt }), ...(knownAt && { knownAt }), ...(study && { study }) };
        const { consents } = gateway;
        const found = file
          ? await consents.openedEffective(
              hospital,
              ref,
              { ...at, ...openingIn(await jsonFile(file), ref) },
              { signal },
            )
          : await consents.ledgerEffective(hospital, ref, at, { signal });
        output.show(found, effectiveText);
      }),
    );
  pack('cohort', 'opens this hospital’s cohort of a round to an auditor: members, salts, events')
    .requiredOption('--study <id>')
    .requiredOption('--round <number>')
    .option('--patients', 'with the patients’ numbers: the file then tells who they are')
    .action((options: PackOptions & { study: string; round: string; patients?: boolean }, command: Command) =>
      inSession(command, (session) => {
        const { study, patients = false } = options;
        return save(session, options, (query) =>
          session.gateway.cohortAudit(study, wholeNumber(options.round), { ...query, patients }),
        );
      }),
    );
  pack('record', 'everything about one consent record')
    .argument('<hospital>', 'MSP of the hospital whose record it is')
    .argument('<ref>', '32 hexadecimal digits')
    .option('--open <what>', 'contents, or patient: with the patient’s number too')
    .action((hospital: string, ref: string, options: PackOptions & { open?: string }, command: Command) =>
      inSession(command, (session) =>
        save(session, options, (query) =>
          session.gateway.recordEvidence(hospital, ref, {
            ...query,
            ...(options.open === undefined ? {} : { open: opened(options.open) }),
          }),
        ),
      ),
    );
  pack('round', 'the facts of a round')
    .requiredOption('--study <id>')
    .requiredOption('--round <number>')
    .action((options: PackOptions & { study: string; round: string }, command: Command) =>
      inSession(command, (session) =>
        save(session, options, (query) =>
          session.gateway.roundEvidence(options.study, wholeNumber(options.round), query),
        ),
      ),
    );
  pack('membership', 'whether a record was in this hospital’s cohorts of a study')
    .argument('<ref>', '32 hexadecimal digits')
    .requiredOption('--study <id>')
    .option('--patient', 'with the patient’s number')
    .action((ref: string, options: PackOptions & { study: string; patient?: boolean }, command: Command) =>
      inSession(command, (session) => {
        const { study, patient = false } = options;
        return save(session, options, (query) => session.gateway.membershipEvidence(study, ref, { ...query, patient }));
      }),
    );
}

async function save(
  { output, signal }: Session,
  { out, blocks = false }: PackOptions,
  fetch: (query: Readonly<{ blocks: boolean; signal: AbortSignal }>) => Promise<Uint8Array>,
): Promise<void> {
  const bytes = await fetch({ blocks, signal });
  await writeFile(out, bytes, { mode: OWNER_ONLY });
  output.show({ file: out, bytes: bytes.length }, () =>
    [`${bytes.length} bytes in ${out}`, `check it with: consilium-verify ${out} --genesis <hash of block 0>`].join(
      '\n',
    ),
  );
}

function opened(text: string): 'contents' | 'patient' {
  if (text === 'contents' || text === 'patient') return text;
  throw new InvalidArgumentError(`${text}: contents or patient`);
}

function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError(`${text} is not a number of a round`);
  return Number(text);
}

/** @throws InvalidArgumentError where the file opens nothing of the record */
function openingIn(file: unknown, ref: string): Pick<OpenedRecordBody, 'salt' | 'contents'> {
  const openings = (Array.isArray(file) ? file : []) as Readonly<{ ref?: string; salt: string; events: unknown }>[];
  const found = openings.find((opening) => opening?.ref === ref);
  if (!found) throw new InvalidArgumentError(`the file opens nothing of record ${ref}`);
  return { salt: found.salt, contents: found.events } as Pick<OpenedRecordBody, 'salt' | 'contents'>;
}

function effectiveText({ stands, event, content, decision, notShown, ...found }: LedgerEffectiveResource): string {
  const terms = content?.terms.map(({ code, values }) => [code, ...values].join(' ')).join('; ');
  return fields({
    'effective at': timeText(found.effectiveAt),
    'known at': timeText(found.knownAt),
    'a consent stands': stands === null ? 'the ledger does not tell' : stands ? 'yes' : 'no',
    ...(found.erasedAt === null ? {} : { erased: timeText(found.erasedAt) }),
    'event in force': event ? `${event.seq}: ${event.kind}, from ${timeText(event.effectiveFrom)}` : 'none',
    policy: event?.policyVersion ?? '-',
    [content ? 'terms' : 'codes']: (terms ?? event?.codes.join(' ')) || '-',
    ...(decision
      ? { 'the study may': `${decision.answer}: ${decision.reasons.map(({ text }) => text).join(' ')}` }
      : {}),
    'block height': found.height,
    'not shown': notShown.join('; '),
  });
}
