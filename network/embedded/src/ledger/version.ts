/** Where a value was written: block number and place of the transaction in it, both from 0. */
export interface Version {
  readonly block: number;
  readonly transaction: number;
}

/** Whether two versions, either of which may be that of an absent key, are the same. */
export function sameVersion(a: Version | undefined, b: Version | undefined): boolean {
  if (!a || !b) return !a && !b;
  return a.block === b.block && a.transaction === b.transaction;
}

/** As Fabric prints a version inside its error texts. */
export function printVersion(version: Version | undefined): string {
  return version ? `{BlockNum: ${version.block}, TxNum: ${version.transaction}}` : '<nil>';
}
