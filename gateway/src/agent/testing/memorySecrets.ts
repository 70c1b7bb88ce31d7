/** Secrets of private rounds in memory. */
import type { DealtSecrets, RoundSecrets } from '../ports.js';

type Kept = Readonly<{ dealt: DealtSecrets }> | Readonly<{ vector: Uint8Array }>;

export class MemorySecrets implements RoundSecrets {
  readonly #rounds = new Map<number, Kept>();
  readonly #shareKeys = new Map<number, Uint8Array>();

  async stateOf(_study: string, round: number): Promise<'dealt' | 'masked' | undefined> {
    const kept = this.#rounds.get(round);
    return kept && ('dealt' in kept ? 'dealt' : 'masked');
  }

  async dealt(_study: string, round: number): Promise<DealtSecrets | undefined> {
    const kept = this.#rounds.get(round);
    return kept && 'dealt' in kept ? kept.dealt : undefined;
  }

  async keepDealt(_study: string, round: number, dealt: DealtSecrets): Promise<void> {
    if (this.#rounds.has(round)) throw new Error(`secrets of round ${round} are kept already`);
    this.#rounds.set(round, { dealt });
  }

  async masked(_study: string, round: number): Promise<Uint8Array | undefined> {
    const kept = this.#rounds.get(round);
    return kept && 'vector' in kept ? kept.vector : undefined;
  }

  async keepMasked(_study: string, round: number, vector: Uint8Array): Promise<void> {
    this.#rounds.set(round, { vector });
  }

  async shareKeys(): Promise<readonly number[]> {
    return [...this.#shareKeys.keys()].sort((a, b) => a - b);
  }

  async shareKey(_study: string, index: number): Promise<Uint8Array | undefined> {
    return this.#shareKeys.get(index);
  }

  async keepShareKey(_study: string, index: number, privateKey: Uint8Array): Promise<Uint8Array> {
    const kept = this.#shareKeys.get(index) ?? privateKey;
    this.#shareKeys.set(index, kept);
    return kept;
  }

  async destroy(_study: string, shareKeys: readonly number[], rounds: readonly number[]): Promise<void> {
    for (const index of shareKeys) this.#shareKeys.delete(index);
    for (const round of rounds) this.#rounds.delete(round);
  }

  async rounds(): Promise<readonly number[]> {
    return [...this.#rounds.keys()].sort((a, b) => a - b);
  }

  /** What an attacker finds who takes the disk. */
  content(): Readonly<{ shareKeys: number[]; dealt: number[]; masked: number[] }> {
    const rounds = [...this.#rounds];
    return {
      shareKeys: [...this.#shareKeys.keys()],
      dealt: rounds.flatMap(([round, kept]) => ('dealt' in kept ? [round] : [])),
      masked: rounds.flatMap(([round, kept]) => ('vector' in kept ? [round] : [])),
    };
  }

  /** The folder is gone. */
  lose(): void {
    this.#rounds.clear();
    this.#shareKeys.clear();
  }
}
