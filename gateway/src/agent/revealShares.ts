/** Opens this hospital's shares of a round: decided once, written down, and sent until it stands. */
import { refusal, revealedKind } from '@consilium/domain';
import { journaledReveal, journalReveal } from './roundJournal.js';
import type { StepOf } from './step.js';
import { roundOf, type StepContext, type StepResult } from './stepContext.js';

/**
 * The survivors are those that this hospital's own peer has committed. What a peer was asked to endorse it has seen, so
 * there is one reveal for ever.
 */
export async function revealShares(step: StepOf<'reveal'>, context: StepContext): Promise<StepResult> {
  const { ports, timings, signal } = context;
  const { study, round } = step;
  const command = journaledReveal(ports.journal, study, round) ?? (await decided(step, context));
  timings.ready(study, round, 'unmasking', ports.clock.monotonic());
  return ports.channel.submit('RoundContract:reveal', command, signal);
}

async function decided(step: StepOf<'reveal'>, context: StepContext) {
  const { ports, identity } = context;
  const { study, round: number } = step;
  const { facts, state } = roundOf(context, step);
  const { roster, survivors } = state;
  const position = facts.round.shareKeys?.findIndex(({ msp }) => msp === identity.msp) ?? -1;
  const pinned = facts.round.shareKeys?.[position];
  const privateKey = pinned && (await ports.secrets.shareKey(study, pinned.index));
  if (!roster || !survivors || !privateKey) throw refusal('ROUND_SECRETS_LOST', { study, round: number });
  const holder = { msp: identity.msp, position, privateKey };
  const shares: (string | null)[] = [];
  for (const of of facts.round.available) {
    const keys = facts.joins.get(of)?.keys;
    const place = { channel: identity.channel, study, round: number, dealer: of };
    const opened = keys && roster.includes(of) && (await ports.sealing.open(place, holder, keys));
    shares.push(opened ? opened[revealedKind(survivors, of)] : null);
  }
  const command = { study, round: number, shares };
  journalReveal(ports.journal, command);
  return command;
}
