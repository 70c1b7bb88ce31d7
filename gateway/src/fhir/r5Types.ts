/**
 * Data types of FHIR R5 (5.0.0), as far as Consent and AuditEvent use them. No package on the registry has R5's definitions,
 * so they are written down here after http://hl7.org/fhir/R5/datatypes.html.
 */
import { z } from 'zod';

/** Messages begin with the invariant's key where one is meant. */
const written = (pattern: RegExp) => z.string().regex(pattern, 'is not written as its type demands');

export const r5 = {
  id: written(/^[A-Za-z0-9\-.]{1,64}$/),
  code: written(/^[^\s]+( [^\s]+)*$/),
  uri: written(/^\S+$/),
  string: written(/\S/),
  boolean: z.boolean(),
  base64: written(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/),
  date: written(/^\d{4}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01]))?)?$/),
  dateTime: written(
    /^\d{4}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01])(?:T(?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)(?:\.\d{1,9})?(?:Z|[+-](?:(?:0\d|1[0-3]):[0-5]\d|14:00)))?)?)?$/,
  ),
  instant: written(
    /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)(?:\.\d{1,9})?(?:Z|[+-](?:(?:0\d|1[0-3]):[0-5]\d|14:00))$/,
  ),
  integer64: written(/^-?\d{1,19}$/),
} as const;

/** An extension has a URL, and either one value or extensions of its own (ext-1). */
const Extension: z.ZodType = z.lazy(() =>
  z.looseObject({ url: r5.uri, extension: z.array(Extension).min(1).optional() }).superRefine((extension, context) => {
    const names = Object.keys(extension);
    const values = names.filter((name) => /^value[A-Z]/.test(name)).length;
    if (values > 1 || (values === 1) === names.includes('extension'))
      context.addIssue('ext-1: an extension has either one value or extensions, not both');
    if (names.some((name) => !/^(?:url|extension|id|_?value[A-Z]\w*)$/.test(name)))
      context.addIssue('has a member that R5 does not define');
  }),
);

/**
 * An element: what its shape says, its `id` and extensions, and for each member that is a primitive a companion `_name` with
 * the same. Members that R5 does not define are refused.
 */
export function element<Shape extends z.ZodRawShape>(shape: Shape, primitives: readonly string[] = []) {
  const companion = z.strictObject({ id: r5.string.optional(), extension: z.array(Extension).min(1).optional() });
  const companions: Record<string, z.ZodType> = {};
  for (const name of primitives)
    companions[`_${name}`] = z.union([companion, z.array(companion.nullable())]).optional();
  return z
    .strictObject({
      id: r5.string.optional(),
      extension: z.array(Extension).min(1).optional(),
      ...companions,
      ...shape,
    })
    .refine((value) => Object.keys(value).some((name) => name !== 'id'), 'ele-1: is empty');
}

/** An element of a resource, which may have extensions that must not be ignored. */
export function backbone<Shape extends z.ZodRawShape>(shape: Shape, primitives: readonly string[] = []) {
  return element({ modifierExtension: z.array(Extension).min(1).optional(), ...shape }, primitives);
}

export const many = <Item extends z.ZodType>(item: Item) => z.array(item).min(1, 'is empty').optional();

export const Coding = element(
  {
    system: r5.uri.optional(),
    version: r5.string.optional(),
    code: r5.code.optional(),
    display: r5.string.optional(),
    userSelected: r5.boolean.optional(),
  },
  ['system', 'version', 'code', 'display', 'userSelected'],
);
export const Concept = element({ coding: many(Coding), text: r5.string.optional() }, ['text']);
export const Period = element({ start: r5.dateTime.optional(), end: r5.dateTime.optional() }, ['start', 'end']);
export const Identifier = element(
  {
    use: z.enum(['usual', 'official', 'temp', 'secondary', 'old']).optional(),
    type: Concept.optional(),
    system: r5.uri.optional(),
    value: r5.string.optional(),
    period: Period.optional(),
    // A reference, which has an identifier in turn: as deep as nobody writes it.
    assigner: z.looseObject({}).optional(),
  },
  ['use', 'system', 'value'],
);
export const Reference = element(
  {
    reference: r5.string.optional(),
    type: r5.uri.optional(),
    identifier: Identifier.optional(),
    display: r5.string.optional(),
  },
  ['reference', 'type', 'display'],
).refine(
  ({ reference, identifier, display, extension }) =>
    reference !== undefined || identifier !== undefined || display !== undefined || extension !== undefined,
  'ref-2: a reference has a reference, an identifier or a display',
);
export const Attachment = element(
  {
    contentType: r5.code.optional(),
    language: r5.code.optional(),
    data: r5.base64.optional(),
    url: r5.uri.optional(),
    size: r5.integer64.optional(),
    hash: r5.base64.optional(),
    title: r5.string.optional(),
    creation: r5.dateTime.optional(),
    height: z.int().min(1).optional(),
    width: z.int().min(1).optional(),
    frames: z.int().min(1).optional(),
    duration: z.number().optional(),
    pages: z.int().min(1).optional(),
  },
  ['contentType', 'language', 'data', 'url', 'size', 'hash', 'title', 'creation'],
).refine(
  ({ data, contentType }) => data === undefined || contentType !== undefined,
  'att-1: an attachment with data has a contentType',
);

/** What every resource has besides its own elements. */
export const resourceShape = {
  meta: element(
    {
      versionId: r5.id.optional(),
      lastUpdated: r5.instant.optional(),
      source: r5.uri.optional(),
      profile: many(r5.uri),
      security: many(Coding),
      tag: many(Coding),
    },
    ['versionId', 'lastUpdated', 'source', 'profile'],
  ).optional(),
  implicitRules: r5.uri.optional(),
  language: r5.code.optional(),
  text: element({ status: z.enum(['generated', 'extensions', 'additional', 'empty']), div: r5.string }).optional(),
  contained: z
    .array(z.looseObject({ resourceType: r5.code }))
    .min(1)
    .optional(),
} as const;
