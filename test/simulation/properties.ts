/** What must hold whatever happens: checked at every block and at everything that an agent shows to others. */
import {
  type Attestation,
  type Command,
  Contribution,
  canonicalJson,
  type Digest,
  type HospitalTimings,
  ledgerKey,
  type ModelVersion,
  type Msp,
  majority,
  needsSingleUpdates,
  type Outcome,
  type RoundState,
  recordUnder,
  roundSeconds,
  type TransactionName,
} from '@consilium/domain';
import { digestOf } from '../../gateway/src/agent/digestOf.js';
import type { Arithmetic, VectorMade, VectorTask } from '../../gateway/src/agent/ports.js';
import { recompute } from '../../gateway/src/agent/recomputeRound.js';
import { StudyReader } from '../../gateway/src/agent/studyReader.js';
import { isOver, type RoundView, type StudyView } from '../../gateway/src/agent/studyView.js';
import { vectorBytes } from '../../gateway/src/privacy/fixedPoint.js';
import type { Block } from './channelNetwork.js';
import { Mirror } from './mirror.js';
import { personalValue } from './simulatedLearner.js';
import { STUDY } from './studyName.js';
import { requireThat } from './violation.js';

export type PropertyParts = Readonly<{
  honest: Arithmetic;
  isHealthy: boolean;
  /** Whether a hospital lies about a round; 0 stands for every initial round. */
  isDishonest(msp: Msp, round: number): boolean;
  /** Whether a hospital does in a private round what no honest one does. */
  isAttacker(msp: Msp, round: number): boolean;
  holds(msp: Msp, digest: Digest): boolean;
  hasJournaled(msp: Msp, round: number, name: string): boolean;
}>;

type Recomputed = Readonly<{ outcome: Outcome; file: Uint8Array | undefined }>;

export class Properties {
  /** The channel as it is, ahead of every hospital's mirror. */
  readonly head = new Mirror();
  invalidTransactions = 0;
  readonly #parts: PropertyParts;
  readonly #reader = new StudyReader(this.head);
  readonly #rosters = new Map<number, string>();
  readonly #survivors = new Map<number, string>();
  readonly #models = new Map<number, ModelVersion>();
  /** What was recorded of a round, as canonical JSON. */
  readonly #recordedOutcomes = new Map<number, string>();
  readonly #vectors = new Map<string, Digest>();
  readonly #outcomes = new Map<string, string>();
  readonly #bytes = new Map<Digest, Uint8Array>();
  readonly #files = new Map<Digest, Uint8Array>();
  readonly #expected = new Map<number, Recomputed>();
  /** The own tensor that came with a vector. */
  readonly #personal = new Map<Digest, number>();
  readonly #forgetful = new Set<Msp>();
  readonly #lifted = new Set<string>();
  readonly #mustSitOut = new Set<string>();
  /** Private rounds: the vector that a hospital made last, before it was masked, and the own tensor that came with it. */
  readonly #plain = new Map<string, Readonly<{ vector: Int32Array; personal: number }>>();

  constructor(parts: PropertyParts) {
    this.#parts = parts;
  }

  get study(): StudyView | undefined {
    return this.#reader.study(STUDY);
  }

  round(number: number): RoundView | undefined {
    return this.#reader.round(STUDY, number);
  }

  /** A block was cut. */
  block(block: Block): void {
    for (const { code, txId } of block.transactions) {
      if (code === 'VALID') continue;
      this.invalidTransactions += 1;
      requireThat(!this.#parts.isHealthy, () => `transaction ${txId} is invalid (${code}) though nothing went wrong`);
    }
    this.head.take(block);
    const rounds = new Set<number>();
    for (const { key, value } of block.writes) {
      const [noun, study, number] = key.split('~');
      if (study !== STUDY || number === undefined) continue;
      if (['join', 'contribution', 'reveal', 'attestation', 'close', 'round'].includes(noun as string))
        rounds.add(Number(number));
      if (noun === 'contribution') this.#contributed(recordUnder(Contribution, key, value));
    }
    for (const number of rounds) this.#roundChanged(number);
    const versions = block.writes.filter(({ key }) => key.startsWith(`model~${STUDY}~`));
    for (const { value } of versions) this.#recorded(value as ModelVersion);
    for (const { value } of versions) this.#requireSoundLineage(value as ModelVersion);
  }

  /** A hospital showed a vector to another one, or to the channel. */
  vectorShown(msp: Msp, round: number, digest: Digest): void {
    if (this.#parts.isAttacker(msp, round)) return;
    const before = this.#vectors.get(`${msp} ${round}`) ?? digest;
    requireThat(before === digest, () => `${msp} showed two different vectors in round ${round}`);
    requireThat(
      !this.#mustSitOut.has(`${msp} ${round}`),
      () => `${msp} has forgotten its join of round ${round}, and goes on`,
    );
    this.#vectors.set(`${msp} ${round}`, digest);
  }

  /** An agent sent a transaction. */
  sent(msp: Msp, name: TransactionName, command: unknown): void {
    if (name === 'RoundContract:contribute') {
      const { round, vectorDigest } = command as Command<'RoundContract:contribute'>;
      this.vectorShown(msp, round, vectorDigest);
    }
    if (name === 'RoundContract:attest') {
      const { round, outcome } = command as Command<'RoundContract:attest'>;
      const text = canonicalJson(outcome);
      const before = this.#outcomes.get(`${msp} ${round}`) ?? text;
      requireThat(before === text, () => `${msp} attested two different outcomes of round ${round}`);
      this.#outcomes.set(`${msp} ${round}`, text);
    }
    if (name === 'RoundContract:joinRound') {
      const { round } = command as Command<'RoundContract:joinRound'>;
      const disputed = this.#disputedAncestor(msp, round);
      requireThat(
        disputed === undefined,
        () => `${msp} joins round ${round}, over version ${disputed} that it disputes`,
      );
    }
  }

  /** A hospital made its vector. */
  made(msp: Msp, task: VectorTask, made: VectorMade): void {
    // A copy: a private round masks the vector in its place.
    const bytes = Uint8Array.from(Buffer.from(made.vector.buffer));
    const digest = digestOf(bytes);
    this.#plain.set(`${msp} ${task.round}`, {
      vector: Int32Array.from(made.vector),
      personal: personalValue(made.personal),
    });
    this.#bytes.set(digest, bytes);
    const record = this.round(task.round)?.facts.round;
    requireThat(
      digestOf(task.base.file) === record?.base?.digest,
      () => `${msp} trains round ${task.round} on another base`,
    );
    if (!this.#forgetful.has(msp)) {
      const expected = this.#personalOf(msp, task.base.version);
      const found = personalValue(task.base.personal);
      requireThat(
        found === expected,
        () => `${msp} starts round ${task.round} from own tensor ${found}, not ${expected}`,
      );
    }
    this.#personal.set(digest, personalValue(made.personal));
  }

  /** A hospital's agent starts, its mirror as high as its peer. Returns whether it has forgotten that it joined. */
  started(msp: Msp, peerHas: (key: string) => boolean): boolean {
    const newest = this.study?.newest;
    if (!newest) return false;
    const isForgotten =
      peerHas(ledgerKey.join(STUDY, newest.number, msp)) && !this.#parts.hasJournaled(msp, newest.number, 'join');
    if (isForgotten) this.#mustSitOut.add(`${msp} ${newest.number}`);
    return isForgotten;
  }

  /** A hospital's database is an old one now: its own tensors are of yesterday, and what it has verified may be forgotten. */
  restored(msp: Msp): void {
    this.#forgetful.add(msp);
    for (const version of this.#models.keys())
      if (!this.#parts.hasJournaled(msp, version, 'dispute-lifted')) this.#lifted.delete(`${msp} ${version}`);
  }

  /** What its join committed to is gone: it sits the open round out, unless its vector is masked and on the way. */
  lostSecrets(msp: Msp): void {
    const newest = this.study?.newest;
    if (!newest || this.#vectors.has(`${msp} ${newest.number}`)) return;
    if (newest.facts.joins.has(msp)) this.#mustSitOut.add(`${msp} ${newest.number}`);
  }

  lifted(msp: Msp, round: number): void {
    this.#lifted.add(`${msp} ${round}`);
  }

  /** Rounds that a hospital attested otherwise and has not verified. */
  disputesOf(msp: Msp): number[] {
    return [...this.#models.keys()].filter((version) => this.#isDisputed(msp, version));
  }

  #isDisputed(msp: Msp, version: number): boolean {
    const own = this.#outcomes.get(`${msp} ${version}`);
    if (own === undefined || !this.#models.has(version) || this.#lifted.has(`${msp} ${version}`)) return false;
    return own !== this.#recordedOutcomes.get(version);
  }

  #disputedAncestor(msp: Msp, round: number): number | undefined {
    let at = this.round(round)?.facts.round.base ?? null;
    while (at) {
      if (this.#isDisputed(msp, at.version)) return at.version;
      at = this.#models.get(at.version)?.parent ?? null;
    }
    return undefined;
  }

  /** The receipts on the ledger are no empty promise. */
  #contributed({ msp, vectorDigest, receipts }: Contribution): void {
    for (const holder of [msp, ...receipts.map((receipt) => receipt.msp)])
      requireThat(
        this.#parts.holds(holder, vectorDigest),
        () => `${holder} signed for the vector of ${msp}, and has it not`,
      );
  }

  #roundChanged(number: number): void {
    const round = this.round(number);
    if (!round) return;
    const { roster, survivors, agreement } = round.state;
    this.#requireOneWinner(round);
    this.#fixed(this.#rosters, number, roster, 'the roster');
    this.#fixed(this.#survivors, number, survivors, 'the survivors');
    for (const attestation of round.facts.attestations.values()) this.#attested(round, attestation);
    if (agreement)
      this.#requireTrueOutcome(
        round,
        agreement.outcome,
        () => `what was agreed in round ${number} is not what was summed up`,
      );
  }

  /** Of a fact and a close exactly one wins: what a close did not find never comes. */
  #requireOneWinner({ number, facts }: RoundView): void {
    const recorded = {
      joining: facts.joins,
      contributing: facts.contributions,
      unmasking: facts.reveals,
      attesting: facts.attestations,
    };
    for (const close of facts.closes.values()) {
      const missed = [...recorded[close.phase].keys()].filter((msp) => !close.found.includes(msp));
      requireThat(missed.length === 0, () => `${missed} came to round ${number} after its ${close.phase} was closed`);
    }
  }

  #fixed(known: Map<number, string>, number: number, members: RoundState['roster'], what: string): void {
    const before = known.get(number);
    const now = members?.join(' ');
    requireThat(
      before === undefined || before === now,
      () => `${what} of round ${number} changed from ${before} to ${now}`,
    );
    if (now !== undefined) known.set(number, now);
  }

  #attested(round: RoundView, { msp, outcome }: Attestation): void {
    const { kind } = round.facts.round;
    if (this.#parts.isDishonest(msp, kind === 'initial' ? 0 : round.number)) return;
    this.#requireTrueOutcome(
      round,
      outcome,
      () => `${msp} attested of round ${round.number} what it cannot have recomputed`,
    );
  }

  /**
   * `UNOPENED` proves nothing: where so few hospitals hold shares that all of them are needed, one that says it cannot open its
   * box names whom it likes.
   */
  #isFramed({ number, protocol, facts }: RoundView, { reason }: Extract<Outcome, { kind: 'sealed' }>): boolean {
    const holders = facts.round.shareKeys ?? [];
    const liars = holders.filter(({ msp }) => this.#parts.isAttacker(msp, number)).length;
    return reason === 'UNOPENED' && liars > 0 && holders.length - liars < majority(protocol);
  }

  /** The sum of what the survivors sent; or the name of a dealer that nobody wrongs by it. */
  #requireTrueOutcome(round: RoundView, outcome: Outcome, text: () => string): void {
    if (outcome.kind === 'sealed')
      requireThat(
        this.#parts.isAttacker(outcome.dealer, round.number) || this.#isFramed(round, outcome),
        () => `${outcome.dealer} is named in round ${round.number} for ${outcome.reason}, and did nothing`,
      );
    else requireThat(canonicalJson(outcome) === canonicalJson(this.#expectedOf(round).outcome), text);
  }

  /** What an honest hospital computes from the vectors that the survivors made, before any masks. */
  #expectedOf(round: RoundView): Recomputed {
    const known = this.#expected.get(round.number);
    if (known) return known;
    const { base } = round.facts.round;
    const file = base ? this.#files.get(base.digest) : undefined;
    requireThat(base === null || file !== undefined, () => `round ${round.number} is over a version that nobody made`);
    const plain = new Map((round.state.survivors ?? []).map((msp) => [msp, this.#plainVector(round, msp)] as const));
    const sum = new Int32Array(plain.values().next().value?.length ?? 0);
    for (const vector of plain.values()) for (const [k, value] of vector.entries()) sum[k] = (sum[k] as number) + value;
    const isSingles = round.facts.round.kind === 'training' && needsSingleUpdates(round.protocol.aggregation);
    const singles = new Map(isSingles ? [...plain].map(([msp, vector]) => [msp, vectorBytes(vector)] as const) : []);
    const materials = file && { base: file, vectors: new Map(), opened: { sum }, singles };
    const made = recompute(this.#parts.honest, round, materials);
    if (made.file) this.#files.set(digestOf(made.file), made.file);
    this.#expected.set(round.number, made);
    return made;
  }

  #plainVector({ number, facts }: RoundView, msp: Msp): Int32Array {
    if (facts.round.shareKeys) return this.#plain.get(`${msp} ${number}`)?.vector as Int32Array;
    const bytes = this.#bytes.get(facts.contributions.get(msp)?.vectorDigest as Digest) as Uint8Array;
    return new Int32Array(Uint8Array.from(bytes).buffer);
  }

  #recorded(version: ModelVersion): void {
    const number = version.version;
    const round = this.round(number);
    const { agreement } = round?.state ?? {};
    const before = this.#models.get(number);
    const { digest, sumDigest, result } = version;
    const outcome = canonicalJson({ kind: 'version', digest, sumDigest, result });
    requireThat(
      round !== undefined && agreement !== undefined && canonicalJson(agreement.outcome) === outcome,
      () => `version ${number} is recorded without an agreement on it`,
    );
    const equal = [...round.facts.attestations.values()].filter((one) => canonicalJson(one.outcome) === outcome);
    requireThat(
      equal.length >= majority(round.protocol),
      () => `version ${number} has ${equal.length} equal attestations`,
    );
    requireThat(
      before === undefined || before.digest === digest,
      () => `version ${number} was recorded twice, differently`,
    );
    const isTrainedAgain = version.status === 'void' && round.protocol.consent?.onWithdrawal === 'retrain';
    const mayChange = before?.status === 'candidate' || isTrainedAgain;
    requireThat(
      before === undefined || before.status === version.status || mayChange,
      () => `version ${number} was ${before?.status} and is ${version.status}`,
    );
    this.#models.set(number, version);
    this.#recordedOutcomes.set(number, outcome);
  }

  /** Versions form a chain over accepted bases; nothing that was trained on a rejected version counts. */
  #requireSoundLineage(version: ModelVersion): void {
    if (version.status !== 'accepted' && version.status !== 'candidate') return;
    for (let at = version.parent; at; ) {
      const parent = this.#models.get(at.version);
      const name = `${version.status} version ${version.version}`;
      requireThat(
        parent !== undefined && parent.digest === at.digest,
        () => `${name} descends from an unknown version`,
      );
      const isSound = parent.status === 'accepted' || parent.status === 'candidate';
      requireThat(isSound, () => `${name} descends from version ${parent.version}, which is ${parent.status}`);
      at = parent.parent;
    }
  }

  #personalOf(msp: Msp, version: number): number {
    for (let at: number | undefined = version; at !== undefined; ) {
      const model: ModelVersion | undefined = this.#models.get(at);
      const facts = this.round(at)?.facts;
      const contributed = facts?.contributions.get(msp)?.vectorDigest;
      const isMasked = facts?.round.shareKeys !== undefined;
      const value =
        contributed && (isMasked ? this.#plain.get(`${msp} ${at}`)?.personal : this.#personal.get(contributed));
      if (model?.survivors.includes(msp) && value !== undefined) return value;
      at = model?.parent?.version;
    }
    return 0;
  }

  /** After a run in which nothing went wrong: every hospital took part in everything. */
  requireFlawless(expectedRounds: number): void {
    const newest = this.study?.newest;
    requireThat(
      newest?.number === expectedRounds - 1,
      () => `${newest?.number} is the last round of ${expectedRounds}`,
    );
    for (let number = 0; number < expectedRounds; number += 1) {
      const round = this.round(number);
      const members = round?.protocol.members.length ?? 0;
      requireThat(round !== undefined && isOver(round), () => `round ${number} is not over`);
      requireThat(round.facts.closes.size === 0, () => `a phase of round ${number} was closed`);
      const equal = round.state.agreement?.members.length;
      requireThat(equal === members, () => `${equal} of ${members} attested the outcome of round ${number}`);
    }
    if (newest?.protocol.metrics !== 'open') return;
    for (const msp of newest.protocol.members)
      requireThat(this.study?.hasReported(newest.number, msp) === true, () => `${msp} has not reported its figures`);
  }
}

/** Where the time of a round went, told from every hospital's own times. */
export function requireTimesAddUp(round: number, timings: readonly HospitalTimings[], needed: number): void {
  const seconds = roundSeconds(timings, needed);
  requireThat(seconds !== undefined, () => `nobody knows where the time of round ${round} went`);
  const { total, training, ledger, exchange, aggregation, other } = seconds;
  const parts = training + ledger + exchange + aggregation + other;
  const isWhole = Math.abs(parts - total) < 1e-9 && other > -1e-9 && ledger > 0;
  requireThat(isWhole, () => `the times of round ${round} are ${JSON.stringify(seconds)}`);
}
