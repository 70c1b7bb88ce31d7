/**
 * Removes masked vectors of private rounds once the study's time for keeping them is over. Until then every member can compute
 * a round again; a sum that was opened stays on the channel by its digest, and an exported bundle keeps what it needs.
 */
import {
  type Digest,
  MASKED_VECTOR_RETENTION_DAYS,
  refusal,
  type StudyId,
  type StudyProtocol,
} from '@consilium/domain';
import type { AgentPorts } from './agentPorts.js';
import type { Journal } from './ports.js';
import { isPrivate } from './privateRounds.js';
import { journaledReceipt, journaledVectorsDeleted, journalVectorsDeleted } from './roundJournal.js';
import { StudyReader } from './studyReader.js';
import { isOver, type RoundView, type StudyView } from './studyView.js';
import { vectorFiles } from './uselessVectors.js';

const DAY_MS = 86_400_000;
/** How often it looks: a vector is kept longer by this much at most. */
export const RETENTION_LOOK_MS = 3_600_000;

export type RetentionPorts = Pick<AgentPorts, 'state' | 'blobs' | 'journal' | 'clock' | 'timers' | 'log'>;

/**
 * When a private round's vectors are due to go, in milliseconds since 1970; undefined: not a private round, or it is not over.
 * The days count from the last thing that was recorded of it before its survivors were fixed.
 */
export function vectorsDueToGo(round: RoundView): number | undefined {
  if (!isPrivate(round) || !isOver(round)) return undefined;
  const { joins, contributions, closes } = round.facts;
  const last = Math.max(
    round.facts.round.openedAt,
    ...[...joins.values(), ...contributions.values(), ...closes.values()].map(({ at }) => at),
  );
  return last + maskedVectorDays(round.protocol) * DAY_MS;
}

export function maskedVectorDays({ maskedVectorDays: days }: Pick<StudyProtocol, 'maskedVectorDays'>): number {
  return days ?? MASKED_VECTOR_RETENTION_DAYS;
}

/** @throws ConsiliumError VECTORS_DELETED where this hospital has removed the round's vectors */
export function requireVectorsKept(journal: Pick<Journal, 'get'>, study: StudyId, round: number): void {
  const at = journaledVectorsDeleted(journal, study, round);
  if (at !== undefined) throw refusal('VECTORS_DELETED', { study, round, on: new Date(at).toISOString().slice(0, 10) });
}

export class MaskedRetention {
  readonly #ports: RetentionPorts;
  readonly #reader: StudyReader;
  /** The first round of each study whose vectors may still be here. */
  readonly #next = new Map<StudyId, number>();
  #cancel: (() => void) | undefined;
  #looking: Promise<void> = Promise.resolve();
  #isStopped = false;

  constructor(ports: RetentionPorts) {
    this.#ports = ports;
    this.#reader = new StudyReader(ports.state);
  }

  /** Looks now, and from then on every RETENTION_LOOK_MS. */
  start(): void {
    this.#looking = this.#look().catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error);
      this.#ports.log.error({ reason }, 'masked vectors could not be removed');
    });
    this.#cancel = this.#ports.timers.after(RETENTION_LOOK_MS, () => this.start());
  }

  /** Resolves once nothing of it runs any more. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancel?.();
    await this.#looking;
  }

  async #look(): Promise<void> {
    for (const study of this.#reader.studies()) {
      const view = this.#reader.study(study);
      if (!view) continue;
      for (let number = this.#next.get(study) ?? 0; !this.#isStopped; number += 1) {
        const round = view.round(number);
        if (!round || (isPrivate(round) && !(await this.#isRemoved(view, round)))) break;
        this.#next.set(study, number + 1);
      }
    }
  }

  /** Removes a round's vectors if it is time. @returns whether they are gone */
  async #isRemoved(view: StudyView, round: RoundView): Promise<boolean> {
    const { study } = view;
    const { blobs, clock, journal, log } = this.#ports;
    const due = vectorsDueToGo(round);
    if (due === undefined || clock.now() < due) return false;
    if (journaledVectorsDeleted(journal, study, round.number) !== undefined) return true;
    const held = this.#vectorsOf(view, round);
    for (const digest of held) await blobs.remove(digest);
    // After the last one: whoever finds this finds none of them.
    journalVectorsDeleted(journal, study, round.number, clock.now());
    log.info({ study, round: round.number, vectors: held.length }, 'the masked vectors of a round are deleted');
    return true;
  }

  /** What was contributed, what was signed for and never contributed, and what was made here and never sent. */
  #vectorsOf(view: StudyView, { number, facts, protocol }: RoundView): Digest[] {
    const { journal } = this.#ports;
    const contributed = [...facts.contributions.values()].map(({ vectorDigest }) => vectorDigest);
    const signedFor = protocol.members.flatMap((msp) => journaledReceipt(journal, view.study, number, msp) ?? []);
    return [...new Set([...contributed, ...signedFor, ...vectorFiles(journal, view, number)])];
  }
}
