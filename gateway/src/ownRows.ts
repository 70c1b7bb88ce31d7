/** Work on this hospital's rows for its own people: predictions, training alone, and how the source was read. */
import type { LocalTraining, Msp, StudyProtocol } from '@consilium/domain';
import { refusal } from '@consilium/domain';
import { personalOf } from './agent/personalOf.js';
import type { ConsentDesk } from './agent/ports.js';
import { StudyReader } from './agent/studyReader.js';
import { ConsentedWork } from './consentedWork.js';
import type { HospitalDisk } from './hospitalDisk.js';
import type { AloneTrainingAsked, OwnRows } from './http/ports.js';
import type { OwnTraining } from './ownTraining.js';

export function ownRows(
  msp: Msp,
  { source, patients, learner, engine, onProgress: listen }: OwnTraining,
  { mirror, blobs, personal }: HospitalDisk,
  consent: ConsentDesk,
): OwnRows {
  const reader = new StudyReader(mirror);
  const consented = new ConsentedWork(consent, patients);
  return {
    engine,
    async predictions({ study, protocol, version, digest }, signal) {
      const view = reader.study(study);
      const file = await blobs.get(digest);
      if (!file) {
        const holders = view?.model(version)?.attestedBy ?? [];
        throw refusal('VERSION_FILE_NOT_HERE', { study, version, holders: holders.join(' or ') });
      }
      const own = view && personalOf(personal, view, msp, { version, digest });
      const inHand = { version, file, personal: own };
      const { engine, rows } = await consented.run(
        { study, protocol },
        (selection, during) => learner.predictions({ study, protocol, version: inHand, selection }, during),
        signal,
      );
      return { study, version, digest, engine, rows: [...rows] };
    },
    async trainAlone({ study, protocol, training: asked }, onProgress, signal) {
      const training = aloneTraining(protocol, asked);
      const stopListening = listen((progress) => {
        if (progress.study === study && progress.round === 'alone') onProgress(progress.step / progress.steps);
      });
      try {
        const { rows, ...result } = await consented.run(
          { study, protocol },
          (selection, during) => learner.trainAlone({ study, protocol, training, selection }, during),
          signal,
        );
        return { study, ...result, rows: [...rows] };
      } finally {
        stopListening();
      }
    },
    async report(study, protocol, signal) {
      const { report } = await consented.run(
        { study, protocol },
        (selection, during) =>
          source.read(protocol, {
            study,
            ...(selection ? { select: selection.patients } : {}),
            ...(during ? { signal: during } : {}),
          }),
        signal,
      );
      const { positives, columns, warnings, ...rest } = report;
      return { study, ...rest, columns: [...columns], warnings: [...warnings], ...(positives ? { positives } : {}) };
    },
  };
}

/** What was left out is the study's own. */
function aloneTraining(protocol: StudyProtocol, asked: AloneTrainingAsked) {
  const { averageFromStep, ...rest } = asked;
  const given = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
  const training = { ...protocol.training, ...given } as LocalTraining;
  return averageFromStep === undefined ? training : { ...training, averageFromStep };
}
