/** The bytes that a round was computed from and made: for whoever wants to compute it again, elsewhere. */
import { type Digest, type Msp, refusal, type StudyId } from '@consilium/domain';
import { requireVectorsKept } from './maskedRetention.js';
import type { Blobs, ChannelState, Exchange, Journal, RoundFile, RoundFiles } from './ports.js';
import { obtain } from './recomputeRound.js';
import { StudyReader } from './studyReader.js';
import { holdersOf, type RoundView, type StudyView } from './studyView.js';

type Wanted = Readonly<{ digest: Digest; holders: readonly Msp[] }>;

export class StoredRoundFiles implements RoundFiles {
  readonly #ports: Readonly<{ state: ChannelState; blobs: Blobs; exchange: Exchange; journal: Pick<Journal, 'get'> }>;
  readonly #msp: Msp;
  readonly #reader: StudyReader;

  constructor(
    ports: Readonly<{ state: ChannelState; blobs: Blobs; exchange: Exchange; journal: Pick<Journal, 'get'> }>,
    msp: Msp,
  ) {
    this.#ports = ports;
    this.#msp = msp;
    this.#reader = new StudyReader(ports.state);
  }

  async gather(study: StudyId, number: number, signal?: AbortSignal): Promise<readonly RoundFile[]> {
    const view = this.#reader.study(study);
    if (!view) throw refusal('STUDY_UNKNOWN', { study });
    const round = this.#reader.round(study, number);
    if (!round) throw refusal('ROUND_UNKNOWN', { study, round: number });
    if (!round.state.agreement) throw refusal('ROUND_NOT_SETTLED', { study, round: number, stage: round.state.stage });
    requireVectorsKept(this.#ports.journal, study, number);
    const files = new Map<Digest, RoundFile>();
    // One after the other: each is held in memory only until it is known to be whole on the disk.
    for (const { digest, holders } of this.#wanted(view, round)) {
      signal?.throwIfAborted();
      if (files.has(digest)) continue;
      const { length } = await obtain(this.#ports, { digest }, holders, signal);
      files.set(digest, { digest, bytes: length });
    }
    return [...files.values()];
  }

  async read(digest: Digest): Promise<Uint8Array> {
    const bytes = await this.#ports.blobs.get(digest);
    if (!bytes) throw refusal('VECTOR_UNKNOWN', { digest });
    return bytes;
  }

  /** Base, survivors' vectors and new version, each with those that should have it. */
  #wanted({ registered }: StudyView, { facts, state }: RoundView): Wanted[] {
    const others = [...registered.keys()].filter((msp) => msp !== this.#msp);
    const { base } = facts.round;
    const { survivors = [], agreement } = state;
    const vectors = survivors.flatMap((survivor): Wanted[] => {
      const contribution = facts.contributions.get(survivor);
      if (!contribution) return [];
      const first = holdersOf(contribution).filter((msp) => msp !== this.#msp);
      const rest = others.filter((msp) => !first.includes(msp));
      return [{ digest: contribution.vectorDigest, holders: [...first, ...rest] }];
    });
    const outcome = agreement?.outcome;
    return [
      ...(base ? [{ digest: base.digest, holders: others }] : []),
      ...vectors,
      ...(outcome?.kind === 'version' ? [{ digest: outcome.digest, holders: others }] : []),
    ];
  }
}
