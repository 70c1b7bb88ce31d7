import type { Command } from 'commander';
import { INSTANT_HELP, instant, timeText, wholeNumber } from '../arguments.js';
import { fields } from '../output.js';
import { inSession } from '../session.js';

export function addListCommands(consent: Command): void {
  consent
    .command('events')
    .description('consent events on the ledger, newest first, of all patients')
    .option('--of <msp>', 'of another hospital (auditor)')
    .option('--kind <kinds>', 'grant, change, withdraw, expire, opt-out, opt-in; several by commas')
    .option('--reason <codes>', 'several by commas')
    .option('--policy <version>', 'under this version', wholeNumber)
    .option('--restricting', 'only what made less allowed')
    .option('--by <axis>', 'recorded or effective: the time that is sorted by, and bounded', 'recorded')
    .option('--from <instant>', INSTANT_HELP, instant)
    .option('--to <instant>', INSTANT_HELP, instant)
    .option('--limit <number>', 'at most so many', wholeNumber, 50)
    .action((options: EventOptions, command: Command) =>
      inSession(command, async ({ gateway, output, signal }) => {
        const page = await gateway.consents.events(eventsQuery(options), { signal });
        output.show(page, ({ items, total, height }) => {
          const lines = items.map((event) =>
            [
              timeText(event.recordedAt),
              timeText(event.effectiveFrom),
              event.ref.slice(0, 12),
              String(event.seq),
              event.kind.padEnd(8),
              event.reason,
              `block ${event.record.block}`,
            ].join('  '),
          );
          return [...lines, `${items.length} of ${total}, at height ${height}`].join('\n');
        });
      }),
    );
  consent
    .command('withdrawals')
    .description('what made less allowed: when it took effect here, when on the ledger, and the first round after each')
    .option('--from <instant>', INSTANT_HELP, instant)
    .option('--to <instant>', INSTANT_HELP, instant)
    .action((options: { from?: number; to?: number }, command: Command) =>
      inSession(command, async ({ gateway, output }) => {
        const items = await gateway.all((page) => gateway.consents.withdrawals({ ...options, ...page }));
        const round = (first: (typeof items)[number]['firstRoundAfterHere']) =>
          first ? `${first.study} ${first.round}` : '-';
        output.table(
          items,
          ['record', 'kind', 'here', 'on the ledger', 'block', 'round after', 'and after that'],
          (one) => [
            one.ref.slice(0, 12),
            one.kind,
            timeText(one.effectiveHereAt),
            one.ledger ? timeText(one.ledger.recordedAt) : one.state,
            String(one.ledger?.block ?? '-'),
            round(one.firstRoundAfterHere),
            round(one.firstRoundAfterLedger),
          ],
        );
      }),
    );
  consent
    .command('queue')
    .description('what waits for the channel')
    .action((_options, command: Command) =>
      inSession(command, async ({ gateway, output, signal }) => {
        output.show(await gateway.consents.queue({ signal }), ({ parked, oldestAt, ...counts }) =>
          fields({
            ...counts,
            'oldest since': timeText(oldestAt),
            'waiting for a person':
              parked.map(({ person, code, events }) => `${person}: ${events} (${code})`).join(', ') || 'nothing',
          }),
        );
      }),
    );
  consent
    .command('take-over')
    .description('sends as you what somebody recorded whose identity signs no more (data steward)')
    .argument('<person>')
    .action((person: string, _options, command: Command) =>
      inSession(command, async ({ gateway, output, signal }) => {
        output.show(await gateway.consents.takeOver(person, { signal }), ({ events }) => `${events} are sent as you`);
      }),
    );
}

type EventOptions = {
  of?: string;
  kind?: string;
  reason?: string;
  policy?: number;
  restricting?: boolean;
  by: string;
  from?: number;
  to?: number;
  limit: number;
};

function eventsQuery({ of, kind, reason, policy, restricting, by, from, to, limit }: EventOptions) {
  return {
    ...(of === undefined ? {} : { msp: of as never }),
    ...(kind === undefined ? {} : { kind: kind.split(',') as never }),
    ...(reason === undefined ? {} : { reason: reason.split(',') as never }),
    ...(policy === undefined ? {} : { policyVersion: policy }),
    ...(restricting ? { restricts: true } : {}),
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    axis: by as 'recorded',
    limit,
  };
}
