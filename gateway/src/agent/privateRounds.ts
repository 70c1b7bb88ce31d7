/** What a private round asks of this hospital beside its vector: share keys, reveals, and what is destroyed when. */
import { canonicalDigest, isDifferencing, majority, sharesRevealed } from '@consilium/domain';
import type { Knowledge } from './knowledge.js';
import type { Turn } from './owedTurns.js';
import { journaledJoinKeys } from './roundJournal.js';
import type { Step } from './step.js';
import { isAbortedByClose, isOver, type RoundView, type StudyView } from './studyView.js';
import { whatFollows } from './whatFollows.js';

export function isPrivate({ facts }: RoundView): boolean {
  return facts.round.shareKeys !== undefined;
}

/**
 * Whether this hospital has the secrets that its join on the channel commits to. One whose store of secrets, or whose
 * database, is not of that join sits the round out.
 */
export function hasOwnSecrets({ study }: StudyView, round: RoundView, know: Knowledge): boolean {
  const keys = round.facts.joins.get(know.msp)?.keys;
  return (
    keys !== undefined &&
    know.secrets().newest !== undefined &&
    journaledJoinKeys(know.journal, study, round.number) === canonicalDigest(keys)
  );
}

/** A share key alone: where the secret of the newest one is lost, or a round was sat out that pinned it. */
export function shareKeyOwed(view: StudyView, know: Knowledge): Step[] {
  const { study, newest, version } = view;
  if (version.protocol.mode !== 'private' || whatFollows(view).kind === 'end') return [];
  const index = view.shareKeys(know.msp).at(-1)?.index;
  if (index === undefined) return [];
  const isJoining = newest && !isOver(newest) && newest.facts.joins.has(know.msp);
  const isLost = !know.secrets().shareKeys.includes(index);
  if (!isLost || isJoining) return [];
  return [{ name: 'registerShareKey', study, round: newest?.number ?? 0, index: index + 1 }];
}

/** What a holder has to open: the first t by rank at once, the others if it is still lacking when their turn has come. */
export function owedReveals(view: StudyView, know: Knowledge): Turn[] {
  const { newest: round } = view;
  if (!round || view.isCarried('end')) return [];
  const { facts, state, number, protocol } = round;
  const pinned = facts.round.shareKeys?.find(({ msp }) => msp === know.msp);
  if (!pinned || state.stage !== 'unmasking' || !state.survivors || facts.reveals.has(know.msp)) return [];
  if (isDifferencing(facts.round, state.survivors) || !know.secrets().shareKeys.includes(pinned.index)) return [];
  const members = (facts.round.shareKeys ?? []).map(({ msp }) => msp);
  const step: Step = { name: 'reveal', study: view.study, round: number };
  return [{ step, graceMs: 0, members, rankedFor: 'reveal', atOnce: majority(protocol) }];
}

/** Whether the sum can be opened: every hospital of the roster has t shares revealed, or none can have them any more. */
export function isUnmasked(round: RoundView): boolean {
  if (!isPrivate(round)) return true;
  const { state, facts, protocol } = round;
  if (!state.roster || !state.survivors || isDifferencing(facts.round, state.survivors)) return false;
  if (state.stage === 'unmasking') return false;
  // Agreed upon by others, perhaps before this hospital saw enough.
  return (
    state.stage !== 'agreed' ||
    state.roster.every((msp) => sharesRevealed(facts.round, facts.reveals, msp) >= majority(protocol))
  );
}

/**
 * Secrets that nothing needs any more: share keys older than the newest on the channel that no open round pins, and what
 * belongs to rounds before the newest; all of them once the study is over.
 */
export function forgettingOwed(view: StudyView, know: Knowledge): Step[] {
  const { study, newest } = view;
  const { shareKeys, rounds } = know.secrets();
  if (shareKeys.length + rounds.length === 0) return [];
  const isEnded = isAtEnd(view);
  const onChannel = view.shareKeys(know.msp).at(-1)?.index ?? -1;
  const pinned =
    newest && !isOver(newest) ? newest.facts.round.shareKeys?.find(({ msp }) => msp === know.msp) : undefined;
  // A newer key than the channel knows is on its way: it is destroyed only with everything.
  const oldKeys = shareKeys.filter((index) => isEnded || (index < onChannel && index !== pinned?.index));
  const oldRounds = rounds.filter((round) => isEnded || round < (newest?.number ?? 0));
  if (oldKeys.length + oldRounds.length === 0) return [];
  return [{ name: 'forgetSecrets', study, round: newest?.number ?? 0, shareKeys: oldKeys, rounds: oldRounds }];
}

function isAtEnd(view: StudyView): boolean {
  const { newest } = view;
  if (!newest) return view.isCarried('end');
  if (!isOver(newest) && !isAbortedByClose(newest)) return false;
  const following = whatFollows(view);
  return following.kind === 'end' && following.unrecorded === undefined;
}
