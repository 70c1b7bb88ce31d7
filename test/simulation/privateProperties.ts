/** What must hold of private rounds: what is shown opens the survivors' sum and nothing else, and what opens it is destroyed. */
import {
  bytesToBase64,
  type Command,
  canonicalJson,
  type Digest,
  listedShareHash,
  type Msp,
  majority,
  type ShareKind,
  shareHash,
  tenDigits,
} from '@consilium/domain';
import type { RoundView, StudyView } from '../../gateway/src/agent/studyView.js';
import { CHANNEL, type Write } from './channelNetwork.js';
import { exposedTo, type ShownRound, shownKey } from './colluders.js';
import { opensWith } from './plainSealing.js';
import { STUDY } from './studyName.js';
import { requireThat } from './violation.js';

export type KeptSecrets = Readonly<{
  shareKeys: readonly number[];
  /** Rounds of which the secrets are kept that its mask is made of. */
  dealt: readonly number[];
  masked: readonly number[];
}>;

export type PrivatePropertyParts = Readonly<{
  study(): StudyView | undefined;
  /** Whether a hospital does in a round what no honest one does. */
  isAttacker(msp: Msp, round: number): boolean;
  /** What a hospital's disk holds of its round secrets. */
  kept(msp: Msp): KeptSecrets;
}>;

type Opened = Readonly<{ round: number; survivors: readonly Msp[] }>;

export class PrivateProperties {
  readonly #parts: PrivatePropertyParts;
  /** What a hospital revealed, as canonical JSON, whatever became of it. */
  readonly #reveals = new Map<string, string>();
  /** Of a round and a hospital, the kind of share that was shown to anybody. */
  readonly #kinds = new Map<string, ShareKind>();
  /** Of a kind and a base, the survivors whose sum may be open. */
  readonly #opened = new Map<string, Opened>();
  readonly #shown = new Map<number, ShownRound>();

  constructor(parts: PrivatePropertyParts) {
    this.#parts = parts;
  }

  /** A block was cut. */
  block(writes: readonly Write[]): void {
    for (const { key } of writes) {
      const [noun, study, number, msp] = key.split('~') as [string, string, string, Msp];
      if (study !== STUDY || (noun !== 'join' && noun !== 'contribution')) continue;
      const round = this.#round(Number(number));
      if (!round?.facts.round.shareKeys) continue;
      if (noun === 'join') this.#joined(round, msp);
      else this.#contributed(round, msp);
    }
  }

  /**
   * One reveal for ever, and of no hospital both secrets: whoever holds the shares of t-1 needs but one. The sums of two
   * rounds over one base have the same survivors, or one hospital's update lies open, unless it said yes to that.
   */
  revealed(msp: Msp, command: Command<'RoundContract:reveal'>): void {
    const { round: number, shares } = command;
    const round = this.#round(number);
    const isAttacker = this.#parts.isAttacker(msp, number);
    if (!isAttacker) this.#requireOneReveal(msp, number, canonicalJson(command));
    const survivors = round?.state.survivors;
    requireThat(
      isAttacker || survivors !== undefined,
      () => `${msp} reveals of round ${number} before its survivors are fixed`,
    );
    if (!round) return;
    const shown = this.#shownOf(round);
    for (const [k, share] of shares.entries()) {
      const of = round.facts.round.available[k];
      const kind = share !== null && of !== undefined ? kindOf(round, of, msp, share) : undefined;
      if (of === undefined || kind === undefined) continue;
      if (!isAttacker && survivors) this.#requireRightKind(number, of, kind, survivors);
      const holders = shown?.shares.get(shownKey(of, kind)) ?? new Set();
      shown?.shares.set(shownKey(of, kind), holders.add(msp));
    }
    if (!isAttacker && survivors) this.#requireSameSurvivors(round, survivors);
    if (shown) this.#requireNothingExposed(shown);
  }

  /** A hospital showed its masked vector to another one. */
  vectorShown(msp: Msp, number: number): void {
    const round = this.#round(number);
    if (!round?.facts.round.shareKeys) return;
    this.#shownOf(round)?.vectors.add(msp);
    if (this.#parts.isAttacker(msp, number)) return;
    requireThat(
      !this.#parts.kept(msp).dealt.includes(number),
      () => `${msp} shows its vector of round ${number}, and keeps the secrets that mask it`,
    );
  }

  /** Once a study is over and all is quiet, a hospital that is up keeps nothing that opens anything. */
  requireAllForgotten(up: readonly Msp[]): void {
    for (const msp of up) {
      const { shareKeys, dealt, masked } = this.#parts.kept(msp);
      requireThat(
        shareKeys.length + dealt.length + masked.length === 0,
        () =>
          `${msp} keeps share keys ${shareKeys} and secrets of rounds ${[...dealt, ...masked]} of a study that is over`,
      );
    }
  }

  /** What fewer than t hospitals can compute from all that was ever shown. */
  #requireNothingExposed(last: ShownRound): void {
    const view = this.#parts.study();
    if (!view) return;
    const { protocol } = view.version;
    const rounds = [...this.#shown.values()].filter(({ kind, base }) => kind === last.kind && base === last.base);
    for (const shown of rounds) this.#lookAgain(shown, view.round(shown.round));
    const threshold = majority(protocol);
    // A dealer that was proven bad is left out of the sums that follow over a base, also beside one that it was in.
    const isProven = (msp: Msp) => rounds.some(({ garbage }) => garbage.has(msp));
    const bounds = { threshold, colludersMax: threshold - 1 };
    const exposed = exposedTo(protocol.members, rounds, bounds, (msp) => this.#hasAgreed(msp) || isProven(msp));
    requireThat(
      exposed === undefined,
      () => `${exposed?.by.join(' ') || 'an outsider'} can compute the vector of ${exposed?.msp}: ${exposed?.how}`,
    );
  }

  #lookAgain(shown: ShownRound, round: RoundView | undefined): void {
    shown.survivors = round?.state.survivors;
    const outcome = round?.state.agreement?.outcome;
    if (outcome?.kind === 'sealed' && outcome.reason === 'BAD_DEALER') shown.garbage.add(outcome.dealer);
  }

  /** Every box of a join opens for its holder, and for nobody else. */
  #joined(round: RoundView, dealer: Msp): void {
    const { number } = round;
    if (this.#parts.isAttacker(dealer, number)) return;
    for (const [k, openers] of this.#openersOf(round, dealer).entries()) {
      const holder = round.facts.round.shareKeys?.[k]?.msp;
      requireThat(
        openers.length === 1 && openers[0] === holder,
        () =>
          `the box of ${dealer} for ${holder} in round ${number} opens with the key of ${openers.join(' ') || 'nobody'}`,
      );
    }
  }

  /** Who contributes has seen the rounds before come to their end: nothing of them is kept that opens a box of theirs. */
  #contributed({ number, facts }: RoundView, msp: Msp): void {
    const { shareKeys, dealt, masked } = this.#parts.kept(msp);
    const pinned = facts.round.shareKeys?.find((key) => key.msp === msp)?.index ?? 0;
    const oldKeys = shareKeys.filter((index) => index < pinned);
    const oldRounds = [...dealt, ...masked].filter((round) => round < number);
    requireThat(
      oldKeys.length + oldRounds.length === 0,
      () => `${msp} keeps share keys ${oldKeys} and secrets of rounds ${oldRounds} beyond round ${number}`,
    );
  }

  #requireOneReveal(msp: Msp, number: number, text: string): void {
    const before = this.#reveals.get(`${msp} ${number}`) ?? text;
    requireThat(before === text, () => `${msp} revealed two different things of round ${number}`);
    this.#reveals.set(`${msp} ${number}`, text);
  }

  #requireRightKind(number: number, of: Msp, kind: ShareKind, survivors: readonly Msp[]): void {
    const shown = this.#kinds.get(`${number} ${of}`) ?? kind;
    requireThat(shown === kind, () => `both secrets of ${of} in round ${number} are shown`);
    requireThat(
      kind === (survivors.includes(of) ? 'selfMask' : 'maskKey'),
      () => `the ${kind} of ${of} is shown in round ${number}`,
    );
    this.#kinds.set(`${number} ${of}`, kind);
  }

  #requireSameSurvivors({ number, facts }: RoundView, survivors: readonly Msp[]): void {
    const { kind, base } = facts.round;
    const key = `${kind} over ${base?.digest}`;
    const opened = this.#opened.get(key) ?? { round: number, survivors };
    const both = [...new Set([...opened.survivors, ...survivors])];
    const differing = both.filter((msp) => opened.survivors.includes(msp) !== survivors.includes(msp));
    requireThat(
      differing.every((msp) => this.#hasAgreed(msp) || this.#isBadDealer(msp, opened.round)),
      () => `sums of ${opened.survivors.join(' ')} and of ${survivors.join(' ')} are open, ${key}`,
    );
    this.#opened.set(key, { round: number, survivors });
  }

  /** Whether members voted that a hospital may be left out of a sum over a base, and it said yes itself. */
  #hasAgreed(msp: Msp): boolean {
    const view = this.#parts.study();
    const rounds = Array.from({ length: (view?.newest?.number ?? -1) + 1 }, (_, round) => round);
    return rounds.some((round) => {
      const subject = `unmask~${tenDigits(round)}~${msp}`;
      return view?.isCarried(subject) && view.saidYes(msp, subject);
    });
  }

  /** A sum of garbage shares is open to nobody. */
  #isBadDealer(msp: Msp, round: number): boolean {
    const outcome = this.#round(round)?.state.agreement?.outcome;
    return outcome?.kind === 'sealed' && outcome.reason === 'BAD_DEALER' && outcome.dealer === msp;
  }

  #shownOf(round: RoundView): ShownRound | undefined {
    const { number, state, facts } = round;
    const known = this.#shown.get(number);
    const { base, kind, shareKeys } = facts.round;
    if (known || !state.roster || !base || !shareKeys) return known;
    const made: ShownRound = {
      round: number,
      kind,
      base: base.digest as Digest,
      roster: state.roster,
      survivors: state.survivors,
      openers: new Map(state.roster.map((dealer) => [dealer, this.#openersOf(round, dealer)] as const)),
      holders: shareKeys.map(({ msp }) => msp),
      shares: new Map(),
      garbage: new Set(),
      vectors: new Set(),
    };
    this.#shown.set(number, made);
    return made;
  }

  /** Of each box of a dealer, the members with a share key that opens it. */
  #openersOf({ number, facts }: RoundView, dealer: Msp): Msp[][] {
    const view = this.#parts.study();
    const keys = facts.joins.get(dealer)?.keys;
    const pinned = facts.round.shareKeys ?? [];
    const place = { channel: CHANNEL, study: STUDY, round: number, dealer };
    return pinned.map(({ msp: holder, index }, position) => {
      const opens = (member: Msp, isMeant: (index: number) => boolean) =>
        keys !== undefined &&
        (view?.shareKeys(member) ?? []).some(
          (key) => isMeant(key.index) && opensWith(key.publicKey, place, { msp: holder, position }, keys),
        );
      if (opens(holder, (own) => own === index)) return [holder];
      return (view?.version.protocol.members ?? []).filter((member) => opens(member, () => true));
    });
  }

  #round(number: number): RoundView | undefined {
    return this.#parts.study()?.round(number);
  }
}

/** Which of a dealer's secrets a share is of, by the hashes that its join lists. */
function kindOf({ facts }: RoundView, dealer: Msp, holder: Msp, share: string): ShareKind | undefined {
  const position = facts.round.shareKeys?.findIndex(({ msp }) => msp === holder) ?? -1;
  const dealt = facts.joins.get(dealer)?.keys?.dealt[position] ?? '';
  return (['selfMask', 'maskKey'] as const).find((kind) => {
    const listed = listedShareHash(dealt, kind);
    const found = shareHash(dealer, holder, kind, Buffer.from(share, 'base64'));
    return listed && bytesToBase64(listed) === bytesToBase64(found);
  });
}
