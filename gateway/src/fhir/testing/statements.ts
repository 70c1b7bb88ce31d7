/** Statements for tests: one that says much, and any that a consent can say. It is not built. */
import { type ConsentTerm, type DataClass, type Digest, DUO, type Instant } from '@consilium/domain';
import fc from 'fast-check';
import { RESEARCH_CATEGORY, RESEARCH_SCOPE } from '../consentScope.js';
import type { ConsentStatement } from '../consentStatement.js';
import { DUO_PERMISSIONS } from '../duoTerms.js';
import { CONSENT_SCOPE_SYSTEM, policyUri, SYNTHETIC } from '../systems.js';

export const PATIENT = { identifier: { system: 'urn:consilium:patient:ClevelandMSP', value: 'P-000123' } };
const HASH = 'ab'.repeat(32) as Digest;

export const STATEMENT: ConsentStatement = {
  id: '0123456789abcdef0123456789abcdef',
  status: 'active',
  identifiers: [{ system: 'http://example.org/consents', value: '33445522' }],
  patient: PATIENT,
  scope: RESEARCH_SCOPE,
  categories: [RESEARCH_CATEGORY],
  dateTime: '2023-05-06T10:00:00+02:00',
  grantors: [PATIENT],
  grantees: [],
  managers: [{ identifier: { value: 'Cleveland' } }],
  controllers: [],
  source: { reference: { reference: 'DocumentReference/form-7' } },
  policies: [{ uri: policyUri('ClevelandMSP', 2) }],
  regulatoryBasis: [],
  verifications: [{ verified: true, with: PATIENT, dates: ['2023-05-06'] }],
  decision: 'permit',
  validFrom: Date.UTC(2023, 4, 6) as Instant,
  validTo: Date.UTC(2033, 4, 6) as Instant,
  actions: ['use'],
  terms: [
    { code: 'DUO:0000007', values: ['MONDO:0005010'] },
    { code: 'DUO:0000046', values: [] },
    { code: DUO.IS, values: ['http://hl7.org/fhir/sid/us-npi|1234567893', 'Cleveland'] },
  ],
  dataClasses: ['laboratory' as DataClass],
  evidence: { source: 'paper', hash: HASH },
  effectiveFrom: Date.UTC(2023, 4, 6, 8) as Instant,
  labels: [SYNTHETIC],
  securityLabels: [],
  extensions: [],
};

const words = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9 .:-]{0,30}$/).map((text) => text.trim() || 'x');
const token = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9.-]{0,20}$/);
const instant = fc.integer({ min: 0, max: 4_000_000_000_000 }) as fc.Arbitrary<Instant>;
const reference = fc.oneof(
  fc.record({ identifier: fc.record({ system: fc.constant('http://example.org/ids'), value: token }) }),
  token.map((id) => ({ reference: `Organization/${id}` })),
  words.map((display) => ({ display })),
);
const person = fc.oneof(
  token.map((value) => ({ identifier: { value } })),
  token.map((id) => ({ reference: `Patient/${id}` })),
);
const party = fc.array(reference, { maxLength: 2 });
const concept = fc.record({
  coding: fc.array(fc.record({ system: fc.constant('urn:example:codes'), code: token }), {
    minLength: 1,
    maxLength: 2,
  }),
});
const date = fc.oneof(
  instant.map((at) => new Date(at).toISOString()),
  instant.map((at) => new Date(at).toISOString().slice(0, 10)),
  instant.map((at) => new Date(at).toISOString().slice(0, 7)),
  instant.map((at) => new Date(at).toISOString().slice(0, 4)),
);

/** Any of these values may stand for somebody: some have a system before a bar. */
const name = fc.oneof(
  words,
  fc.tuple(token, token).map(([system, value]) => `urn:${system}|${value}`),
  token.map((text) => `|${text}`),
);
const values = fc.array(name, { maxLength: 3 });
const modifier = fc.integer({ min: 12, max: 46 }).map((number) => `DUO:${String(number).padStart(7, '0')}`);
const isWho = (code: string) => code === DUO.IS || code === DUO.US;

/** In the order in which they are read back: permissions, modifiers, institutions, users. */
const terms: fc.Arbitrary<ConsentTerm[]> = fc
  .tuple(
    fc.array(fc.record({ code: fc.constantFrom(...DUO_PERMISSIONS), values }), { maxLength: 3 }),
    fc.array(fc.record({ code: modifier.filter((code) => !isWho(code) && !DUO_PERMISSIONS.includes(code)), values }), {
      maxLength: 4,
    }),
    fc.array(fc.record({ code: fc.constant(DUO.IS), values: fc.array(name, { minLength: 1, maxLength: 3 }) }), {
      maxLength: 1,
    }),
    fc.array(fc.record({ code: fc.constant(DUO.US), values: fc.array(name, { minLength: 1, maxLength: 3 }) }), {
      maxLength: 1,
    }),
  )
  .map((groups) => groups.flat());

const rule = fc.record({
  terms,
  actions: fc
    .subarray(['collect', 'access', 'disclose', 'correct'])
    .chain((others) => fc.constantFrom([], ['use', ...others])),
  dataClasses: fc.uniqueArray(fc.constantFrom('laboratory', 'imaging', 'genome')) as fc.Arbitrary<DataClass[]>,
});
const NO_RULE = fc.constant({ terms: [], actions: [], dataClasses: [] });
const decided = fc.oneof(
  fc.record({ status: fc.constant('refused' as const), decision: fc.constant('deny' as const), rule: NO_RULE }),
  fc.record({
    status: fc.constantFrom(
      'draft',
      'proposed',
      'active',
      'inactive',
      'not-done',
      'entered-in-error',
      'unknown',
    ) as fc.Arbitrary<ConsentStatement['status']>,
    decision: fc.constant('permit' as const),
    rule,
  }),
  fc.record({
    status: fc.constantFrom('draft', 'active', 'inactive', 'unknown') as fc.Arbitrary<ConsentStatement['status']>,
    decision: fc.constant(null),
    rule: NO_RULE,
  }),
);

export const anyStatement: fc.Arbitrary<ConsentStatement> = fc
  .record({
    decided,
    id: fc.option(token),
    identifiers: fc.array(fc.record({ system: fc.constant('urn:example:consents'), value: token }), { maxLength: 2 }),
    patient: token.map((value) => ({ identifier: { system: 'urn:example:patients', value } })),
    scope: fc
      .constantFrom('research', 'patient-privacy')
      .map((code) => ({ coding: [{ system: CONSENT_SCOPE_SYSTEM, code }] })),
    categories: fc.array(concept, { minLength: 1, maxLength: 2 }),
    dateTime: fc.option(date),
    grantors: party,
    grantees: party,
    managers: party,
    controllers: party,
    source: fc.oneof(
      fc.constant(null),
      token.map((id) => ({ reference: { reference: `DocumentReference/${id}` } })),
      fc
        .record({ size: fc.nat(), title: words, contentType: fc.constant('application/pdf') })
        .map((attachment) => ({ attachment })),
    ),
    policies: fc.array(
      fc.oneof(
        fc.record({ uri: fc.constantFrom(policyUri('ClevelandMSP', 3), 'http://example.org/policy') }),
        fc.record({ authority: fc.constant('http://example.org/authority'), uri: fc.constant('http://example.org/p') }),
        fc.record({ authority: fc.constant('http://example.org/authority') }),
      ),
      { minLength: 1, maxLength: 3 },
    ),
    regulatoryBasis: fc.array(concept, { maxLength: 2 }),
    verifications: fc.array(
      fc.record(
        { verified: fc.boolean(), type: concept, by: reference, with: person, dates: fc.array(date, { maxLength: 2 }) },
        { requiredKeys: ['verified', 'dates'] },
      ),
      { maxLength: 2 },
    ),
    period: fc
      .tuple(fc.option(instant), fc.option(instant))
      .map(([a, b]) =>
        a !== null && b !== null
          ? { validFrom: Math.min(a, b) as Instant, validTo: Math.max(a, b) as Instant }
          : { validFrom: a, validTo: b },
      ),
    evidence: fc.option(
      fc.record({
        source: fc.constantFrom('paper', 'electronic', 'fhir', 'spoken') as fc.Arbitrary<'paper'>,
        hash: fc.constant(HASH),
      }),
    ),
    effectiveFrom: fc.option(instant),
    labels: fc.subarray([{ system: SYNTHETIC.system, code: SYNTHETIC.code }]),
    securityLabels: fc.subarray([{ system: 'urn:example:labels', code: 'R' }]),
    extensions: fc.subarray([{ url: 'urn:example:other', valueString: 'kept' }]),
  })
  .map(({ decided: { status, decision, rule: said }, period, ...others }) => ({
    ...others,
    ...period,
    ...said,
    status,
    decision,
  }));
