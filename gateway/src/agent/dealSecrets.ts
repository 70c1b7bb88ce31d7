/** Joins of private rounds: secrets are dealt and kept before the join is first sent, and it is sent again as it was. */
import { canonicalDigest, type JoinKeys, joinedKeys, majority, refusal, sha256Hex } from '@consilium/domain';
import type { ShareHolder } from './ports.js';
import { journalAbstention, journaledJoinKeys, journalJoinKeys } from './roundJournal.js';
import type { StepOf } from './step.js';
import { roundOf, type StepContext } from './stepContext.js';

/**
 * The keys of this hospital's join, dealt if they are not yet.
 * @throws ConsiliumError ROUND_SECRETS_LOST where an earlier join may be under way whose secrets are gone: sat out
 */
export async function joinKeysOf(step: StepOf<'joinRound'>, context: StepContext): Promise<JoinKeys> {
  const { ports } = context;
  const { study, round } = step;
  const { secrets, journal } = ports;
  const journaled = journaledJoinKeys(journal, study, round);
  const dealt = await secrets.dealt(study, round);
  if (journaled !== undefined) {
    if (dealt && canonicalDigest(joinedKeys(dealt.keys)) === journaled) return dealt.keys;
    journalAbstention(journal, study, round, 'the secrets of the own join were lost');
    throw refusal('ROUND_SECRETS_LOST', { study, round });
  }
  const keys = dealt ? dealt.keys : await deal(step, context);
  journalJoinKeys(journal, study, round, canonicalDigest(joinedKeys(keys)));
  return keys;
}

async function deal(step: StepOf<'joinRound'>, context: StepContext): Promise<JoinKeys> {
  const { ports, identity } = context;
  const { study, round } = step;
  const { protocol } = roundOf(context, step);
  const place = { channel: identity.channel, study, round, dealer: identity.msp };
  const next = await nextShareKey(step, context);
  const made = await ports.sealing.deal(place, holdersOf(step, context), majority(protocol), next);
  await ports.secrets.keepDealt(study, round, made);
  return made.keys;
}

/** The holders in the order of the round's record, each with the key that the record pins. */
function holdersOf(step: StepOf<'joinRound'>, context: StepContext): ShareHolder[] {
  const { facts, number } = roundOf(context, step);
  return (facts.round.shareKeys ?? []).map(({ msp, index, hash }) => {
    const key = context.view.shareKeys(msp).find((candidate) => candidate.index === index);
    if (!key || sha256Hex(key.publicKey) !== hash)
      throw refusal('ROUND_KEYS_INVALID', {
        round: number,
        problem: `the pinned share key of ${msp} is not on the channel`,
      });
    return { msp, publicKey: key.publicKey };
  });
}

/** The next share key of this hospital: newer than any on the channel, its secret kept before its public half is told. */
async function nextShareKey({ study }: StepOf<'joinRound'>, context: StepContext): Promise<JoinKeys['next']> {
  const { ports, view, identity } = context;
  const index = (view.shareKeys(identity.msp).at(-1)?.index ?? -1) + 1;
  return { index, publicKey: await ownShareKey({ study, index }, ports) };
}

/** The public half of an own share key, made where it is not kept yet. */
export async function ownShareKey(
  { study, index }: Readonly<{ study: StepOf<'joinRound'>['study']; index: number }>,
  { secrets, sealing }: Pick<StepContext['ports'], 'secrets' | 'sealing'>,
): Promise<string> {
  const kept = await secrets.keepShareKey(study, index, sealing.newShareKey().privateKey);
  return sealing.publicKeyOf(kept);
}
