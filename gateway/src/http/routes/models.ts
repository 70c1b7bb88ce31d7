/** Versions of a study's model: lineage, file, and what a version says of the own test rows. */
import { ledgerKey, ModelVersion, refusal, type StudyId } from '@consilium/domain';
import { Router } from 'express';
import { allow } from '../authorisation.js';
import { parameter } from '../input.js';
import { pageOf } from '../paging.js';
import type { Recorded } from '../records.js';
import { modelResource } from '../roundResources.js';
import { newestVersion, runningProtocol } from '../studyResources.js';
import type { RouteParts } from './routeParts.js';

export function modelRoutes({ records, blobs, ownRows }: RouteParts): Router {
  const router = Router({ mergeParams: true });

  function requireModel(study: StudyId, version: number): Recorded<ModelVersion> {
    newestVersion(records, study);
    const model = records.get(ModelVersion, ledgerKey.model(study, version));
    if (!model) throw refusal('MODEL_UNKNOWN', { study, version });
    return model;
  }

  router.get('/', async (request, response) => {
    const study = parameter.study(request);
    newestVersion(records, study);
    const entries = records
      .list(ModelVersion, 'model', study)
      .map((model) => ({ key: ledgerKey.model(study, model.version), model }));
    const page = await pageOf(request, `models of ${study}`, entries, async ({ model }) =>
      modelResource(records, model, await blobs.has(model.digest)),
    );
    response.json(page);
  });

  router.get('/:version', async (request, response) => {
    const model = requireModel(parameter.study(request), parameter.version(request));
    response.json(modelResource(records, model, await blobs.has(model.digest)));
  });

  router.get('/:version/file', allow('read model files'), async (request, response) => {
    const { study, version, digest, attestedBy } = requireModel(parameter.study(request), parameter.version(request));
    const bytes = await blobs.get(digest);
    if (!bytes) throw refusal('VERSION_FILE_NOT_HERE', { study, version, holders: attestedBy.join(' or ') });
    response.setHeader('content-disposition', `attachment; filename="${study}-${version}.safetensors"`);
    response.type('application/octet-stream').send(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  });

  router.get('/:version/predictions', allow('read predictions'), async (request, response) => {
    const { study, version, digest } = requireModel(parameter.study(request), parameter.version(request));
    const protocol = runningProtocol(records, study);
    const leaving = new AbortController();
    response.on('close', () => leaving.abort());
    response.json(await ownRows.predictions({ study, protocol, version, digest }, leaving.signal));
  });
  return router;
}
