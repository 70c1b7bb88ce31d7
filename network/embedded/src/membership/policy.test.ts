import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { common, msp } from '../wire/proto.js';
import type { Identity, Role } from './identity.js';
import { Membership } from './membership.js';
import { Msp } from './msp.js';
import { ImplicitPolicy, outOf, SignaturePolicy } from './policy.js';
import { parseSignaturePolicy } from './policyText.js';

const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
let count = 0;
function identity(organization: string, role: Role | undefined): Identity {
  count += 1;
  return { msp: organization, id: String(count), publicKey, role, expiresMs: Number.POSITIVE_INFINITY };
}

const [a, b, c] = ['A', 'B', 'C'].map((id) => identity(id, 'peer')) as [Identity, Identity, Identity];
const membership = new Membership(['A', 'B', 'C'].map((id) => new Msp(id, [], [])));

describe('an implicit policy', () => {
  test.each([
    ['ANY', [a], true],
    ['ANY', [], false],
    ['MAJORITY', [a], false],
    ['MAJORITY', [a, b], true],
    ['ALL', [a, b], false],
    ['ALL', [a, b, c], true],
  ] as const)('%s of three organisations with %j', (rule, signers, holds) => {
    const policy = new ImplicitPolicy(membership, rule, 'Endorsement', 'peer');
    expect(policy.refusal(signers) === undefined).toBe(holds);
  });

  test('counts organisations, not signers, and only those with the role', () => {
    const policy = new ImplicitPolicy(membership, 'MAJORITY', 'Endorsement', 'peer');
    expect(policy.refusal([a, identity('A', 'peer'), identity('B', 'client'), identity('X', 'peer')])).toBe(
      "implicit policy evaluation failed - 1 sub-policies were satisfied, but this policy requires 2 of the 'Endorsement' sub-policies to be satisfied",
    );
  });

  test('wants a valid member also where any role will do', () => {
    const policy = new ImplicitPolicy(membership, 'ANY', 'Readers', 'member');
    expect(policy.refusal([identity('A', 'client')])).toBeUndefined();
    expect(policy.refusal([identity('A', undefined)])).toBeDefined();
  });
});

describe('a signature policy', () => {
  test.each([
    ["OR('A.peer','B.peer')", [b], true],
    ["OR('A.peer','B.peer')", [c], false],
    ["AND('A.peer','B.peer')", [a], false],
    ["AND('A.peer','B.peer')", [a, b], true],
    ["OutOf(2,'A.peer','B.peer','C.peer')", [a, c], true],
    ["OutOf(2,'A.peer','B.peer','C.peer')", [c], false],
    ["OR('A.member', AND('B.peer', 'C.admin'))", [b, c], false],
    ["OR('A.member', AND('B.peer', 'C.peer'))", [b, c], true],
  ] as const)('%s with %j', (text, signers, holds) => {
    expect(new SignaturePolicy(parseSignaturePolicy(text)).refusal(signers) === undefined).toBe(holds);
  });

  test('lets one signer stand for one principal only', () => {
    const policy = new SignaturePolicy(parseSignaturePolicy("AND('A.peer','A.member')"));
    expect(policy.refusal([a])).toBeDefined();
    expect(policy.refusal([a, identity('A', 'client')])).toBeUndefined();
  });

  test('survives its serialised form', () => {
    const policy = SignaturePolicy.read(outOf(2, ['A', 'B']).serializeBinary());
    expect([policy.refusal([a, b]) === undefined, policy.refusal([a, c]) === undefined]).toEqual([true, false]);
  });

  test.each([
    ['', /ends too early/],
    ["OR('A.peer'", /ends too early/],
    ["OR('A.peer') x", /unexpected 'x'/],
    ["XOR('A.peer')", /not AND, OR or OutOf/],
    ["OutOf(3,'A.peer')", /number up to 1/],
    ["OR('A')", /not ORGANISATION.ROLE/],
    ["OR('A.boss')", /not ORGANISATION.ROLE/],
  ])('written as %j is refused', (text, message) => {
    expect(() => parseSignaturePolicy(text)).toThrow(message);
  });

  test('with a principal that is not supported is refused by name', () => {
    const envelope = outOf(1, ['A']);
    envelope.getIdentitiesList()[0]!.setPrincipalClassification(msp.MSPPrincipal.Classification.IDENTITY);
    expect(() => new SignaturePolicy(envelope)).toThrow(/supports role principals only/);
  });

  test('that is damaged or nested without end is refused', () => {
    expect(() => SignaturePolicy.read(Buffer.from('ff', 'hex'))).toThrow(/damaged/);
    expect(() => new SignaturePolicy(new common.SignaturePolicyEnvelope())).toThrow(/without a rule/);
    const outside = outOf(1, ['A']);
    outside.getRule()!.getNOutOf()!.getRulesList()[0]!.setSignedBy(1);
    expect(() => new SignaturePolicy(outside)).toThrow(/identity index out of range/);
    let text = "'A.peer'";
    for (let depth = 0; depth < 40; depth++) text = `OR(${text})`;
    expect(() => new SignaturePolicy(parseSignaturePolicy(text))).toThrow(/nested too deeply/);
  });
});
