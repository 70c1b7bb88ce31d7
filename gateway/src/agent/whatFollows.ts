/** What follows a round that is over: the next one, a pause, or the end; and whether the ledger has to be told first. */
import {
  ableToPay,
  affordableKind,
  availabilityOf,
  FIRST_PROGRESS,
  isPaused,
  type Msp,
  majority,
  nextKind,
  type Progress,
  quorum,
  type RoundKind,
  settleRound,
  tenDigits,
} from '@consilium/domain';
import { isOver, type RoundView, type StudyView } from './studyView.js';

export type Following =
  /** A round can be opened. */
  | Readonly<{ kind: 'round'; number: number; roundKind: RoundKind; attestedBy: readonly Msp[] }>
  /** Members must vote before anything else happens. */
  | Readonly<{ kind: 'pause'; unrecorded: Unrecorded | undefined }>
  | Readonly<{ kind: 'end'; unrecorded: Unrecorded | undefined }>
  /** The newest round is running, the study is not active, or too few members can join. */
  | Readonly<{ kind: 'nothing' }>;

/** A round whose version no later round will record. */
export type Unrecorded = Readonly<{ number: number; attestedBy: readonly Msp[] }>;

const NOTHING: Following = { kind: 'nothing' };

export function whatFollows(view: StudyView): Following {
  const { active, newest } = view;
  if (!active || (newest && !isOver(newest))) return NOTHING;
  const { protocol } = active;
  const number = newest ? newest.number + 1 : 0;
  const attestedBy = newest ? attestersNamed(newest) : [];
  const unrecorded =
    newest && newest.state.stage === 'agreed' && !newest.recorded ? { number: newest.number, attestedBy } : undefined;
  const progress = newest ? progressAfter(view, newest) : FIRST_PROGRESS;
  if (view.isCarried('end') || progress.ended) return { kind: 'end', unrecorded };
  if (isPaused(progress) && !view.isCarried(`resume~${tenDigits(number)}`)) return { kind: 'pause', unrecorded };
  const due = nextKind(protocol, progress, number, view.isCarried(`finish~${tenDigits(number)}`));
  if (!due) return { kind: 'end', unrecorded };
  const roundKind = affordableKind(protocol, due, view.spending);
  const registered = ableToPay(protocol, roundKind, [...view.registered.keys()], view.spending);
  const { available } = availabilityOf(protocol, { number, kind: roundKind, progress }, registered, view);
  return available.length < quorum(protocol) ? NOTHING : { kind: 'round', number, roundKind, attestedBy };
}

/** Where the study stands after a round that is over. */
function progressAfter(view: StudyView, { protocol, facts, state }: RoundView): Progress {
  const { base, candidateParent } = facts.round;
  const isVetoed = base !== null && candidateParent !== null && view.isCarried(`veto~${tenDigits(base.version)}`);
  return view.afterWithdrawals(settleRound(protocol, facts.round, state, isVetoed));
}

/** t of the members that attested what was agreed, the same ones whoever names them; none after an abort. */
function attestersNamed({ protocol, state }: RoundView): readonly Msp[] {
  return state.agreement?.members.slice(0, majority(protocol)) ?? [];
}
