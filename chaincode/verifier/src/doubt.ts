/** Why something in a pack does not hold. Everything that the verifier reads may be forged, so this is no bug of its own. */
export class Doubt extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'Doubt';
  }
}

/** @throws Doubt */
export function must(holds: boolean, reason: string): asserts holds {
  if (!holds) throw new Doubt(reason);
}
