/** Files for patients, officers and authorities, and the patient's own page. */
import { type ConsentRef, refusal } from '@consilium/domain';
import { type Response, Router } from 'express';
import {
  ACTIVITY_COLUMNS,
  type ActivitiesFacts,
  activitiesPage,
  activitiesRegister,
} from '../../../exports/activitiesRegister.js';
import type { ConsentFile } from '../../../exports/consentFile.js';
import { consentReceipts } from '../../../exports/consentReceipts.js';
import { csvTable } from '../../../exports/csv.js';
import { accessFile, accessPage, portableFile } from '../../../exports/dataSubjectFile.js';
import { ACCOUNTING_COLUMNS, disclosureAccounting } from '../../../exports/disclosureAccounting.js';
import { patientPage } from '../../../exports/patientPage.js';
import { PAGE_POLICY } from '../../../exports/printedPage.js';
import { bundleOf } from '../../../fhir/questions.js';
import { activitiesFacts } from '../../activitiesFacts.js';
import { allow } from '../../authorisation.js';
import type { ConsentRoom } from '../../consentRoom.js';
import { patientFile } from '../../patientFile.js';
import type { RouteParts } from '../routeParts.js';
import { requireRecord } from './records.js';

/** What a file holds, by its ending. */
type Made = Readonly<{ json: unknown }> | Readonly<{ csv: string }> | Readonly<{ html: string }>;

/** Files of one patient, all records together. `ref` is any of them. */
const PATIENT_FILES: Readonly<Record<string, (file: ConsentFile) => Made>> = {
  'receipts.json': (file) => ({ json: consentReceipts(file) }),
  'disclosures.json': (file) => ({ json: disclosureAccounting(file) }),
  'disclosures.csv': (file) => {
    const { disclosures, usesNotDisclosures } = disclosureAccounting(file);
    return { csv: csvTable(ACCOUNTING_COLUMNS, [...disclosures, ...usesNotDisclosures]) };
  },
  'access.json': (file) => ({ json: accessFile(file) }),
  'access.html': (file) => ({ html: accessPage(file) }),
  'portable.json': (file) => ({ json: portableFile(file) }),
};

const ACTIVITY_FILES: Readonly<Record<string, (facts: ActivitiesFacts) => Made>> = {
  'activities.json': (facts) => ({ json: activitiesRegister(facts) }),
  'activities.csv': (facts) => ({ csv: csvTable(ACTIVITY_COLUMNS, activitiesRegister(facts).activities) }),
  'activities.html': (facts) => ({ html: activitiesPage(facts) }),
};

export function fileRoutes({ hospital, fhir }: RouteParts, room: ConsentRoom): Router {
  const router = Router();
  const filed = (ref: ConsentRef) => patientFile(room, ref, hospital);

  /** Plain words, printable, without a script: what they allowed, which studies used their data and why, how to change it. */
  router.get('/records/:ref/page', allow('give patients their files'), (request, response) => {
    const ref = requireRecord(room, request);
    room.logRead(response, 'patient-page', ref);
    send(response, `consent-${ref}.html`, { html: patientPage(filed(ref)) }, 'inline');
  });

  router.get('/records/:ref/files/:file', allow('give patients their files'), async (request, response) => {
    const ref = requireRecord(room, request);
    const name = request.params.file as string;
    if (name === 'bundle.json') {
      const patient = room.office.patientOf(ref);
      if (!fhir || patient === undefined) throw refusal('CONSENT_RECORD_UNKNOWN', {});
      room.logRead(response, 'export', ref, name);
      send(response, `consent-${ref}-${name}`, { json: await bundleOf(fhir.room, patient) });
      return;
    }
    const make = made(PATIENT_FILES, name);
    room.logRead(response, 'export', ref, name);
    send(response, `consent-${ref}-${name}`, make(filed(ref)));
  });

  router.get('/files/:file', allow('export consents'), (request, response) => {
    const name = request.params.file as string;
    const make = made(ACTIVITY_FILES, name);
    room.logRead(response, 'export', undefined, name);
    send(response, `${room.msp}-${name}`, make(activitiesFacts(room, hospital)));
  });
  return router;
}

/** @throws ConsiliumError INPUT_INVALID */
function made<Facts>(files: Readonly<Record<string, (facts: Facts) => Made>>, name: string): (facts: Facts) => Made {
  const make = Object.hasOwn(files, name) ? files[name] : undefined;
  if (!make) throw refusal('INPUT_INVALID', { problems: `file: one of ${Object.keys(files).join(', ')}` });
  return make;
}

/** @param name of nothing but what this program made: it stands in a header */
function send(response: Response, name: string, content: Made, how: 'attachment' | 'inline' = 'attachment'): void {
  response.setHeader('content-disposition', `${how}; filename="${name}"`);
  if ('html' in content) {
    response.setHeader('content-security-policy', PAGE_POLICY);
    response.type('text/html').send(content.html);
  } else if ('csv' in content) response.type('text/csv').send(content.csv);
  else response.type('application/json').send(`${JSON.stringify(content.json, null, 2)}\n`);
}
