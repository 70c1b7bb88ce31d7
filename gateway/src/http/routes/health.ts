/** Whether this gateway is up. Anybody may ask: it tells nothing of patients or people. */
import type { HealthResource } from '@consilium/client/resources';
import type { StudyId } from '@consilium/domain';
import type { RequestHandler } from 'express';
import { isRunning, studyKeys, studySummary } from '../studyResources.js';
import type { RouteParts } from './routeParts.js';

export function healthRoute({ hospital, records, peer, ownRows }: RouteParts): RequestHandler {
  // Asked by strangers, often: read anew only when the state changed.
  let running: Readonly<{ height: number; studies: StudyId[] }> | undefined;
  return (_request, response) => {
    const height = records.height();
    if (running?.height !== height) {
      const studies = studyKeys(records)
        .filter(({ study }) => isRunning(studySummary(records, study), hospital.msp))
        .map(({ study }) => study);
      running = { height, studies };
    }
    const peerReachable = peer.isUp();
    const health: HealthResource = {
      status: peerReachable ? 'up' : 'degraded',
      msp: hospital.msp,
      name: hospital.name,
      height,
      peerReachable,
      engine: ownRows.engine(),
      studiesRunning: running.studies,
    };
    response.json(health);
  };
}
