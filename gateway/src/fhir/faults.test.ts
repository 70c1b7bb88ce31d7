/** Faults that a resource can have, and that each is found at its place; nothing that stands there is told. */
import { describe, expect, test } from '@jest/globals';
import { writeConsent } from './consentCodec.js';
import { type FhirInvalid, outcomeOf } from './fhirIssue.js';
import { RESOURCE_DEPTH_MAX } from './fhirLimits.js';
import type { FhirVersion, Json } from './fhirTypes.js';
import { requireValidR4 } from './r4Validation.js';
import { requireValidR5 } from './r5Validation.js';
import { STATEMENT } from './testing/statements.js';

const R4 = writeConsent(STATEMENT, '4.0') as unknown as Json;
const R5 = writeConsent(STATEMENT, '5.0') as unknown as Json;
const AUDIT_R5: Json = {
  resourceType: 'AuditEvent',
  code: { coding: [{ system: 'urn:x', code: 'a' }] },
  recorded: '2024-01-01T00:00:00Z',
  agent: [{ who: { display: 'x' } }],
  source: { observer: { display: 'x' } },
};
const AUDIT_R4: Json = {
  ...AUDIT_R5,
  code: undefined,
  type: { system: 'urn:x', code: 'a' },
  agent: [{ requestor: true }],
};

/** Stands wherever a fault is, and must never come out. */
const SECRET = 'Jane-Doe-1970';
let deep: unknown = SECRET;
for (let depth = 0; depth <= RESOURCE_DEPTH_MAX; depth += 1) deep = { extension: [deep] };

type Fault = readonly [name: string, version: FhirVersion, resource: unknown, code: string, expression: string];
const in4 = (change: Json): Json => ({ ...R4, ...change });
const in5 = (change: Json): Json => ({ ...R5, ...change });

const FAULTS: readonly Fault[] = [
  // structure and cardinalities
  ['no resource at all', '4.0', [SECRET], 'structure', ''],
  ['another kind of resource', '4.0', { resourceType: SECRET }, 'not-supported', ''],
  ['a kind that JavaScript knows', '5.0', { resourceType: 'toString' }, 'not-supported', ''],
  ['a required element is missing', '4.0', in4({ scope: undefined }), 'required', 'Consent.scope'],
  ['a required list is empty', '4.0', in4({ category: [] }), 'required', 'Consent.category'],
  ['one value where a list stands', '4.0', in4({ category: { text: SECRET } }), 'structure', 'Consent.category'],
  ['an element that is not defined', '4.0', in4({ [SECRET]: 1 }), 'structure', 'Consent'],
  ['one inside', '4.0', in4({ patient: { [SECRET]: 'x' } }), 'structure', 'Consent.patient'],
  ['another JSON type', '4.0', in4({ status: 1 }), 'structure', 'Consent.status'],
  ['null', '4.0', in4({ dateTime: null }), 'structure', 'Consent.dateTime'],
  ['two of a choice', '4.0', in4({ sourceAttachment: { title: SECRET } }), 'structure', 'Consent'],
  ['too deep', '4.0', in4({ extension: [deep] }), 'too-long', ''],
  [
    'a member with a meaning of its own',
    '4.0',
    JSON.parse(`{"resourceType":"Consent","__proto__":{"a":1}}`),
    'structure',
    '',
  ],
  ['half a character', '4.0', in4({ language: `${SECRET}\ud800` }), 'structure', ''],
  ['half a character in a name', '5.0', in5({ '\udfff': 1 }), 'structure', ''],
  // codes
  ['a code that is required to be another', '4.0', in4({ status: SECRET }), 'code-invalid', 'Consent.status'],
  ['one inside', '4.0', in4({ provision: { type: SECRET } }), 'code-invalid', 'Consent.provision.type'],
  [
    'one deep inside',
    '4.0',
    in4({ patient: { identifier: { use: SECRET, value: '1' } } }),
    'code-invalid',
    'Consent.patient.identifier.use',
  ],
  // formats
  ['no date', '4.0', in4({ dateTime: SECRET }), 'value', 'Consent.dateTime'],
  ['no day of the calendar', '4.0', in4({ dateTime: '2024-02-30' }), 'value', 'Consent.dateTime'],
  ['no id', '4.0', in4({ id: `../${SECRET}` }), 'value', 'Consent.id'],
  [
    'a reference to another kind',
    '4.0',
    in4({ patient: { reference: `Organization/${SECRET}` } }),
    'value',
    'Consent.patient',
  ],
  // invariants
  ['neither policy nor policy rule', '4.0', in4({ policy: undefined }), 'invariant', 'Consent'],
  [
    'an extension with both',
    '4.0',
    in4({ extension: [{ url: 'urn:x', valueString: SECRET, extension: [{ url: 'urn:y', valueString: 'z' }] }] }),
    'invariant',
    'Consent.extension[0]',
  ],
  [
    'a period that ends before it starts',
    '4.0',
    in4({ provision: { type: 'permit', period: { start: '2024', end: '2023' } } }),
    'invariant',
    'Consent.provision.period',
  ],
  // AuditEvent of R4
  ['an audit event without agents', '4.0', { ...AUDIT_R4, agent: undefined }, 'required', 'AuditEvent.agent'],
  ['its action', '4.0', { ...AUDIT_R4, action: 'X' }, 'code-invalid', 'AuditEvent.action'],
  // R5
  ['a status of R4', '5.0', in5({ status: 'rejected' }), 'code-invalid', 'Consent.status'],
  ['no status', '5.0', in5({ status: undefined }), 'required', 'Consent.status'],
  ['an element of R4', '5.0', in5({ patient: { display: SECRET } }), 'structure', 'Consent'],
  ['a list as one', '5.0', in5({ provision: { purpose: [] } }), 'structure', 'Consent.provision'],
  ['an empty list', '5.0', in5({ grantor: [] }), 'structure', 'Consent.grantor'],
  ['an empty element', '5.0', in5({ verification: [{}] }), 'required', 'Consent.verification[0].verified'],
  ['a reference to nothing', '5.0', in5({ subject: { type: 'Patient' } }), 'invariant', 'Consent.subject'],
  [
    'data without a type',
    '5.0',
    in5({ sourceAttachment: [{ data: 'AAAA' }] }),
    'invariant',
    'Consent.sourceAttachment[0]',
  ],
  [
    'an extension with both',
    '5.0',
    in5({ extension: [{ url: 'urn:x', valueString: SECRET, extension: [{ url: 'urn:y', valueString: 'z' }] }] }),
    'invariant',
    'Consent.extension[0]',
  ],
  ['a time in a date', '5.0', in5({ date: '2024-01-01T00:00:00Z' }), 'value', 'Consent.date'],
  ['no day of the calendar', '5.0', in5({ date: '2023-02-29' }), 'value', 'Consent.date'],
  [
    'a period that ends before it starts',
    '5.0',
    in5({ period: { start: '2024', end: '2023' } }),
    'invariant',
    'Consent.period',
  ],
  ['an audit event without an agent', '5.0', { ...AUDIT_R5, agent: [] }, 'required', 'AuditEvent.agent'],
  [
    'an agent who is nobody',
    '5.0',
    { ...AUDIT_R5, agent: [{ requestor: true }] },
    'required',
    'AuditEvent.agent[0].who',
  ],
  [
    'a detail without a value',
    '5.0',
    { ...AUDIT_R5, entity: [{ detail: [{ type: { text: 'n' } }] }] },
    'structure',
    'AuditEvent.entity[0].detail[0]',
  ],
];

async function issuesOf(resource: unknown, version: FhirVersion): Promise<FhirInvalid['issues']> {
  try {
    if (version === '4.0') await requireValidR4(resource);
    else requireValidR5(resource);
    return [];
  } catch (error) {
    expect((error as FhirInvalid).code).toBe('FHIR_INVALID');
    expect(String((error as FhirInvalid).message)).not.toContain(SECRET);
    return (error as FhirInvalid).issues;
  }
}

const asSent = (resource: unknown) => JSON.parse(JSON.stringify(resource)) as unknown;

describe('a fault is found', () => {
  test.each(FAULTS)('%s (R%s)', async (name, version, resource, code, expression) => {
    // JSON.stringify would leave out what JSON.parse made a member of.
    const issues = await issuesOf(name.includes('meaning of its own') ? resource : asSent(resource), version);
    expect(issues).toContainEqual(expect.objectContaining({ code, expression }));
    expect(JSON.stringify(outcomeOf(issues))).not.toContain(SECRET);
  });
});

test.each([
  ['4.0', R4],
  ['5.0', R5],
  ['4.0', AUDIT_R4],
  ['5.0', AUDIT_R5],
] as const)('and none where there is none (R%s)', async (version, resource) => {
  expect(await issuesOf(asSent(resource), version)).toEqual([]);
});

test('the outcome itself is valid R4', async () => {
  const { requireValidR4: valid } = await import('./r4Validation.js');
  const outcome = outcomeOf(await issuesOf(asSent(in4({ status: 'x' })), '4.0'));
  await expect(valid(outcome, ['OperationOutcome'])).resolves.toBe(outcome);
});
