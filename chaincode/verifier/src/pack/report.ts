/** What was found out about a pack: what is proven, what is not, and whatever does not hold. */
import { Doubt } from '../doubt.js';

export type Failure = Readonly<{ where: string; why: string }>;

export class Report {
  genesis: string | undefined;
  readonly about: string[] = [];
  readonly proven: string[] = [];
  /** What no pack, or not this one, can show. */
  readonly limits: string[] = [];
  readonly failures: Failure[] = [];

  get holds(): boolean {
    return this.failures.length === 0;
  }

  fail(where: string, why: string): void {
    this.failures.push({ where, why });
  }

  /** Does a step; where it cannot be done, names the place and why. What is forged may break anything: all is caught. */
  try<T>(where: string, step: () => T): T | undefined {
    try {
      return step();
    } catch (error) {
      const why = error instanceof Doubt ? error.message : `it cannot be read (${(error as Error).message})`;
      this.fail(where, why);
      return undefined;
    }
  }
}
