import type { Command } from 'commander';
import { inSession } from '../session.js';

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
