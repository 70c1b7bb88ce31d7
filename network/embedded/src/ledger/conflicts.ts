import { ValidationCode } from '../wire/proto.js';
import { RangeReads } from './rangeReads.js';
import type { MerkleSummary, NamespaceReadWrites, RangeRead } from './readWriteSet.js';
import type { StateUpdates } from './stateUpdates.js';
import type { StateView } from './stateView.js';
import { sameVersion, type Version } from './version.js';

/**
 * Whether everything that a transaction read is still so: keys (MVCC_READ_CONFLICT), ranges (PHANTOM_READ_CONFLICT),
 * private keys by hash (MVCC_READ_CONFLICT). A key that an earlier valid transaction of the same block wrote counts as
 * changed. The first conflict found decides the code, namespace by namespace, as in Fabric.
 */
export function findConflict(
  namespaces: readonly NamespaceReadWrites[],
  view: StateView,
  updates: StateUpdates,
): ValidationCode {
  for (const { namespace, reads, ranges, collections } of namespaces) {
    for (const { key, version } of reads) {
      if (updates.publicUpdate(namespace, key) || !sameVersion(view.get(namespace, key)?.version, version)) {
        return ValidationCode.MVCC_READ_CONFLICT;
      }
    }
    for (const range of ranges) {
      if (!isRangeUnchanged(namespace, range, view)) return ValidationCode.PHANTOM_READ_CONFLICT;
    }
    for (const { collection, reads: hashedReads } of collections) {
      for (const { key, version } of hashedReads) {
        const isWritten = updates.hashUpdate(namespace, collection, key) !== undefined;
        if (isWritten || !sameVersion(view.hash(namespace, collection, key)?.version, version)) {
          return ValidationCode.MVCC_READ_CONFLICT;
        }
      }
    }
  }
  return ValidationCode.VALID;
}

function isRangeUnchanged(namespace: string, range: RangeRead, view: StateView): boolean {
  const now = view.range(namespace, range.startKey, range.endKey, !range.exhausted);
  if (range.summary) return sameSummary(range.summary, now);
  for (const read of range.reads) {
    const entry = now.next();
    if (entry.done || entry.value.key !== read.key || !sameVersion(entry.value.version, read.version)) return false;
  }
  return now.next().done === true;
}

function sameSummary(summary: MerkleSummary, now: Iterable<{ key: string; version: Version }>): boolean {
  // A degree below 2 builds no tree; Fabric fails such a transaction's block, here it is a range that has changed.
  if (summary.degreeMax < 2) return false;
  const results = new RangeReads(summary.degreeMax);
  for (const { key, version } of now) results.add({ key, version });
  const other = results.finish().summary;
  return (
    other !== undefined &&
    other.level === summary.level &&
    other.hashes.length === summary.hashes.length &&
    other.hashes.every((hash, index) => hash.equals(summary.hashes[index] as Buffer))
  );
}
