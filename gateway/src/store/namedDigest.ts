/** Which bytes a record of the channel speaks of: a vector or a version file, by digest. */
import { Digest, type StudyId } from '@consilium/domain';

export type NamedDigest = Readonly<{
  digest: Digest;
  study: StudyId;
  /** The hospital that signed it alone; undefined for what a majority attested. */
  by: string | undefined;
}>;

/**
 * Contributions and attestations speak for the hospital that signed them, a recorded model version for t members. Other
 * records name no bytes.
 */
export function namedDigest(key: string, value: unknown): NamedDigest | undefined {
  const [kind, study, , by] = key.split('~');
  const digest = Digest.safeParse(digestIn(kind, value));
  return digest.success && study ? { digest: digest.data, study: study as StudyId, by } : undefined;
}

function digestIn(kind: string | undefined, value: unknown): unknown {
  const record = value as { vectorDigest?: unknown; digest?: unknown; outcome?: { digest?: unknown } } | null;
  switch (kind) {
    case 'contribution':
      return record?.vectorDigest;
    case 'attestation':
      return record?.outcome?.digest;
    case 'model':
      return record?.digest;
    default:
      return undefined;
  }
}
