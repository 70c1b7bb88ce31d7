import { readFile } from 'node:fs/promises';
import type { StudyResource } from '@consilium/client';
import { StudyProtocol, tenDigits } from '@consilium/domain';
import { type Command, InvalidArgumentError } from 'commander';
import { z } from 'zod';
import { fields } from '../output.js';
import { inSession } from '../session.js';

export function addStudyCommands(program: Command): void {
  program
    .command('studies')
    .description('all studies')
    .action((_options, command: Command) =>
      inSession(command, async ({ gateway, output }) => {
        const studies = await gateway.all((page) => gateway.studies(page));
        output.table(studies, ['study', 'stage', 'rounds', 'members', 'title'], (study) => [
          study.study,
          study.stage,
          String(study.rounds),
          String(study.members.length),
          study.title,
        ]);
      }),
    );
  program
    .command('study')
    .description('one study: stage, approvals, votes')
    .argument('<study>')
    .action((study: string, _options, command: Command) =>
      inSession(command, async ({ gateway, output, signal }) => {
        output.show(await gateway.study(study, { signal }), studyText);
      }),
    );
  program
    .command('propose')
    .description('proposes a study from a protocol in JSON (researcher)')
    .argument('<study>', 'its id')
    .argument('<file>', 'the protocol')
    .action((study: string, file: string, _options, command: Command) =>
      inSession(command, async ({ gateway, output, signal }) => {
        const protocol = await readProtocol(file);
        const { record } = await gateway.proposeStudy({ study: study as never, protocol }, { wait: true, signal });
        output.show(record, (proposed) =>
          proposed
            ? `proposed: ${study} version ${proposed.version}, hash ${proposed.protocolHash}\nEach member's compliance officer now signs it: consilium approve ${study}`
            : 'sent',
        );
      }),
    );
  program
    .command('approve')
    .description('signs the newest version of a protocol (compliance officer)')
    .argument('<study>')
    .option('--hash <digest>', 'refuses unless the protocol has this hash')
    .option('--reason <text>', 'stands beside the signature', '')
    .action((study: string, options: { hash?: string; reason: string }, command: Command) =>
      inSession(command, async ({ gateway, output, signal }) => {
        const { version, protocolHash } = await gateway.study(study, { signal });
        if (options.hash !== undefined && options.hash !== protocolHash)
          throw new InvalidArgumentError(`version ${version} has the hash ${protocolHash}: read it before you sign`);
        const { transactionId } = await gateway.approveStudy(
          study,
          { version, protocolHash, reason: options.reason },
          { wait: true, signal },
        );
        output.show(
          { version, protocolHash, transactionId },
          () => `approved version ${version}, hash ${protocolHash}`,
        );
      }),
    );
  program
    .command('vote')
    .description('votes on a study: resume N, finish N, abort N, veto N, or end (compliance officer)')
    .argument('<study>')
    .argument('<subject>', 'resume, finish, abort, veto or end')
    .argument('[number]', 'the round, or with veto the version')
    .option('--no', 'votes no')
    .option('--reason <text>', 'stands beside the vote', '')
    .action(
      (
        study: string,
        subject: string,
        number: string | undefined,
        options: { no?: boolean; reason: string },
        command: Command,
      ) =>
        inSession(command, async ({ gateway, output, signal }) => {
          const body = {
            subject: voteSubject(subject, number) as never,
            yes: options.no !== true,
            reason: options.reason,
          };
          const { record } = await gateway.castVote(study, body, { wait: true, signal });
          output.show(record, (tally) =>
            tally
              ? `${tally.votes.filter(({ yes }) => yes).length} of ${tally.needed} needed${tally.carried ? ': carried' : ''}`
              : 'sent',
          );
        }),
    );
}

/** @throws InvalidArgumentError where the number of the round or version is left out */
function voteSubject(subject: string, number = ''): string {
  if (subject === 'end') return subject;
  if (!/^\d{1,10}$/.test(number))
    throw new InvalidArgumentError(`${subject} takes the number of a round (veto: of a version), not '${number}'`);
  return `${subject}~${tenDigits(Number(number))}`;
}

async function readProtocol(file: string): Promise<StudyProtocol> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    throw new InvalidArgumentError(`${file} cannot be read as JSON: ${(error as Error).message}`);
  }
  const result = StudyProtocol.safeParse(value);
  if (!result.success)
    throw new InvalidArgumentError(`${file} is no study protocol:\n${z.prettifyError(result.error)}`);
  return result.data;
}

function studyText(study: StudyResource): string {
  const { progress } = study;
  return fields({
    study: study.study,
    title: study.title,
    stage: study.stage,
    'protocol version': study.version,
    'protocol hash': study.protocolHash,
    members: study.members.join(', '),
    'not approved by': study.missingApprovals.join(', ') || 'nobody',
    'agents registered': study.registered.join(', ') || 'none',
    rounds: study.rounds,
    'training rounds recorded': `${progress.trainingRecorded} of ${study.protocol.trainingRounds}`,
    'last accepted version': progress.lastAccepted?.version ?? null,
    candidate: progress.candidate?.version ?? null,
    'epsilon spent':
      study.spent.map(({ msp, microEpsilon, joins }) => `${msp} ${microEpsilon / 1e6} in ${joins} rounds`).join(', ') ||
      'none',
    'votes carried':
      study.votes
        .filter(({ carried }) => carried)
        .map(({ subject }) => subject)
        .join(', ') || 'none',
    'failing here':
      study.failures
        .map(({ step, round, times, code, detail }) => `${step} of round ${round}, ${times} times: ${code}: ${detail}`)
        .join('; ') || 'nothing',
  });
}
