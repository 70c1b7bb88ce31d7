import { describe, expect, test } from '@jest/globals';
import type { ConsentContent, ConsentTerm } from './consent.js';
import { type ConsentAsked, matchConsent } from './consentMatcher.js';
import type { Answer } from './decision.js';
import { DUO } from './duo.js';
import type { Msp } from './ids.js';
import { consentProtocol, exampleContent, examplePermit, examplePolicy, NOW } from './testing/exampleConsent.js';
import { exampleProtocol, type ProtocolInput } from './testing/exampleProtocol.js';

type Use = NonNullable<NonNullable<ProtocolInput['consent']>['use']>;
type Asked = Partial<Omit<ConsentAsked, 'study'>> & { protocol?: ConsentAsked['study']['protocol'] };

const HMB: ConsentTerm = { code: DUO.HMB, values: [] };
const HOUR_MS = 3_600_000;

function match({ protocol = consentProtocol(), ...asked }: Asked = {}) {
  const { answer, reasons } = matchConsent({
    content: exampleContent(),
    policy: examplePolicy(),
    study: { protocol },
    at: NOW,
    ...asked,
  });
  return [answer, reasons.map(({ code }) => code).join(' ')];
}

const withTerms = (...terms: readonly ConsentTerm[]) => exampleContent({ terms: [...terms] });
const limited = (code: string, ...values: string[]) => withTerms(HMB, { code, values });
const studyOf = (use: Use) => consentProtocol({ use });

describe('what is on file', () => {
  test.each<[string, Partial<ConsentContent> | undefined, Answer, string]>([
    ['a grant', {}, 'allow', 'purpose-allowed'],
    ['a changed one', { kind: 'change', seq: 1 }, 'allow', 'purpose-allowed'],
    ['nothing', undefined, 'deny', 'nothing-on-file'],
    ['a withdrawal', { kind: 'withdraw' }, 'deny', 'withdrawn'],
    ['a withdrawal with terms left in it', { kind: 'withdraw', terms: [HMB] }, 'deny', 'withdrawn'],
    ['an expiry', { kind: 'expire' }, 'deny', 'expired'],
    ['an opt-out', { kind: 'opt-out' }, 'deny', 'opted-out'],
    ['an opt-in: no consent by itself', { kind: 'opt-in' }, 'deny', 'nothing-on-file'],
    ['a grant of nothing', { terms: [] }, 'deny', 'purpose-not-allowed'],
    ['a grant to another hospital', { msp: 'VaMSP' as Msp }, 'deny', 'other-hospital'],
  ])('%s', (_, changes, answer, codes) => {
    expect(match({ content: changes && exampleContent(changes) })).toEqual([answer, codes]);
  });
});

describe('validity', () => {
  test.each<[string, Partial<ConsentContent>, Answer, string]>([
    ['from this instant', { validFrom: NOW }, 'allow', 'purpose-allowed'],
    ['from the next one', { validFrom: NOW + 1 }, 'deny', 'not-yet-valid'],
    ['until the next instant', { validTo: NOW + 1 }, 'allow', 'purpose-allowed'],
    ['until this one', { validTo: NOW }, 'deny', 'expired'],
    ['in force from a later date', { effectiveFrom: NOW + 1 }, 'deny', 'not-yet-valid'],
    ['over before it began', { validFrom: NOW + 9, validTo: NOW - 9 }, 'deny', 'expired not-yet-valid'],
  ])('%s', (_, changes, answer, codes) => {
    expect(match({ content: exampleContent(changes) })).toEqual([answer, codes]);
  });
});

describe('modifiers', () => {
  test.each<[string, ConsentContent, Use, Answer, string]>([
    ['NPU, for-profit users', limited(DUO.NPU), { notForProfitUsers: false }, 'deny', 'for-profit-users'],
    ['NPU, commercial use by others', limited(DUO.NPU), { commercial: true }, 'allow', 'purpose-allowed'],
    ['NCU, commercial use', limited(DUO.NCU), { commercial: true }, 'deny', 'commercial-use'],
    ['NCU, for-profit users', limited(DUO.NCU), { notForProfitUsers: false }, 'allow', 'purpose-allowed'],
    ['NPUNCU, commercial use', limited(DUO.NPUNCU), { commercial: true }, 'deny', 'commercial-use'],
    ['NPUNCU, for-profit users', limited(DUO.NPUNCU), { notForProfitUsers: false }, 'deny', 'for-profit-users'],
    ['NPUNCU, neither', limited(DUO.NPUNCU), {}, 'allow', 'purpose-allowed'],
    ['IRB, none', limited(DUO.IRB), {}, 'deny', 'ethics-approval-missing'],
    ['IRB', limited(DUO.IRB), { ethicsApproval: true }, 'allow', 'purpose-allowed'],
    ['PUB, none', limited(DUO.PUB), {}, 'deny', 'publication-missing'],
    ['PUB', limited(DUO.PUB), { publishes: true }, 'allow', 'purpose-allowed'],
    ['COL, none', limited(DUO.COL), {}, 'deny', 'collaboration-missing'],
    ['COL', limited(DUO.COL), { collaboration: true }, 'allow', 'purpose-allowed'],
    ['RTN, none', limited(DUO.RTN), {}, 'deny', 'return-missing'],
    ['RTN', limited(DUO.RTN), { returnsResults: true }, 'allow', 'purpose-allowed'],
    ['NMDS, methods', limited(DUO.NMDS), { methodsDevelopment: true }, 'deny', 'methods-research'],
    ['NMDS', limited(DUO.NMDS), {}, 'allow', 'purpose-allowed'],
    ['GSO, none', limited(DUO.GSO), {}, 'deny', 'not-genetic'],
    ['GSO', limited(DUO.GSO), { geneticStudy: true }, 'allow', 'purpose-allowed'],
    ['CC changes nothing for research', limited(DUO.CC), {}, 'allow', 'purpose-allowed'],
    ['care without CC', withTerms(HMB), { clinicalCare: true }, 'deny', 'care-not-allowed'],
    ['care with CC', limited(DUO.CC), { clinicalCare: true }, 'allow', 'purpose-allowed'],
    ['CC with values that it has not', limited(DUO.CC, 'DE'), {}, 'allow', 'purpose-allowed'],
    ['care with such a CC', limited(DUO.CC, 'DE'), { clinicalCare: true }, 'deny', 'care-not-allowed'],
    ['CC without a permission', withTerms({ code: DUO.CC, values: [] }), {}, 'deny', 'purpose-not-allowed'],
    ['ancestry under HMB', withTerms(HMB), { ancestryResearch: true }, 'deny', 'ancestry-not-allowed'],
    [
      'ancestry under GRU',
      withTerms({ code: DUO.GRU, values: [] }),
      { ancestryResearch: true },
      'allow',
      'purpose-allowed',
    ],
    [
      'ancestry under GRU and NPOA',
      withTerms({ code: DUO.GRU, values: [] }, { code: DUO.NPOA, values: [] }),
      { ancestryResearch: true },
      'deny',
      'ancestry-prohibited',
    ],
    ['NPOA, no ancestry', limited(DUO.NPOA), {}, 'allow', 'purpose-allowed'],
    ['GS, the country', limited(DUO.GS, 'DE', 'FR'), { regions: ['FR'] }, 'allow', 'purpose-allowed'],
    ['GS, one country too many', limited(DUO.GS, 'DE'), { regions: ['DE', 'US'] }, 'deny', 'region-other'],
    ['GS, no country told', limited(DUO.GS, 'DE'), {}, 'abstain', 'region-untold'],
    ['GS, without a country', limited(DUO.GS), { regions: ['DE'] }, 'abstain', 'term-unreadable'],
    ['US, another', limited(DUO.US, 'ana'), { users: ['ben'] }, 'deny', 'user-other'],
    ['US', limited(DUO.US, 'ana'), { users: ['ana'] }, 'allow', 'purpose-allowed'],
    ['PS, another', limited(DUO.PS, 'heart'), { projects: ['lung'] }, 'deny', 'project-other'],
    ['IS, another', limited(DUO.IS, 'charite'), { institutions: ['va'] }, 'deny', 'institution-other'],
    ['RS, another', limited(DUO.RS, 'registry'), { researchTypes: ['trial'] }, 'deny', 'research-type-other'],
    ['RS, untold', limited(DUO.RS, 'registry'), {}, 'abstain', 'research-type-untold'],
    ['MOR, no publication', limited(DUO.MOR, '2030-01-01'), {}, 'allow', 'purpose-allowed'],
    ['MOR, publishes at once', limited(DUO.MOR, '2030-01-01'), { publishes: true }, 'deny', 'publication-too-early'],
    [
      'MOR, waits until then',
      limited(DUO.MOR, '2030-01-01'),
      { publishes: true, publishesNotBefore: Date.parse('2030-01-01') },
      'allow',
      'purpose-allowed',
    ],
    ['MOR, over already', limited(DUO.MOR, '2023-01-01'), { publishes: true }, 'allow', 'purpose-allowed'],
    ['MOR, no date', limited(DUO.MOR, 'soon'), { publishes: true }, 'abstain', 'term-unreadable'],
    ['MOR, no day of the calendar', limited(DUO.MOR, '2030-02-30'), {}, 'abstain', 'term-unreadable'],
    ['TS, no number', limited(DUO.TS, 'six'), {}, 'abstain', 'term-unreadable'],
    ['TS, none', limited(DUO.TS, '0'), {}, 'abstain', 'term-unreadable'],
    ['a modifier with values that it has not', limited(DUO.NPU, 'DE'), {}, 'abstain', 'term-unreadable'],
    ['an unknown code', limited('DUO:0000099'), {}, 'abstain', 'code-unknown'],
    ['a class of the ontology', limited('DUO:0000017'), {}, 'abstain', 'code-unknown'],
    [
      'an unknown code beside a reason to deny',
      limited('DUO:0000099'),
      { clinicalCare: true },
      'deny',
      'care-not-allowed',
    ],
  ])('%s', (_, content, use, answer, codes) => {
    expect(match({ content, protocol: studyOf(use) })).toEqual([answer, codes]);
  });

  test.each<[string, string, string, Answer]>([
    ['6', '2023-08-31T10:00:00Z', '2024-02-29T09:59:59.999Z', 'allow'],
    ['6', '2023-08-31T10:00:00Z', '2024-02-29T10:00:00Z', 'deny'],
    ['1', '2024-01-31T00:00:00Z', '2024-02-29T00:00:00Z', 'deny'],
    ['12', '2024-02-29T00:00:00Z', '2025-02-27T23:59:59Z', 'allow'],
  ])('TS: %s months from %s, at %s: %s', (months, from, at, answer) => {
    const content = { ...limited(DUO.TS, months), effectiveFrom: Date.parse(from) };
    expect(match({ content, at: Date.parse(at) })[0]).toBe(answer);
  });

  test('months run from the day from which a consent is valid', () => {
    const content = { ...limited(DUO.TS, '1'), effectiveFrom: 0, validFrom: NOW - HOUR_MS };
    expect(match({ content })).toEqual(['allow', 'purpose-allowed']);
  });
});

describe('kinds of data', () => {
  const labs = consentProtocol({ dataClasses: ['laboratory'] });
  const older = { version: 1, dataClasses: ['laboratory'] };
  const newer = examplePolicy({ version: 2, dataClasses: ['laboratory', 'genome'] });
  const genome = consentProtocol({ dataClasses: ['genome'] });
  test.each<[string, Asked, Answer, string]>([
    ['all that the policy names', { protocol: labs }, 'allow', 'purpose-allowed'],
    [
      'those that the consent names',
      { protocol: labs, content: exampleContent({ dataClasses: ['laboratory'] }) },
      'allow',
      'purpose-allowed',
    ],
    [
      'others than the consent names',
      { protocol: labs, content: exampleContent({ dataClasses: ['imaging'] }) },
      'deny',
      'data-not-covered',
    ],
    [
      'a study that does not tell, and a consent that names some',
      { content: exampleContent({ dataClasses: ['imaging'] }) },
      'abstain',
      'data-untold',
    ],
    [
      'a kind that the hospital does not offer',
      { protocol: consentProtocol({ dataClasses: ['genome'] }) },
      'deny',
      'data-not-covered policy-excludes-data',
    ],
    [
      'a kind that came into the policy after the consent',
      { protocol: genome, policy: newer, givenUnder: older },
      'deny',
      'data-not-covered',
    ],
    ['the same, with the older policy not at hand', { protocol: genome, policy: newer }, 'abstain', 'data-unclear'],
    [
      'a kind that the older policy named too',
      { protocol: labs, policy: newer, givenUnder: older },
      'allow',
      'purpose-allowed',
    ],
    [
      'a policy that is not the one of the consent',
      { protocol: labs, policy: newer, givenUnder: { version: 3, dataClasses: ['laboratory'] } },
      'abstain',
      'data-unclear',
    ],
  ])('%s', (_, asked, answer, codes) => {
    expect(match(asked)).toEqual([answer, codes]);
  });
});

describe('under a data permit', () => {
  const protocol = consentProtocol({ legalBasis: 'ehds-permit' });
  const policy = examplePolicy({ legalBasis: 'ehds-permit', silence: 'permit' });
  const permit = examplePermit();
  const before = permit.approvedAt - HOUR_MS;
  const after = permit.approvedAt + HOUR_MS;
  const optOut = (effectiveFrom: number) => exampleContent({ kind: 'opt-out', terms: [], effectiveFrom });
  test.each<[string, Asked, Answer, string]>([
    ['silence permits', { content: undefined }, 'allow', 'silence-permits'],
    [
      'not where the policy says that it denies',
      { content: undefined, policy: { ...policy, silence: 'deny' } },
      'deny',
      'nothing-on-file',
    ],
    ['not without a permit', { content: undefined, permit: undefined }, 'deny', 'permit-missing'],
    [
      'not by the permit of another hospital',
      { content: undefined, permit: examplePermit({ msp: 'VaMSP' as Msp }) },
      'deny',
      'permit-missing',
    ],
    [
      'not before it is approved',
      { content: undefined, permit: examplePermit({ approvedAt: NOW + 1 }) },
      'deny',
      'permit-not-yet',
    ],
    ['an opt-out before the permit', { content: optOut(before), optedOutAt: before }, 'deny', 'opted-out'],
    ['an opt-out at its very instant', { content: optOut(permit.approvedAt) }, 'deny', 'opted-out'],
    [
      'an opt-out after it does not end the use, and is shown',
      { content: optOut(after), optedOutAt: after },
      'allow',
      'opted-out-after-permit silence-permits',
    ],
    [
      'an opt-out that was dated before and recorded after counts as dated',
      { content: optOut(after), optedOutAt: before },
      'deny',
      'opted-out',
    ],
    ['an opt-in', { content: exampleContent({ kind: 'opt-in', terms: [] }) }, 'allow', 'silence-permits'],
    ['a withdrawal is an end here too', { content: exampleContent({ kind: 'withdraw' }) }, 'deny', 'withdrawn'],
    [
      'what a patient said goes before silence',
      { content: withTerms({ code: DUO.POA, values: [] }) },
      'deny',
      'purpose-not-allowed',
    ],
    [
      'a permit is no consent, where the hospital asks for consents',
      { content: exampleContent(), policy: examplePolicy() },
      'deny',
      'policy-excludes-basis',
    ],
    [
      'a study on consents is more than a hospital under permits asks for',
      { protocol: consentProtocol() },
      'allow',
      'purpose-allowed',
    ],
    ['but silence is none then', { protocol: consentProtocol(), content: undefined }, 'deny', 'nothing-on-file'],
  ])('%s', (_, asked, answer, codes) => {
    expect(match({ protocol, policy, permit, ...asked })).toEqual([answer, codes]);
  });
});

describe('a study', () => {
  test('that the hospital does not permit is denied, whatever patients say', () => {
    const policy = examplePolicy({ permittedPurposes: [DUO.DS] });
    expect(match({ policy })).toEqual(['deny', 'policy-excludes-purpose']);
  });

  test('of two purposes takes both', () => {
    const protocol = consentProtocol({}, { purposes: [DUO.HMB, DUO.POA] });
    expect(match({ protocol })).toEqual(['deny', 'purpose-not-allowed']);
    expect(match({ protocol, content: withTerms(HMB, { code: DUO.POA, values: [] }) })[0]).toBe('allow');
  });

  test('of a purpose that is not known is for a person', () => {
    expect(match({ protocol: consentProtocol({}, { purposes: [DUO.NPU] }) })[0]).not.toBe('allow');
    expect(match({ protocol: consentProtocol({}, { purposes: [] }) })).toEqual(['abstain', 'purpose-missing']);
  });

  test('that does not ask for consent is of public data, or denied', () => {
    const open = exampleProtocol({ publicData: true });
    expect(match({ protocol: open, content: undefined })).toEqual(['allow', 'public-data']);
    expect(match({ protocol: exampleProtocol() })).toEqual(['deny', 'consent-not-asked']);
  });
});

test('reasons are whole sentences that name no value of the patient', () => {
  const content = exampleContent({
    terms: [
      { code: DUO.DS, values: ['MONDO:0005015'] },
      { code: DUO.US, values: ['Dr Secret'] },
      { code: DUO.TS, values: ['1'] },
    ],
    validTo: 1_700_000_000_001,
  });
  const protocol = consentProtocol({ use: { users: ['other'] } });
  const { answer, reasons } = matchConsent({ content, policy: examplePolicy(), study: { protocol }, at: NOW });
  expect(answer).toBe('deny');
  for (const { code, text } of reasons) {
    expect(code).toMatch(/^[a-z-]+$/);
    expect(text).toMatch(/^[A-Z][^{}]+\.$/);
    expect(text).not.toMatch(/MONDO|Secret|2023/);
  }
});
