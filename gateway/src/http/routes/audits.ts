/** Evidence packs: files that an auditor checks offline, with `consilium-verify`. Whoever asks signs them. */
import { type ConsentRef, Msp, refusal } from '@consilium/domain';
import { type Response, Router } from 'express';
import { z } from 'zod';
import type { EvidencePacks } from '../../exports/evidence/evidencePacks.js';
import { personOf } from '../authentication.js';
import { allow, requireAllowed } from '../authorisation.js';
import { BundleSending } from '../bundleSending.js';
import { hospitalAsked, refIn } from '../consentQuery.js';
import { byOf } from '../consentRoom.js';
import { parameter, parsed } from '../input.js';
import type { RouteParts } from './routeParts.js';

/** All blocks of the channel too, so that the order of everything is shown. */
const blocks = z.literal('all').optional();
const RecordQuery = z.strictObject({ blocks, open: z.enum(['contents', 'patient']).optional() });
const MemberQuery = z.strictObject({ blocks, open: z.enum(['patient']).optional() });
const CohortQuery = z.strictObject({ blocks, open: z.enum(['patients']).optional() });
const RoundQuery = z.strictObject({ blocks });

export function auditRoutes({ evidence, consents, hospital, log: ownLog }: RouteParts): Router {
  const router = Router();
  const bundles = new BundleSending(ownLog);

  /** @throws ConsiliumError EVIDENCE_INVALID where the person has no identity on the channel */
  function packs(response: Response): EvidencePacks {
    const found = evidence?.as(personOf(response).name);
    if (!found) throw refusal('EVIDENCE_INVALID', { problem: 'this gateway makes none in the name of who asks' });
    return found;
  }

  /** Written down before it is made: who had what opened. */
  function log(response: Response, kind: 'evidence' | 'audit', ref: ConsentRef | undefined, query: string): void {
    consents?.logRead({ by: byOf(response), kind, ref, query });
  }

  router.get('/records/:msp/:ref', allow('export consents'), async (request, response) => {
    const asked = parsed(RecordQuery, request.query, 'query');
    const msp = hospitalAsked(response, parsed(Msp, request.params.msp, 'hospital'), hospital.msp);
    const ref = refIn(request);
    if (asked.open === 'patient') requireAllowed(response, 'read patient links');
    if (asked.open && msp !== hospital.msp) throw refusal('CONSENT_FOREIGN_RECORD', { msp: hospital.msp });
    log(response, 'evidence', ref, `evidence of a record of ${msp}, opened: ${asked.open ?? 'nothing'}`);
    const options = { ...optionsOf(response, asked), open: asked.open };
    send(response, `record-${ref}`, await packs(response).consent({ msp, ref }, options));
  });

  router.get('/studies/:study/rounds/:round', allow('export consents'), async (request, response) => {
    const asked = parsed(RoundQuery, request.query, 'query');
    const [study, round] = [parameter.study(request), parameter.round(request)];
    const pack = await packs(response).round({ study, round }, optionsOf(response, asked));
    send(response, `${study}-round-${round}`, pack);
  });

  /** All that the round was computed from: nothing in it is of a patient. */
  router.get('/studies/:study/rounds/:round/recomputation', allow('verify rounds'), async (request, response) => {
    const asked = parsed(RoundQuery, request.query, 'query');
    const [study, round] = [parameter.study(request), parameter.round(request)];
    const made = packs(response);
    await bundles.send(response, `${study}-round-${round}-recomputation`, (signal) =>
      made.recomputation({ study, round }, { wholeBlocks: asked.blocks === 'all', signal }),
    );
  });

  /** Opens salts and contents of every member, to an auditor outside: whoever is given the file can tell who they are. */
  router.get('/studies/:study/rounds/:round/cohort', allow('export consents'), async (request, response) => {
    const asked = parsed(CohortQuery, request.query, 'query');
    const [study, round] = [parameter.study(request), parameter.round(request)];
    if (asked.open) requireAllowed(response, 'read patient links');
    const opened = asked.open ?? 'contents';
    log(response, 'audit', undefined, `the cohort of round ${round} of ${study}, opened: ${opened}`);
    const options = { ...optionsOf(response, asked), withPatients: asked.open === 'patients' };
    send(response, `${study}-cohort-${round}`, await packs(response).cohort({ study, round }, options));
  });

  router.get('/studies/:study/memberships/:ref', allow('export consents'), async (request, response) => {
    const asked = parsed(MemberQuery, request.query, 'query');
    const [study, ref] = [parameter.study(request), refIn(request)];
    if (asked.open) requireAllowed(response, 'read patient links');
    log(response, 'evidence', ref, `cohorts of ${study} that a record was in, opened: ${asked.open ?? 'contents'}`);
    const options = { ...optionsOf(response, asked), withPatient: asked.open === 'patient' };
    send(response, `${study}-membership-${ref}`, await packs(response).membership({ ref, study }, options));
  });
  return router;
}

/** Nobody waits for a pack whose asker has left. */
function optionsOf(response: Response, asked: Readonly<{ blocks?: 'all' | undefined }>) {
  const leaving = new AbortController();
  response.on('close', () => leaving.abort());
  return { wholeBlocks: asked.blocks === 'all', signal: leaving.signal };
}

function send(response: Response, name: string, pack: Buffer): void {
  response.setHeader('content-disposition', `attachment; filename="${name}.evidence"`);
  response.type('application/octet-stream').send(pack);
}
