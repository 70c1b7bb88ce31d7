import { VerificationReport } from '@consilium/client';
import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import { inSession } from '../session.js';

/** Exit code of `verify` where a check failed. */
const DOES_NOT_AGREE = 3;

export function addRoundCommands(program: Command): void {
  program
    .command('rounds')
    .description('the rounds of a study')
    .argument('<study>')
    .action((study: string, _options, command: Command) =>
      inSession(command, async ({ gateway, output }) => {
        const rounds = await gateway.all((page) => gateway.rounds(study, page));
        output.table(
          rounds,
          ['round', 'kind', 'stage', 'joined', 'contributed', 'equal', 'model digest', 'status'],
          (round) => [
            String(round.round),
            round.kind,
            round.abort ? `aborted: ${round.abort.reason}` : round.stage,
            String(round.roster?.length ?? '-'),
            String(round.survivors?.length ?? '-'),
            String(round.attestations),
            round.modelDigest ? `${round.modelDigest.slice(0, 16)}…` : '-',
            round.status ?? '-',
          ],
        );
      }),
    );
  program
    .command('models')
    .description('the versions of a study’s model: their lineage')
    .argument('<study>')
    .action((study: string, _options, command: Command) =>
      inSession(command, async ({ gateway, output }) => {
        const models = await gateway.all((page) => gateway.models(study, page));
        output.table(models, ['version', 'kind', 'digest', 'made from', 'attested', 'disputes', 'status'], (model) => [
          String(model.version),
          model.kind,
          model.digest,
          model.parent ? String(model.parent.version) : '-',
          String(model.attestations),
          String(model.disputes.length),
          model.status,
        ]);
      }),
    );
  program
    .command('verify')
    .description('recomputes a round from the vectors on the gateway’s disk and compares it with what was attested')
    .requiredOption('--study <id>')
    .requiredOption('--round <number>')
    .action((options: { study: string; round: string }, command: Command) =>
      inSession(command, async ({ gateway, output, signal }) => {
        const job = await gateway.verifyRound(options.study, wholeNumber(options.round), { signal });
        const report = await gateway.jobResult(VerificationReport, job, { signal });
        output.show(report, ({ checks, ok: agrees, disputeLifted, scores, excerpt }) =>
          [
            ...checks.map(
              ({ name, ok, detail }) => `${ok ? 'ok    ' : 'FAILED'}  ${name}${detail ? `: ${detail}` : ''}`,
            ),
            ...(scores ?? []).map(scoreLine),
            ...(excerpt ? excerptLines(excerpt) : []),
            agrees ? 'The round is what the hospitals attested.' : 'The round is NOT what the hospitals attested.',
            ...(disputeLifted ? ['The dispute of this hospital is lifted: its agent goes on.'] : []),
          ].join('\n'),
        );
        if (!report.ok) process.exitCode = DOES_NOT_AGREE;
      }),
    );
  program
    .command('watch')
    .description('what happens, as it happens, until Ctrl-C')
    .argument('[study]')
    .action((study: string | undefined, _options, command: Command) =>
      inSession(command, async ({ gateway, output, signal }) => {
        for await (const event of gateway.events(study, signal))
          output.show(event, (happened) => {
            if (happened.type === 'ledger')
              return `block ${happened.block}: ${happened.writes.map(({ key }) => key).join(', ')}`;
            return happened.type === 'agent'
              ? `${happened.study} round ${happened.round}: ${happened.step} ${happened.event}`
              : 'some events were missed';
          });
      }),
    );
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

function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError(`${text} is not a number of a round`);
  return Number(text);
}
