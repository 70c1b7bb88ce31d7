/** A study on a contract channel with real secrets, masks and arithmetic: vectors are made up, all that follows is computed. */
import { createHash } from 'node:crypto';
import {
  type Digest,
  type JoinKeys,
  type Msp,
  majority,
  type Outcome,
  Round,
  revealedKind,
  type StudyProtocol,
  vectorLayout,
} from '@consilium/domain';
import type { DealtSecrets } from '../../gateway/src/agent/ports.js';
import { roundArithmetic } from '../../gateway/src/learning/aggregate.js';
import { sumVectors, vectorBytes } from '../../gateway/src/privacy/fixedPoint.js';
import { shareSealing } from '../../gateway/src/privacy/shareSealing.js';
import { ContractChannel, HOSPITALS, protocolOf, STUDY } from './contractChannel.js';

export const CHANNEL = 'consilium';
const CONTRIBUTE_MS = 700_000;

type ShareKey = ReturnType<typeof shareSealing.newShareKey>;
type Played = Readonly<{ dealt: ReadonlyMap<Msp, DealtSecrets>; survivors: readonly Msp[] }>;

export class ComputedStudy {
  readonly channel = new ContractChannel();
  readonly protocol: StudyProtocol;
  /** Versions and vectors by their SHA-256. */
  readonly files = new Map<string, Buffer>();
  /** What dealers keep to themselves, by round. */
  readonly dealt = new Map<number, ReadonlyMap<Msp, DealtSecrets>>();
  readonly #shareKeys = new Map<Msp, ShareKey[]>();
  #base: Uint8Array;

  private constructor(protocol: StudyProtocol) {
    this.protocol = protocol;
    this.#base = roundArithmetic.initialVersion(protocol);
    for (const msp of HOSPITALS) this.#shareKeys.set(msp, [shareSealing.newShareKey()]);
    this.channel.shareKey = (msp) => this.shareKey(msp, 0).publicKey;
  }

  /** With its first round attested by all. */
  static async begin(changes: Parameters<typeof protocolOf>[0]): Promise<ComputedStudy> {
    const study = new ComputedStudy(protocolOf(changes));
    await study.channel.activeStudy(study.protocol);
    await study.channel.open(0);
    const digest = study.keep(study.#base);
    await study.channel.attest(0, { kind: 'version', digest, sumDigest: null, result: {} });
    return study;
  }

  /** A hospital's share key of an index. */
  shareKey(msp: Msp, index: number): ShareKey {
    const keys = this.#shareKeys.get(msp) as ShareKey[];
    while (keys.length <= index) keys.push(shareSealing.newShareKey());
    return keys[index] as ShareKey;
  }

  keep(bytes: Uint8Array): Digest {
    const digest = createHash('sha256').update(bytes).digest('hex') as Digest;
    this.files.set(digest, Buffer.from(bytes));
    return digest;
  }

  /** Opens the next round and has it computed and attested; `lost` joins and never contributes. */
  async play(number: number, lost: readonly Msp[] = []): Promise<void> {
    await this.channel.open(number, HOSPITALS.slice(0, majority(this.protocol)));
    const round = Round.parse(this.channel.roundRecord(number));
    const dealt = await this.#join(round);
    this.dealt.set(number, dealt);
    const survivors = HOSPITALS.filter((msp) => !lost.includes(msp));
    const vectors = await this.#contribute(round, { dealt, survivors });
    if (round.shareKeys) await this.#reveal(round, survivors);
    const outcome = this.#compute(round, vectors, { dealt, survivors });
    await this.channel.attest(number, outcome);
  }

  async #join(round: Round): Promise<Map<Msp, DealtSecrets>> {
    const dealt = new Map<Msp, DealtSecrets>();
    for (const msp of HOSPITALS) {
      const command = this.channel.joinCommand(round.round);
      if (!round.shareKeys) {
        await this.channel.submit('RoundContract:joinRound', command, msp);
        continue;
      }
      const holders = round.shareKeys.map((pinned) => ({
        msp: pinned.msp,
        publicKey: this.shareKey(pinned.msp, pinned.index).publicKey,
      }));
      const index = (round.shareKeys.find((pinned) => pinned.msp === msp)?.index ?? 0) + 1;
      const next: JoinKeys['next'] = { index, publicKey: this.shareKey(msp, index).publicKey };
      const place = { channel: CHANNEL, study: STUDY, round: round.round, dealer: msp };
      const secrets = await shareSealing.deal(place, holders, majority(this.protocol), next);
      dealt.set(msp, secrets);
      await this.channel.submit('RoundContract:joinRound', { ...command, keys: secrets.keys }, msp);
    }
    return dealt;
  }

  async #contribute(round: Round, { dealt, survivors }: Played): Promise<Map<Msp, Uint8Array>> {
    const vectors = new Map<Msp, Uint8Array>();
    for (const msp of survivors) {
      const vector = this.#vectorOf(round, msp);
      const secrets = dealt.get(msp);
      if (secrets) shareSealing.mask(vector, this.#place(round, dealt), msp, secrets);
      const bytes = vectorBytes(vector);
      vectors.set(msp, bytes);
      const command = this.channel.contributeCommand(this.protocol, round.round, msp, this.keep(bytes));
      await this.channel.submit('RoundContract:contribute', command, msp);
    }
    if (survivors.length < HOSPITALS.length) {
      this.channel.now += CONTRIBUTE_MS;
      const command = { study: STUDY, round: round.round, phase: 'contributing' } as const;
      await this.channel.submit('RoundContract:closePhase', command, survivors[0] as Msp);
    }
    return vectors;
  }

  /** The first t members open what they were dealt. */
  async #reveal(round: Round, survivors: readonly Msp[]): Promise<void> {
    for (const msp of HOSPITALS.slice(0, majority(this.protocol))) {
      const shares: string[] = [];
      for (const of of round.available)
        shares.push((await this.open(round.round, of, msp))[revealedKind(survivors, of)]);
      await this.channel.submit('RoundContract:reveal', { study: STUDY, round: round.round, shares }, msp);
    }
  }

  /** Both shares that a dealer sealed to a holder. */
  async open(number: number, dealer: Msp, holder: Msp) {
    const round = Round.parse(this.channel.roundRecord(number));
    const position = round.shareKeys?.findIndex(({ msp }) => msp === holder) ?? -1;
    const { privateKey } = this.shareKey(holder, round.shareKeys?.[position]?.index ?? 0);
    const place = { channel: CHANNEL, study: STUDY, round: round.round, dealer };
    const keys = this.dealt.get(number)?.get(dealer)?.keys;
    const opened = keys && (await shareSealing.open(place, { msp: holder, position, privateKey }, keys));
    if (!opened) throw new Error(`${holder} cannot open what ${dealer} dealt`);
    return opened;
  }

  #compute(round: Round, vectors: ReadonlyMap<Msp, Uint8Array>, { dealt, survivors }: Played): Outcome {
    const kind = round.kind as 'training';
    const { length } = vectorLayout(this.protocol, kind);
    const sum = sumVectors(vectors.values(), length);
    const secretsOf = (msps: readonly Msp[], name: 'selfMask' | 'maskKey') =>
      new Map(msps.map((msp) => [msp, (dealt.get(msp) as DealtSecrets)[name]]));
    if (round.shareKeys)
      shareSealing.unmask(sum, this.#place(round, dealt), {
        selfMasks: secretsOf(survivors, 'selfMask'),
        maskKeys: secretsOf(
          HOSPITALS.filter((msp) => !survivors.includes(msp)),
          'maskKey',
        ),
      });
    const about = { protocol: this.protocol, kind, round: round.round, base: this.#base, vectors };
    const { outcome, file } = roundArithmetic.aggregate({ ...about, sum });
    if (file) this.keep(file);
    this.#base = file ?? this.#base;
    return outcome;
  }

  #place(round: Round, dealt: ReadonlyMap<Msp, DealtSecrets>) {
    const roster = new Map([...dealt].map(([msp, { keys }]) => [msp, keys] as const));
    const { study, round: number, base, protocolHash } = round;
    return { channel: CHANNEL, study, round: number, baseDigest: base?.digest as Digest, protocolHash, roster };
  }

  /** What patients could have given: counts that are none negative, some of either class, small updates. */
  #vectorOf({ kind, round }: Round, msp: Msp): Int32Array {
    const layout = vectorLayout(this.protocol, kind);
    const own = HOSPITALS.indexOf(msp) + 1;
    const vector = Int32Array.from({ length: layout.length }, (_, i) => (own * (i + 3) * (round + 5)) % 17);
    const { statistics, update } = layout;
    if (statistics) vector[statistics.patients.start] = 40 * own;
    if (statistics?.positives) vector[statistics.positives.start] = 15 * own;
    if (update) vector[update.weight.start] = 40 * own;
    return vector;
  }
}
