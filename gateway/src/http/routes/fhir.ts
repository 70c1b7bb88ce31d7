/**
 * Consents, and records of their use, over FHIR R4 (`/fhir/r4`): the operations of HL7 Scalable Consent Management, and what
 * finds and reads what they leave. R5 comes and goes under `fhirVersion=5.0` of the media type.
 */
import { ConsentRef, type Role, refusal } from '@consilium/domain';
import { type Request, type RequestHandler, type Response, Router } from 'express';
import type { Log } from '../../agent/ports.js';
import { importBundle } from '../../fhir/bundleImport.js';
import { capabilityStatement } from '../../fhir/capability.js';
import { refNamed, refOfPatient } from '../../fhir/consentReference.js';
import { type FhirIssue, outcomeOf } from '../../fhir/fhirIssue.js';
import { REFUSALS_TOLD_MAX } from '../../fhir/fhirLimits.js';
import { textOf } from '../../fhir/fhirTime.js';
import type { Json } from '../../fhir/fhirTypes.js';
import {
  type FhirRoom,
  fileConsent,
  fileConsentOperation,
  recordDisclosureOperation,
  revokeConsentOperation,
} from '../../fhir/operations.js';
import { unknownConsent } from '../../fhir/parameters.js';
import type { By, EventRecorded } from '../../fhir/ports.js';
import {
  auditEventOf,
  auditEventsOf,
  consentOf,
  consentsOf,
  provenanceOfConsent,
  selectionsOfDay,
} from '../../fhir/questions.js';
import { searchset } from '../../fhir/resourcesOut.js';
import { authenticate, personOf } from '../authentication.js';
import { allow } from '../authorisation.js';
import {
  baseOf,
  FHIR_PATH,
  readBundle,
  readResource,
  sendFhir,
  speakJson,
  versionAsked,
  versionSent,
} from '../fhirMedia.js';
import { answerOutcomes } from '../fhirProblem.js';
import { patientIn, searchOf, sliceOf } from '../fhirQuery.js';
import type { Guards } from './index.js';

export type FhirRouteParts = Readonly<{ room: FhirRoom; softwareVersion: string }>;

/** @param parts undefined: this gateway has no consent store, and says so */
export function fhirRoutes(
  parts: FhirRouteParts | undefined,
  { people, limitStrangers, limitPeople }: Guards,
  log: Log,
): Router {
  const router = Router({ caseSensitive: true, strict: true });
  router.use(hidePath, limitStrangers, speakJson);
  if (parts)
    router.get('/metadata', (_request, response) =>
      sendFhir(response, 200, capabilityStatement(parts.room, parts.softwareVersion)),
    );
  router.use(authenticate(people), limitPeople);
  if (parts) {
    router.use('/Consent', consents(parts));
    router.use('/AuditEvent', auditEvents(parts));
    router.use('/Provenance', provenances(parts));
    router.post('/Bundle/$importConsents', allow('file consents'), readBundle, importing(parts));
  }
  router.use(() => {
    if (!parts) throw refusal('CONSENT_NOT_CONFIGURED', {});
    throw refusal('FHIR_INTERACTION_UNKNOWN', {});
  });
  router.use(answerOutcomes(log));
  return router;
}

/** Paths of FHIR may name a patient: the log has the kind of resource alone. */
const hidePath: RequestHandler = ({ path }, response, next) => {
  const kind = /^\/(metadata|Consent|AuditEvent|Provenance|Bundle)(?:\/(\$[A-Za-z]{1,40})?)?/.exec(path);
  response.locals.loggedPath = `${FHIR_PATH}/${kind ? kind[1] : '…'}${kind?.[2] ? `/${kind[2]}` : ''}`;
  next();
};

function consents({ room }: FhirRouteParts): Router {
  const router = Router({ caseSensitive: true, strict: true });
  const write = [allow('file consents'), readResource];

  router.post('/$fileConsent', ...write, async (request, response) => {
    filed(response, 200, await fileConsentOperation(room, request.body, byOf(response)));
  });
  router.post('/$revokeConsent', ...write, async (request, response) => {
    const { ref, event } = await revokeConsentOperation(room, request.body, byOf(response));
    if (event) return filed(response, 200, event);
    response.location(`${FHIR_PATH}/Consent/${ref}`);
    sendFhir(response, 200, information('the consent was over already: nothing was changed'));
  });
  router.post('/', ...write, async (request, response) => {
    const version = versionSent(request);
    filed(response, 201, await fileConsent(room, request.body, version, byOf(response)));
  });
  router.get('/', allow('read consents'), async (request, response) => {
    const search = searchOf(request, ['patient', 'patientId', 'status']);
    const named = search.patient ?? search.patientId;
    if (named === undefined)
      throw refusal('INPUT_INVALID', { problems: 'query.patient: consents are found by patient' });
    const version = versionAsked(request);
    const found = await consentsOf(room, patientIn(named, room.hospital), version, byOf(response));
    const { status } = search;
    answerFound(
      request,
      response,
      found.filter((consent) => status === undefined || consent.status === status),
      version,
    );
  });
  router.get('/:id', allow('read consents'), async (request, response) => {
    const ref = ConsentRef.safeParse(request.params.id);
    const version = versionAsked(request);
    const consent = ref.success ? await consentOf(room, ref.data, version, byOf(response)) : undefined;
    if (!consent) throw unknownConsent('');
    sendFhir(response, 200, consent, version);
  });
  return router;
}

function auditEvents({ room }: FhirRouteParts): Router {
  const router = Router({ caseSensitive: true, strict: true });
  router.post('/$recordDisclosure', allow('file consents'), readResource, async (request, response) => {
    const { id, ref } = await recordDisclosureOperation(room, request.body, byOf(response));
    response.location(`${FHIR_PATH}/AuditEvent/disclosure-${id}-${ref}`);
    sendFhir(response, 200, information('the disclosure is recorded'));
  });
  router.get('/', allow('read records of use'), (request, response) => {
    const search = searchOf(request, ['patient', 'consent', 'date']);
    const version = versionAsked(request);
    const by = byOf(response);
    if (search.date !== undefined && search.patient === undefined && search.consent === undefined) {
      if (!/^\d{4}-\d{2}-\d{2}$/.test(search.date))
        throw refusal('INPUT_INVALID', { problems: 'query.date: a day such as 2026-11-24 (UTC)' });
      answerFound(request, response, selectionsOfDay(room, search.date, version, by), version);
      return;
    }
    if (search.date !== undefined || (search.patient === undefined && search.consent === undefined))
      throw refusal('INPUT_INVALID', { problems: 'query: patient, consent or both; or a date alone' });
    answerFound(request, response, auditEventsOf(room, refsSearched(room, search), version, by), version);
  });
  router.get('/:id', allow('read records of use'), (request, response) => {
    const version = versionAsked(request);
    const event = auditEventOf(room, String(request.params.id), version, byOf(response));
    if (!event) throw unknownConsent('');
    sendFhir(response, 200, event, version);
  });
  return router;
}

function provenances({ room }: FhirRouteParts): Router {
  const router = Router({ caseSensitive: true, strict: true });
  router.get('/', allow('read records of use'), (request, response) => {
    const { target } = searchOf(request, ['target']);
    const ref = refNamed({ reference: target ?? '' }, room.hospital);
    if (ref === undefined) throw refusal('INPUT_INVALID', { problems: 'query.target: Consent/<id>' });
    answerFound(request, response, provenanceOfConsent(room, ref, byOf(response)), '4.0');
  });
  return router;
}

function importing({ room }: FhirRouteParts): RequestHandler {
  return async (request, response) => {
    const { entries, patients, taken, refused, passedOver } = await importBundle(room, request.body, byOf(response));
    const issues: FhirIssue[] = refused.slice(0, REFUSALS_TOLD_MAX).flatMap(({ entry, issues: of }) =>
      of.map(({ code, expression, text }) => ({
        code,
        expression: `Bundle.entry[${entry}].resource`,
        text: expression === '' ? text : `${expression}: ${text}`,
      })),
    );
    const count = (name: string, valueInteger: number) => ({ name, valueInteger });
    sendFhir(response, 200, {
      resourceType: 'Parameters',
      parameter: [
        count('entries', entries),
        count('patients', patients),
        count('recorded', taken.length),
        count('refused', refused.length),
        count('passedOver', passedOver),
        ...taken.map(({ entry, event: { ref, seq, kind, state } }) => ({
          name: 'taken',
          part: [
            count('entry', entry),
            { name: 'consent', valueReference: { reference: `Consent/${ref}/_history/${seq}` } },
            { name: 'kind', valueCode: kind },
            { name: 'state', valueCode: state },
          ],
        })),
        ...(issues.length > 0 ? [{ name: 'outcome', resource: outcomeOf(issues) }] : []),
      ],
    });
  };
}

function refsSearched(
  room: FhirRoom,
  { patient, consent }: Readonly<{ patient?: string; consent?: string }>,
): ConsentRef[] {
  const { desk, hospital } = room;
  if (patient === undefined) {
    const ref = refNamed({ reference: consent ?? '' }, hospital);
    if (ref === undefined) throw refusal('INPUT_INVALID', { problems: 'query.consent: Consent/<id>' });
    return desk.patientOf(ref) === undefined ? [] : [ref];
  }
  const number = patientIn(patient, hospital);
  if (consent === undefined) return [...desk.refsOf(number)];
  const ref = refOfPatient({ reference: consent }, number, hospital, desk);
  return ref === undefined ? [] : [ref];
}

function answerFound(request: Request, response: Response, found: readonly Json[], version: '4.0' | '5.0'): void {
  const { count, offset } = sliceOf(request.query as Record<string, string>);
  const self = `${request.baseUrl.slice(FHIR_PATH.length + 1)}?${queryOf(request, offset)}`;
  const next =
    offset + count < found.length ? { next: `${self.split('?')[0]}?${queryOf(request, offset + count)}` } : {};
  const bundle = searchset(baseOf(request), found.slice(offset, offset + count), found.length, { self, ...next });
  sendFhir(response, 200, bundle, version);
}

function queryOf(request: Request, offset: number): string {
  const query = new URLSearchParams(request.query as Record<string, string>);
  query.set('_offset', String(offset));
  return query.toString();
}

function filed(response: Response, status: number, event: EventRecorded): void {
  const { ref, kind, state, effectiveHereAt } = event;
  response.location(`${FHIR_PATH}/Consent/${ref}`);
  const here =
    effectiveHereAt === null ? 'acts once the ledger has it' : `effective here since ${textOf(effectiveHereAt)}`;
  sendFhir(response, status, information(`${kind}: ${here}; on the ledger: ${state}`));
}

const information = (text: string) => outcomeOf([{ code: 'informational', expression: '', text }], 'information');

function byOf(response: Response): By & { role: Role | undefined } {
  const { name, role } = personOf(response);
  return { name, role };
}
