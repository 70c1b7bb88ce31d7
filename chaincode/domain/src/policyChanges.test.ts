import { expect, test } from '@jest/globals';
import { ConsentPolicyText } from './consent.js';
import { DUO } from './duo.js';
import { policyChanges } from './policyChanges.js';
import { examplePolicy } from './testing/exampleConsent.js';

const names = Object.keys(ConsentPolicyText.shape) as (keyof ConsentPolicyText)[];
const textOf = (changes: Partial<ConsentPolicyText> = {}) => {
  const policy = { ...examplePolicy(), ...changes };
  return ConsentPolicyText.parse(Object.fromEntries(names.map((name) => [name, policy[name]])));
};

test('the first version is the first', () => {
  expect(policyChanges(undefined, textOf())).toEqual(['The first policy: Research at this hospital.']);
});

test('what did not change is not told', () => {
  expect(policyChanges(textOf(), textOf({ permittedPurposes: [DUO.CC, DUO.NRES] }))).toEqual([]);
});

test('what changed is told in words', () => {
  const before = textOf({ permittedPurposes: [DUO.HMB, DUO.POA], dataClasses: ['laboratory'] });
  const after = textOf({
    permittedPurposes: [DUO.HMB, DUO.NCU, 'DUO:0000099'],
    dataClasses: ['genome'],
    legalBasis: 'ehds-permit',
    silence: 'permit',
    placement: 'roots',
    retentionDays: 30,
    textHash: before.textHash.replace(/^./, '0') as typeof before.textHash,
  });
  expect(policyChanges(before, after)).toEqual([
    'Permitted, new: non-commercial use only (DUO:0000046).',
    'Permitted, new: a purpose that is not known here (DUO:0000099).',
    'Permitted, no longer: research on origins or ancestry (DUO:0000011).',
    'Kind of data, new: genome.',
    'Kind of data, no longer: laboratory.',
    'Use rests on a data permit, and patients may opt out, since this version.',
    'Patients of whom nothing is on file are part of studies under a permit, since this version.',
    'Events stay in the hospital, and the channel holds a root of each batch, since this version.',
    'Records are kept for 30 days after their last event, since this version.',
    'The text that patients are given has changed.',
  ]);
});

test('every member of a policy is told where it changes', () => {
  const other: ConsentPolicyText = {
    title: 'Another',
    textHash: textOf().textHash.replace(/^./, '0') as ConsentPolicyText['textHash'],
    permittedPurposes: [],
    dataClasses: [],
    legalBasis: 'ehds-permit',
    silence: 'permit',
    placement: 'roots',
    privateCopy: true,
    retentionDays: 1,
  };
  for (const name of names) expect(policyChanges(textOf(), textOf({ [name]: other[name] }))).not.toEqual([]);
});
