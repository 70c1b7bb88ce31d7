/** `consilium verify`: a round computed again, by two implementations, and a bundle of it for whoever wants to do so too. */
import { open, rename, rm } from 'node:fs/promises';
import { VerificationReport } from '@consilium/client';
import type { Command } from 'commander';
import { wholeNumber } from '../arguments.js';
import { inSession, type Session } from '../session.js';

/** Exit code where a check failed. */
const DOES_NOT_AGREE = 3;
/** In open mode a bundle holds every hospital's update: nobody else on this machine reads it. */
const OWNER_ONLY = 0o600;

type Asked = Readonly<{ study: string; round: string; bundle?: string; blocks?: boolean }>;
type Bundle = Readonly<{ file: string; bytes: number }>;

export function addVerifyCommand(program: Command): void {
  program
    .command('verify')
    .description(
      'computes a round again from public bytes and revealed secrets: sum, metrics and version; checks all that signs for it',
    )
    .requiredOption('--study <id>')
    .requiredOption('--round <number>')
    .option('--bundle <file>', 'also writes all that it was computed from, for `consilium-verify` to check offline')
    .option('--blocks', 'with --bundle: all blocks of the channel, which show the order of everything')
    .action((asked: Asked, command: Command) => inSession(command, (session) => verify(session, asked)));
}

async function verify(session: Session, { study, round, bundle: file, blocks = false }: Asked): Promise<void> {
  const { gateway, output, signal } = session;
  const number = wholeNumber(round);
  progress(`round ${number} of ${study} is computed again at the hospital …`);
  const job = await gateway.verifyRound(study, number, { signal });
  const report = await gateway.jobResult(VerificationReport, job, { signal });
  const bundle = file === undefined ? undefined : await written(session, { study, round: number, blocks }, file);
  output.show({ ...report, ...(bundle ? { bundle } : {}) }, () =>
    [...reportLines(report), ...(bundle ? bundleLines(bundle, report) : [])].join('\n'),
  );
  if (!report.ok) process.exitCode = DOES_NOT_AGREE;
}

/** Under another name until it is whole: what was cut off is no bundle. */
async function written(
  { gateway, signal }: Session,
  { study, round, blocks }: Readonly<{ study: string; round: number; blocks: boolean }>,
  file: string,
): Promise<Bundle> {
  progress(`its bundle is written to ${file} …`);
  const part = `${file}.part`;
  const target = await open(part, 'w', OWNER_ONLY);
  let bytes = 0;
  try {
    for await (const piece of gateway.roundBundle(study, round, { blocks, signal })) {
      await target.writeFile(piece);
      bytes += piece.length;
    }
    await target.close();
    await rename(part, file);
  } catch (error) {
    await target.close();
    await rm(part, { force: true });
    throw error;
  }
  return { file, bytes };
}

/** What a program reads stays on standard output. */
function progress(line: string): void {
  if (process.stderr.isTTY) process.stderr.write(`${line}\n`);
}

function reportLines(report: VerificationReport): string[] {
  const { checks, ok, disputeLifted, scores, excerpt, independent } = report;
  return [
    ...checks.map(
      ({ name, ok: holds, detail }) => `${holds ? 'ok    ' : 'FAILED'}  ${name}${detail ? `: ${detail}` : ''}`,
    ),
    ...(scores ?? []).map(scoreLine),
    ...(excerpt ? excerptLines(excerpt) : []),
    ...independentLines(independent),
    ok ? 'The round is what the hospitals attested.' : 'The round is NOT what the hospitals attested.',
    ...(disputeLifted ? ['The dispute of this hospital is lifted: its agent goes on.'] : []),
  ];
}

/** By the second implementation: signatures, certificates and blocks too. */
function independentLines(independent: VerificationReport['independent']): string[] {
  if (!independent.ran) return [`NOT CHECKED  signatures, certificates and blocks: ${independent.why}`];
  const { failures, proven, limits } = independent;
  return [
    ...failures.map(({ where, why }) => `FAILED  ${where}: ${why}`),
    'Proven, by a second implementation from signed bytes alone',
    ...proven.map((each) => `  ${each}`),
    'Not proven',
    ...limits.map((each) => `  ${each}`),
  ];
}

function bundleLines({ file, bytes }: Bundle, { independent }: VerificationReport): string[] {
  const genesis = independent.ran ? independent.genesis : null;
  return [
    `${bytes} bytes in ${file}`,
    `check it anywhere, offline: consilium-verify ${file} --genesis <hash of block 0, from another hospital>`,
    ...(genesis ? [`this hospital's peer says that it is ${genesis}`] : []),
  ];
}

/** One hospital's update, as the aggregation rule saw it. */
function scoreLine(score: NonNullable<VerificationReport['scores']>[number]): string {
  const { msp, weightSent, weight, norm, clipFactor, distance, krumScore, chosen } = score;
  const parts = [
    weight === 0
      ? 'no patients, left out'
      : `weight ${weight}${weight === weightSent ? '' : ` (${weightSent} was sent)`}`,
    `norm ${norm.toPrecision(4)}${clipFactor < 1 ? ` (scaled down by ${clipFactor.toPrecision(4)})` : ''}`,
    `distance ${distance.toPrecision(4)}`,
    ...(krumScore === undefined ? [] : [`Krum score ${krumScore.toPrecision(4)}${chosen ? ', chosen' : ''}`]),
  ];
  return `update  ${msp}: ${parts.join(', ')}`;
}

/** What anybody sees who reads what travels, beside the sum. */
function excerptLines({ vectors, sum }: NonNullable<VerificationReport['excerpt']>): string[] {
  const line = (name: string, elements: readonly number[]) => `${name}: ${elements.join(' ')} …`;
  return [
    ...Object.entries(vectors).map(([msp, elements]) => line(`travelled  ${msp}`, elements)),
    ...(sum ? [line('their sum', sum)] : []),
  ];
}
