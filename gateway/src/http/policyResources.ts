/** Consent policies as the REST interface shows them. */
import type { FieldChange, PolicyResource } from '@consilium/client/resources';
import { ConsentPolicy, ConsentPolicyText, canonicalJson, ledgerKey, type Msp } from '@consilium/domain';
import type { Records } from './records.js';

/** Fields of a policy that are compared. */
const FIELDS = Object.keys(ConsentPolicyText.shape) as (keyof ConsentPolicyText)[];

/** @returns undefined where there is none */
export function policyResource(records: Records, msp: Msp, version: number): PolicyResource | undefined {
  const policy = records.get(ConsentPolicy, ledgerKey.policy(msp, version));
  if (!policy) return undefined;
  const before = version > 1 ? records.get(ConsentPolicy, ledgerKey.policy(msp, version - 1)) : undefined;
  return { ...policy, changes: before ? changesOf(FIELDS, before, policy) : [] };
}

/** Newest first. */
export function policyResources(records: Records, msp: Msp): PolicyResource[] {
  return records
    .list(ConsentPolicy, 'policy', msp)
    .map(({ version }) => policyResource(records, msp, version))
    .filter((policy) => policy !== undefined)
    .reverse();
}

/** Fields that differ. Lists are compared as they stand. */
export function changesOf<Fields>(
  fields: readonly (keyof Fields & string)[],
  before: Readonly<Fields>,
  after: Readonly<Fields>,
): FieldChange[] {
  return fields.flatMap((field) => {
    const [was, is] = [before[field] ?? null, after[field] ?? null] as [FieldChange['before'], FieldChange['after']];
    return canonicalJson(was) === canonicalJson(is) ? [] : [{ field, before: was, after: is }];
  });
}
