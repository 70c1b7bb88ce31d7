import { describe, expect, test } from '@jest/globals';
import { lengthField, Message } from '../wire/message.js';
import type { Member, Unit } from './organization.js';
import { holds, type PolicyGroup, type Signer } from './policy.js';

const varint = (field: number, value: number) => Buffer.of(field << 3, value);
const message = (...parts: Buffer[]) => Buffer.concat(parts);

const signedBy = (place: number) => varint(1, place);
const outOf = (n: number, rules: Buffer[]) =>
  lengthField(2, message(varint(1, n), ...rules.map((rule) => lengthField(2, rule))));
const byRole = (msp: string, role: number) =>
  lengthField(2, message(lengthField(1, Buffer.from(msp)), ...(role === 0 ? [] : [varint(2, role)])));
const signaturePolicy = (rule: Buffer, principals: Buffer[]) =>
  policy(1, message(lengthField(2, rule), ...principals.map((each) => lengthField(3, each))));
const metaPolicy = (of: string, rule: number) =>
  policy(3, message(lengthField(1, Buffer.from(of)), ...(rule === 0 ? [] : [varint(2, rule)])));
const policy = (type: number, value: Buffer) => new Message(message(varint(1, type), lengthField(2, value)), 'policy');

const signer = (msp: string, unit: Unit = 'peer'): Signer => ({
  member: { msp, unit } as Member,
  identity: Buffer.from(`${msp} ${unit}`),
});
const [A, B, C] = ['A', 'B', 'C'] as const;
const only = (rule: Message): PolicyGroup => ({ policies: new Map([['P', rule]]), groups: [] });
const PEER = 3;

describe('a policy of signatures', () => {
  const twoOf = signaturePolicy(
    outOf(2, [signedBy(0), signedBy(1), signedBy(2)]),
    [A, B, C].map((msp) => byRole(msp, PEER)),
  );

  test('counts principals, each signature once', () => {
    expect(holds(only(twoOf), 'P', [signer(A), signer(C)])).toBe(true);
    expect(holds(only(twoOf), 'P', [signer(A)])).toBe(false);
    expect(holds(only(twoOf), 'P', [signer(A), signer(A, 'client')])).toBe(false);
    const sameTwice = signaturePolicy(outOf(2, [signedBy(0), signedBy(0)]), [byRole(A, 0)]);
    expect(holds(only(sameTwice), 'P', [signer(A)])).toBe(false);
    expect(holds(only(sameTwice), 'P', [signer(A), signer(A, 'client')])).toBe(true);
  });

  test('takes an identity for itself alone', () => {
    const identity = message(varint(1, 2), lengthField(2, signer(A).identity));
    const one = signaturePolicy(outOf(1, [signedBy(0)]), [identity]);
    expect(holds(only(one), 'P', [signer(A)])).toBe(true);
    expect(holds(only(one), 'P', [signer(A, 'client')])).toBe(false);
  });

  test('that is not understood lets nobody through', () => {
    expect(() => holds(only(twoOf), 'Q', [])).toThrow('no policy Q');
    expect(() => holds(only(policy(2, Buffer.alloc(0))), 'P', [signer(A)])).toThrow('unknown kind');
    expect(() => holds(only(signaturePolicy(signedBy(5), [])), 'P', [signer(A)])).toThrow('principal');
  });
});

describe('a policy over the policies of groups', () => {
  const group = (msp: string) => only(signaturePolicy(outOf(1, [signedBy(0)]), [byRole(msp, PEER)]));
  const over = (rule: number): PolicyGroup => ({
    policies: new Map([['Q', metaPolicy('P', rule)]]),
    groups: [A, B, C].map(group),
  });

  test('takes any, all or a majority of them', () => {
    const met = (rule: number, ...msps: string[]) =>
      holds(
        over(rule),
        'Q',
        msps.map((msp) => signer(msp)),
      );
    const [ANY, ALL, MAJORITY] = [0, 1, 2];
    expect([met(ANY), met(ANY, A)]).toEqual([false, true]);
    expect([met(ALL, A, B), met(ALL, A, B, C)]).toEqual([false, true]);
    expect([met(MAJORITY, A), met(MAJORITY, A, B)]).toEqual([false, true]);
    expect(() => met(3, A)).toThrow('unknown rule');
  });
});
