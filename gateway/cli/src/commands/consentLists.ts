import type { WithdrawalResource, WithdrawalsFilter } from '@consilium/client';
import { type Command, InvalidArgumentError } from 'commander';
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
    .description('what ended or narrowed: when it took effect here, when on the ledger, and the first round after each')
    .option('--from <instant>', INSTANT_HELP, instant)
    .option('--to <instant>', INSTANT_HELP, instant)
    .option('--ended <how>', 'by-event, or by-its-terms: over by its own validity or limit', endedHow)
    .option('--study <id>', 'first rounds of this study, not of all')
    .action((options: WithdrawalsFilter, command: Command) =>
      inSession(command, async ({ gateway, output }) => {
        const items = await gateway.all((page) => gateway.consents.withdrawals({ ...options, ...page }));
        output.table(
          items,
          ['record', 'event', 'what', 'here', 'on the ledger', 'block', 'round after', 'and after that'],
          (one) => [
            one.ref,
            String(one.seq),
            one.ended === 'by-event' ? one.kind : `end of a ${one.kind}`,
            timeText(one.effectiveHereAt),
            one.ledger ? timeText(one.ledger.recordedAt) : one.state,
            String(one.ledger?.block ?? '-'),
            roundText(one.firstRoundAfterHere),
            roundText(one.firstRoundAfterLedger),
          ],
        );
      }),
    );
  consent
    .command('rounds-after')
    .description('the first rounds after one of them, study by study')
    .argument('<record>')
    .argument('<event>', 'its number in the record', wholeNumber)
    .option('--ended <how>', 'by-event, or by-its-terms', endedHow)
    .action((ref: string, seq: number, options: Pick<WithdrawalsFilter, 'ended'>, command: Command) =>
      inSession(command, async ({ gateway, output }) => {
        const items = await gateway.all((page) => gateway.consents.roundsAfter(ref, seq, { ...options, ...page }));
        output.table(items, ['study', 'round after', 'and after the ledger'], (one) => [
          one.study,
          String(one.firstRoundAfterHere?.round ?? '-'),
          String(one.firstRoundAfterLedger?.round ?? '-'),
        ]);
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

function roundText(first: WithdrawalResource['firstRoundAfterHere']): string {
  return first ? `${first.study} ${first.round}` : '-';
}

function endedHow(text: string): WithdrawalResource['ended'] {
  if (text === 'by-event' || text === 'by-its-terms') return text;
  throw new InvalidArgumentError('by-event or by-its-terms');
}
