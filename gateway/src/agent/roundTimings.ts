/** When this hospital did what, on the host's monotonic clock: what the domain's `roundSeconds` adds up over hospitals. */
import {
  type HospitalTimings,
  type Msp,
  phasesOf,
  type StudyId,
  type TimedPhase,
  type TimedWork,
} from '@consilium/domain';
import { isOver, type RoundView, type StudyView } from './studyView.js';

/** Rounds whose timings are kept, over all studies. */
const TIMED_ROUNDS_MAX = 500;

type PhaseTimes = { readyAt?: number; seenAt?: number };
type Entry = { phases: Map<TimedPhase, PhaseTimes>; passed: Set<TimedPhase>; spans: HospitalTimings['spans'] };

export class RoundTimings {
  readonly #msp: Msp;
  readonly #rounds = new Map<string, Entry>();
  /** Studies that were looked at before: what is over at the first look was seen by nobody here. */
  readonly #known = new Set<StudyId>();

  constructor(msp: Msp) {
    this.#msp = msp;
  }

  /** Notes phases that are seen over for the first time. Returns them. */
  observe(view: StudyView, at: number): { round: number; phase: TimedPhase }[] {
    const isFirstLook = !this.#known.has(view.study);
    this.#known.add(view.study);
    return [view.previous, view.newest].flatMap((round) => {
      if (!round) return [];
      const entry = this.#entry(view.study, round.number);
      const fresh = phasesOver(round).filter((phase) => !entry.passed.has(phase));
      for (const phase of fresh) {
        entry.passed.add(phase);
        if (!isFirstLook) times(entry, phase).seenAt = at;
      }
      return isFirstLook ? [] : fresh.map((phase) => ({ round: round.number, phase }));
    });
  }

  /** This hospital has its fact in hand, or its opening. Only the first time counts. */
  ready(study: StudyId, round: number, phase: TimedPhase, at: number): void {
    const phaseTimes = times(this.#entry(study, round), phase);
    phaseTimes.readyAt ??= at;
  }

  isReady(study: StudyId, round: number, phase: TimedPhase): boolean {
    return this.#entry(study, round).phases.get(phase)?.readyAt !== undefined;
  }

  /** This hospital is about to end a phase by a close: now the phase is ready to be over. */
  closing(study: StudyId, round: number, phase: TimedPhase, at: number): void {
    times(this.#entry(study, round), phase).readyAt = at;
  }

  span(study: StudyId, round: number, work: TimedWork, from: number, to: number): void {
    this.#entry(study, round).spans.push({ work, from, to });
  }

  of(study: StudyId, round: number): HospitalTimings | undefined {
    const entry = this.#rounds.get(`${study} ${round}`);
    if (!entry) return undefined;
    const phases = Object.fromEntries([...entry.phases].map(([phase, phaseTimes]) => [phase, { ...phaseTimes }]));
    return { study, round, msp: this.#msp, phases, spans: [...entry.spans] };
  }

  #entry(study: StudyId, round: number): Entry {
    const key = `${study} ${round}`;
    const known = this.#rounds.get(key);
    if (known) return known;
    const entry: Entry = { phases: new Map(), passed: new Set(), spans: [] };
    this.#rounds.set(key, entry);
    const oldest = this.#rounds.keys().next();
    if (this.#rounds.size > TIMED_ROUNDS_MAX && !oldest.done) this.#rounds.delete(oldest.value);
    return entry;
  }
}

function times(entry: Entry, phase: TimedPhase): PhaseTimes {
  const known = entry.phases.get(phase) ?? {};
  entry.phases.set(phase, known);
  return known;
}

function phasesOver(round: RoundView): TimedPhase[] {
  const phases = phasesOf(round.facts.round.kind, round.protocol.mode);
  const { stage } = round.state;
  const at = stage === 'agreed' || stage === 'aborted' ? undefined : phases.indexOf(stage);
  if (!isOver(round)) return ['opening', ...phases.slice(0, at)];
  return stage === 'agreed' ? ['opening', ...phases] : ['opening'];
}
