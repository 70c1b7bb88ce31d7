/** Consent and AuditEvent of FHIR R5 (5.0.0): cardinalities and required codes after http://hl7.org/fhir/R5. */
import { z } from 'zod';
import {
  Attachment,
  backbone,
  Coding,
  Concept,
  Identifier,
  many,
  Period,
  Reference,
  r5,
  resourceShape,
} from './r5Types.js';

/** A resource's id is stricter than an element's. */
const resource = <Shape extends z.ZodRawShape>(shape: Shape, primitives: readonly string[]) =>
  backbone({ ...resourceShape, ...shape, id: r5.id.optional() }, ['implicitRules', 'language', ...primitives]);

const Provision: z.ZodType = z.lazy(() =>
  backbone({
    period: Period.optional(),
    actor: many(backbone({ role: Concept.optional(), reference: Reference.optional() })),
    action: many(Concept),
    securityLabel: many(Coding),
    purpose: many(Coding),
    documentType: many(Coding),
    resourceType: many(Coding),
    code: many(Concept),
    dataPeriod: Period.optional(),
    data: many(
      backbone({ meaning: z.enum(['instance', 'related', 'dependents', 'authoredby']), reference: Reference }, [
        'meaning',
      ]),
    ),
    expression: z.looseObject({}).optional(),
    provision: many(Provision),
  }),
);

export const R5ConsentShape = resource(
  {
    resourceType: z.literal('Consent'),
    identifier: many(Identifier),
    status: z.enum(['draft', 'active', 'inactive', 'not-done', 'entered-in-error', 'unknown']),
    category: many(Concept),
    subject: Reference.optional(),
    date: r5.date.optional(),
    period: Period.optional(),
    grantor: many(Reference),
    grantee: many(Reference),
    manager: many(Reference),
    controller: many(Reference),
    sourceAttachment: many(Attachment),
    sourceReference: many(Reference),
    regulatoryBasis: many(Concept),
    policyBasis: backbone({ reference: Reference.optional(), url: r5.uri.optional() }, ['url']).optional(),
    policyText: many(Reference),
    verification: many(
      backbone(
        {
          verified: r5.boolean,
          verificationType: Concept.optional(),
          verifiedBy: Reference.optional(),
          verifiedWith: Reference.optional(),
          verificationDate: many(r5.dateTime),
        },
        ['verified', 'verificationDate'],
      ),
    ),
    decision: z.enum(['deny', 'permit']).optional(),
    provision: many(Provision),
  },
  ['status', 'date', 'decision'],
);

const Agent = backbone(
  {
    type: Concept.optional(),
    role: many(Concept),
    who: Reference,
    requestor: r5.boolean.optional(),
    location: Reference.optional(),
    policy: many(r5.uri),
    networkReference: Reference.optional(),
    networkUri: r5.uri.optional(),
    networkString: r5.string.optional(),
    authorization: many(Concept),
  },
  ['requestor', 'policy', 'networkUri', 'networkString'],
).refine(oneOf('networkReference', 'networkUri', 'networkString'), 'network[x] stands once at most');

const DETAIL_VALUES = [
  'valueQuantity',
  'valueCodeableConcept',
  'valueString',
  'valueBoolean',
  'valueInteger',
  'valueRange',
  'valueRatio',
  'valueTime',
  'valueDateTime',
  'valuePeriod',
  'valueBase64Binary',
] as const;
const Detail = backbone(
  {
    type: Concept,
    ...(Object.fromEntries(DETAIL_VALUES.map((name) => [name, z.unknown().optional()])) as Record<string, z.ZodType>),
    valueString: r5.string.optional(),
    valueInteger: z.int().optional(),
    valueCodeableConcept: Concept.optional(),
    valueDateTime: r5.dateTime.optional(),
    valuePeriod: Period.optional(),
  },
  [...DETAIL_VALUES],
).refine(
  (detail) => DETAIL_VALUES.filter((name) => (detail as Record<string, unknown>)[name] !== undefined).length === 1,
  'value[x] is required, once',
);

export const R5AuditEventShape = resource(
  {
    resourceType: z.literal('AuditEvent'),
    category: many(Concept),
    code: Concept,
    action: z.enum(['C', 'R', 'U', 'D', 'E']).optional(),
    severity: z
      .enum(['emergency', 'alert', 'critical', 'error', 'warning', 'notice', 'informational', 'debug'])
      .optional(),
    occurredPeriod: Period.optional(),
    occurredDateTime: r5.dateTime.optional(),
    recorded: r5.instant,
    outcome: backbone({ code: Coding, detail: many(Concept) }).optional(),
    authorization: many(Concept),
    basedOn: many(Reference),
    patient: Reference.optional(),
    encounter: Reference.optional(),
    agent: z.array(Agent).min(1, 'is required'),
    source: backbone({ site: Reference.optional(), observer: Reference, type: many(Concept) }),
    entity: many(
      backbone(
        {
          what: Reference.optional(),
          role: Concept.optional(),
          securityLabel: many(Concept),
          query: r5.base64.optional(),
          detail: many(Detail),
          agent: many(Agent),
        },
        ['query'],
      ),
    ),
  },
  ['action', 'severity', 'occurredDateTime', 'recorded'],
).refine(oneOf('occurredPeriod', 'occurredDateTime'), 'occurred[x] stands once at most');

function oneOf(...names: readonly string[]) {
  return (value: object): boolean =>
    names.filter((name) => (value as Record<string, unknown>)[name] !== undefined).length <= 1;
}
