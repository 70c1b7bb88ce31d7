import {
  type ConsentAsked,
  ConsentContent,
  ConsentPolicy,
  type ConsentTerm,
  DUO,
  DUO_TABLE,
  isPermission,
  matchConsent,
  matchPolicy,
  StudyConsent,
  type StudyProtocol,
} from '@consilium/domain';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { exampleProtocol } from '../../chaincode/domain/src/testing/exampleProtocol.js';

const RUNS = { numRuns: 3_000 };
const BASE = exampleProtocol();
const AT = 1_700_000_000_000;
const MONTH_MS = 30 * 86_400_000;
const CODES = Object.keys(DUO_TABLE);
const PERMISSIONS = CODES.filter(isPermission);
const DISEASES = ['heart', 'valve', 'lung', 'body'];
const ANCESTORS: Record<string, string[]> = { heart: ['body'], valve: ['heart', 'body'], lung: ['body'], body: [] };

/** Few values, so that terms and studies meet often. */
const values: fc.Arbitrary<string[]> = fc.oneof(
  { weight: 8, arbitrary: fc.constant<string[]>([]) },
  { weight: 2, arbitrary: fc.subarray(DISEASES, { minLength: 1 }) },
  fc.constantFrom<string[][]>(['1'], ['24'], ['2023-01-01'], ['2030-01-01'], ['DE'], ['DE', 'FR'], ['ana'], ['never']),
);
const term: fc.Arbitrary<ConsentTerm> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...PERMISSIONS, DUO.GRU).map((code) => ({ code, values: [] })) },
  { weight: 2, arbitrary: fc.subarray(DISEASES).map((named) => ({ code: DUO.DS, values: named })) },
  { weight: 3, arbitrary: fc.record({ code: fc.constantFrom(...CODES), values }) },
  fc.record({ code: fc.constantFrom('DUO:0000001', 'DUO:0000099', ...CODES), values }),
);
const instant = fc.constantFrom(AT - 40 * MONTH_MS, AT - MONTH_MS, AT - 1, AT, AT + 1, AT + MONTH_MS);
/** Mostly no bound at all, or one that does not stand in the way. */
const mostly = <T>(usual: T, other: fc.Arbitrary<T>) => fc.oneof({ weight: 6, arbitrary: fc.constant(usual) }, other);
const classes = fc.subarray(['laboratory', 'imaging', 'genome']);
const orNull = <T>(some: fc.Arbitrary<T>) => fc.oneof({ weight: 2, arbitrary: fc.constant(null) }, some);

const content = fc
  .record({
    kind: fc.oneof(
      { weight: 6, arbitrary: fc.constant('grant') },
      fc.constantFrom(...ConsentContent.shape.kind.options),
    ),
    terms: fc.array(term, { maxLength: 5 }),
    dataClasses: mostly([], classes),
    policyVersion: mostly(1, fc.constant(2)),
    validFrom: mostly<number | null>(null, instant),
    validTo: mostly<number | null>(null, instant),
    effectiveFrom: mostly(AT - MONTH_MS, instant),
  })
  .map((parts) =>
    ConsentContent.parse({
      schemaVersion: 1,
      msp: 'ClevelandMSP',
      ref: 'a0'.repeat(16),
      seq: 0,
      subject: 'b0'.repeat(32),
      evidence: null,
      ...parts,
    }),
  );

const policy = fc
  .record({
    permittedPurposes: fc.oneof(
      { weight: 6, arbitrary: fc.constant([DUO.NRES, DUO.CC]) },
      fc.subarray([...CODES, 'DUO:0000099'], { maxLength: 6 }),
    ),
    dataClasses: fc.oneof({ weight: 6, arbitrary: fc.constant(['laboratory', 'imaging', 'genome']) }, classes),
    legalBasis: fc.constantFrom('consent', 'ehds-permit'),
    silence: fc.constantFrom('deny', 'permit'),
  })
  .map((parts) =>
    ConsentPolicy.parse({
      msp: 'ClevelandMSP',
      version: 1,
      title: 'Research',
      textHash: 'c0'.repeat(32),
      restricts: false,
      publishedBy: { id: 'officer', role: 'compliance-officer' },
      publishedAt: 0,
      ...parts,
    }),
  );

const names = (options: string[]) => fc.oneof(fc.constant([]), fc.subarray(options));
const rarely = mostly(false, fc.boolean());
const protocol = fc
  .record({
    purposes: mostly<string[]>([DUO.DS], fc.subarray([...PERMISSIONS, DUO.NPU], { maxLength: 2 })),
    consent: fc.record({
      legalBasis: fc.constantFrom('consent', 'ehds-permit'),
      dataClasses: mostly([], classes),
      use: fc.record({
        diseases: fc.subarray(DISEASES).map((ids) => ids.map((id) => ({ id, ancestors: ANCESTORS[id] ?? [] }))),
        commercial: rarely,
        notForProfitUsers: fc.boolean(),
        methodsDevelopment: fc.boolean(),
        ancestryResearch: rarely,
        clinicalCare: rarely,
        geneticStudy: fc.boolean(),
        ethicsApproval: fc.boolean(),
        collaboration: fc.boolean(),
        publishes: fc.boolean(),
        returnsResults: fc.boolean(),
        regions: names(['DE', 'FR']),
        users: names(['ana']),
        researchTypes: names(['never']),
      }),
    }),
  })
  .map(({ purposes, consent }): StudyProtocol => ({ ...BASE, purposes, consent: StudyConsent.parse(consent) }));

const asked: fc.Arbitrary<ConsentAsked> = fc
  .record({
    content: fc.oneof({ weight: 5, arbitrary: content }, fc.constant(undefined)),
    policy,
    protocol,
    approvedAt: orNull(instant),
    optedOutAt: mostly<number | null>(null, instant),
  })
  .map(({ protocol: of, approvedAt, optedOutAt, ...rest }) => ({
    ...rest,
    study: { protocol: of },
    at: AT,
    ...(approvedAt === null ? {} : { permit: permitOf(rest.policy, approvedAt) }),
    ...(optedOutAt === null ? {} : { optedOutAt }),
  }));

function permitOf({ msp, publishedBy }: ConsentPolicy, approvedAt: number) {
  return { study: 'heart', msp, permitId: 'p', approvedAt, recordedBy: publishedBy, recordedAt: 0 } as NonNullable<
    ConsentAsked['permit']
  >;
}

const allowed = (of: ConsentAsked) => matchConsent(of).answer === 'allow';
/** What was not allowed is not allowed after what makes less of it; where it was, it may or may not be. */
function allowsNoMore(before: ConsentAsked, after: ConsentAsked): void {
  if (!allowed(before)) expect(matchConsent(after).answer).not.toBe('allow');
}
const withContent = (of: ConsentAsked, changed: (content: ConsentContent) => ConsentContent): ConsentAsked =>
  of.content ? { ...of, content: changed(of.content) } : of;

describe('the matcher of consents', () => {
  test('allows some of what is drawn here, and denies and abstains on some', () => {
    const answers = fc.sample(asked, 5_000).map((each) => matchConsent(each).answer);
    for (const answer of ['allow', 'deny', 'abstain'] as const)
      expect(answers.filter((each) => each === answer).length).toBeGreaterThan(250);
  });

  test('answers the same for ever, with a reason', () => {
    fc.assert(
      fc.property(asked, (each) => {
        const decision = matchConsent(each);
        expect(decision.reasons.length).toBeGreaterThan(0);
        expect(matchConsent(structuredClone(each))).toEqual(decision);
      }),
      RUNS,
    );
  });

  test('does not see the order of terms, values, classes, purposes and diseases', () => {
    fc.assert(
      fc.property(asked, (each) => {
        const { protocol: of } = each.study;
        const turned = withContent(
          {
            ...each,
            policy: { ...each.policy, permittedPurposes: each.policy.permittedPurposes.toReversed() },
            study: {
              protocol: {
                ...of,
                purposes: of.purposes.toReversed(),
                ...(of.consent
                  ? {
                      consent: {
                        ...of.consent,
                        use: { ...of.consent.use, diseases: of.consent.use.diseases.toReversed() },
                      },
                    }
                  : {}),
              },
            },
          },
          (is) => ({
            ...is,
            dataClasses: is.dataClasses.toReversed(),
            terms: is.terms.toReversed().map(({ code, values: some }) => ({ code, values: some.toReversed() })),
          }),
        );
        expect(matchConsent(turned)).toEqual(matchConsent(each));
      }),
      RUNS,
    );
  });

  test('allows no more with one more restriction', () => {
    const restriction = term.filter(({ code }) => !isPermission(code) && code !== DUO.CC);
    fc.assert(
      fc.property(asked, restriction, (each, more) => {
        allowsNoMore(
          each,
          withContent(each, (is) => ({ ...is, terms: [...is.terms, more] })),
        );
      }),
      RUNS,
    );
  });

  test('allows no more with one permission less', () => {
    fc.assert(
      fc.property(asked, fc.nat(), (each, pick) => {
        const permissions = each.content?.terms.filter(({ code }) => isPermission(code) || code === DUO.CC) ?? [];
        const less = permissions[pick % Math.max(1, permissions.length)];
        allowsNoMore(
          each,
          withContent(each, (is) => ({ ...is, terms: is.terms.filter((one) => one !== less) })),
        );
      }),
      RUNS,
    );
  });

  test('allows no more with a disease, a class of data or a span of validity less', () => {
    fc.assert(
      fc.property(asked, fc.nat(), instant, (each, pick, bound) => {
        const shorter = <T>(list: readonly T[]) => list.filter((_, k) => k !== pick % list.length);
        const fewerDiseases = withContent(each, (is) => ({
          ...is,
          terms: is.terms.map((one) => (one.code === DUO.DS ? { ...one, values: shorter(one.values) } : one)),
        }));
        allowsNoMore(each, fewerDiseases);
        // None named under a policy that is not at hand is unknown, not all: to name one then tells more, and narrows nothing.
        const isUnknown = each.content?.dataClasses.length === 0 && each.content.policyVersion !== each.policy.version;
        const narrower = (list: ConsentContent['dataClasses']) =>
          list.length === 0 ? (['laboratory'] as typeof list) : list.length > 1 ? shorter(list) : list;
        if (!isUnknown)
          allowsNoMore(
            each,
            withContent(each, (is) => ({ ...is, dataClasses: narrower(is.dataClasses) })),
          );
        allowsNoMore(
          each,
          withContent(each, (is) => ({ ...is, validTo: Math.min(is.validTo ?? bound, bound) })),
        );
        allowsNoMore(
          each,
          withContent(each, (is) => ({ ...is, validFrom: Math.max(is.validFrom ?? bound, bound) })),
        );
      }),
      RUNS,
    );
  });

  test('never allows what ended, and nothing that the policy does not', () => {
    fc.assert(
      fc.property(asked, fc.constantFrom('withdraw' as const, 'expire' as const), (each, kind) => {
        if (each.content) expect(matchConsent(withContent(each, (is) => ({ ...is, kind }))).answer).toBe('deny');
        if (matchPolicy(each.policy, each.study.protocol).answer !== 'allow') expect(allowed(each)).toBe(false);
      }),
      RUNS,
    );
  });

  test('allows nobody of whom nothing is on file, unless silence permits under a permit', () => {
    fc.assert(
      fc.property(asked, (each) => {
        const { permit, ...rest } = each;
        const silent = { ...each, content: undefined };
        const isPermitted = each.study.protocol.consent?.legalBasis === 'ehds-permit';
        if (each.policy.silence === 'deny' || !isPermitted) expect(allowed(silent)).toBe(false);
        expect(isPermitted && allowed(rest)).toBe(false);
      }),
      RUNS,
    );
  });

  test('lets an opt-out end use from the permit of its own instant on, and none before', () => {
    fc.assert(
      fc.property(asked, instant, instant, (each, optedOutAt, approvedAt) => {
        fc.pre(each.study.protocol.consent?.legalBasis === 'ehds-permit');
        const under = { ...each, permit: permitOf(each.policy as ConsentPolicy, approvedAt) };
        const { optedOutAt: _, ...without } = under;
        if (optedOutAt <= approvedAt) expect(allowed({ ...under, optedOutAt })).toBe(false);
        else expect(allowed({ ...under, optedOutAt })).toBe(allowed(without));
      }),
      RUNS,
    );
  });
});

describe('the matcher of policies', () => {
  test('allows no more with one permission less, or one condition more', () => {
    fc.assert(
      fc.property(policy, protocol, fc.nat(), fc.constantFrom(...CODES), (each, of, pick, code) => {
        fc.pre(matchPolicy(each, of).answer !== 'allow');
        const { permittedPurposes } = each;
        const permissions = permittedPurposes.filter((one) => isPermission(one) || one === DUO.CC);
        const less = permissions[pick % Math.max(1, permissions.length)];
        const fewer = { ...each, permittedPurposes: permittedPurposes.filter((one) => one !== less) };
        expect(matchPolicy(fewer, of).answer).not.toBe('allow');
        if (isPermission(code) || code === DUO.CC) return;
        expect(matchPolicy({ ...each, permittedPurposes: [...permittedPurposes, code] }, of).answer).not.toBe('allow');
      }),
      RUNS,
    );
  });
});
