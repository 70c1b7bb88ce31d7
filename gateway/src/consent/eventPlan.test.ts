import { CONSENT_QUEUE_MS_MAX, type ConsentContent, type ConsentKind, type ConsentPolicy } from '@consilium/domain';
import { describe, expect, test } from '@jest/globals';
import { ConsentOrder } from './consentTypes.js';
import { planEvent } from './eventPlan.js';

const NOW = 1_800_000_000_000;
const policies = {
  newest: { version: 2 } as ConsentPolicy,
  of: (version: number) => (version <= 2 ? ({ version } as ConsentPolicy) : undefined),
};
const order = (kind: ConsentKind, changes: object = {}) =>
  ConsentOrder.parse({ patient: '1', kind, reason: 'patient-asked', ...changes });
const last = (kind: ConsentKind, changes: Partial<ConsentContent> = {}) =>
  ({
    kind,
    seq: 3,
    terms: [],
    dataClasses: [],
    policyVersion: 1,
    validFrom: null,
    validTo: null,
    effectiveFrom: NOW - 1_000,
    ...changes,
  }) as unknown as ConsentContent;
const plan = (kind: ConsentKind, before?: ConsentContent, changes: object = {}) =>
  planEvent(order(kind, changes), before, policies, 'ClevelandMSP', NOW);

describe('an order becomes an event', () => {
  test('under the newest policy, or the one that is named, or, where it ends, the one that it ends', () => {
    expect(plan('grant').policyVersion).toBe(2);
    expect(plan('grant', undefined, { policyVersion: 1 }).policyVersion).toBe(1);
    expect(plan('withdraw', last('grant')).policyVersion).toBe(1);
    expect(() => plan('grant', undefined, { policyVersion: 3 })).toThrow(/^CONSENT_POLICY_UNKNOWN/);
  });

  test.each<[ConsentKind, ConsentKind | undefined, string | undefined]>([
    ['grant', undefined, undefined],
    ['opt-out', undefined, undefined],
    ['withdraw', undefined, 'CONSENT_PATIENT_UNKNOWN'],
    ['expire', undefined, 'CONSENT_PATIENT_UNKNOWN'],
    ['change', undefined, 'CONSENT_PATIENT_UNKNOWN'],
    ['change', 'grant', undefined],
    ['change', 'withdraw', 'CONSENT_KIND_MISPLACED'],
    ['grant', 'withdraw', undefined],
    ['withdraw', 'withdraw', undefined],
    ['opt-in', 'opt-out', undefined],
    ['opt-in', 'grant', 'CONSENT_KIND_MISPLACED'],
  ])('a %s after %s: %s', (kind, before, code) => {
    const planned = () => plan(kind, before && last(before));
    if (code) expect(planned).toThrow(code);
    else expect(planned().kind).toBe(kind);
  });

  test('a withdrawal takes effect now or earlier, never before what it ends, and is not refused for its date', () => {
    const before = last('grant');
    expect(plan('withdraw', before).effectiveFrom).toBe(NOW);
    expect(plan('withdraw', before, { effectiveFrom: NOW - 500 }).effectiveFrom).toBe(NOW - 500);
    expect(plan('withdraw', before, { effectiveFrom: NOW + 86_400_000 }).effectiveFrom).toBe(NOW);
    expect(plan('withdraw', before, { effectiveFrom: 0 }).effectiveFrom).toBe(NOW - 1_000);
  });

  test('a grant is dated back only as far as a queue explains, or where it says that it was imported', () => {
    const long = NOW - CONSENT_QUEUE_MS_MAX - 1;
    expect(() => plan('grant', undefined, { effectiveFrom: long })).toThrow(/^CONSENT_EVENT_BACKDATED/);
    expect(plan('grant', undefined, { effectiveFrom: long, reason: 'imported-from-paper' }).effectiveFrom).toBe(long);
    expect(() => plan('grant', undefined, { effectiveFrom: NOW + 1 })).toThrow(/^CONSENT_EVENT_BACKDATED/);
    expect(() => plan('grant', last('withdraw'), { effectiveFrom: NOW - 1_001 })).toThrow(/^CONSENT_EVENT_BACKDATED/);
  });

  test('restricts where it ends, or allows less than what it follows; a first grant never does', () => {
    const terms = [{ code: 'DUO:0000042', values: [] }];
    expect(plan('withdraw', last('grant'))).toMatchObject({ restricts: true, narrows: false });
    expect(plan('grant', undefined, { terms })).toMatchObject({ restricts: false, narrows: false });
    expect(plan('change', last('grant', { terms }))).toMatchObject({ restricts: true, narrows: true });
    expect(plan('change', last('grant'), { terms })).toMatchObject({ restricts: false });
    expect(plan('grant', last('withdraw', { terms }))).toMatchObject({ restricts: false });
  });

  test('says no terms where it ends, and no validity that is none', () => {
    expect(() => plan('withdraw', last('grant'), { validTo: NOW })).toThrow(/^INPUT_INVALID/);
    expect(() => plan('grant', undefined, { validFrom: 5, validTo: 5 })).toThrow(/^INPUT_INVALID/);
  });
});
