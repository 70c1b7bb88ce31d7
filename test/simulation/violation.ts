/** A property that did not hold. */
export class Violation extends Error {
  override readonly name = 'Violation';
}

/** @throws Violation */
export function requireThat(condition: boolean, text: () => string): asserts condition {
  if (!condition) throw new Violation(text());
}
