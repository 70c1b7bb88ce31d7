/** Evidence for auditors: packs that `consilium-verify` checks, offline. */
import { writeFile } from 'node:fs/promises';
import { type Command, InvalidArgumentError } from 'commander';
import { inSession, type Session } from '../session.js';

/** A pack may tell about patients: nobody else on this machine reads it. */
const OWNER_ONLY = 0o600;

type PackOptions = Readonly<{ out: string; blocks?: boolean }>;

export function addAuditCommands(program: Command): void {
  const audit = program.command('audit').description('evidence packs, for `consilium-verify` to check offline');
  const pack = (name: string, description: string): Command =>
    audit
      .command(name)
      .description(description)
      .requiredOption('--out <file>', 'where to write it')
      .option('--blocks', 'with all blocks of the channel, which show the order of everything');

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
