import { privacyWithin, vectorLayout } from '@consilium/domain';
import { expect, test } from '@jest/globals';
import { SystemNoise } from '../privacy/systemNoise.js';
import type { AgentPorts } from './agentPorts.js';
import { makeVector } from './makeVector.js';
import { noConsentDesk } from './noConsentDesk.js';
import { OwnReceipts } from './ownReceipts.js';
import { journaledAbstention, journaledVector } from './roundJournal.js';
import { RoundTimings } from './roundTimings.js';
import { SharedReads } from './sharedReads.js';
import type { StepContext } from './stepContext.js';
import { StudyReader } from './studyReader.js';
import { MemoryBlobs } from './testing/memoryBlobs.js';
import { MemoryJournal } from './testing/memoryJournal.js';
import { A, B, C, D, protocolOf, STUDY, StudyOnChannel } from './testing/studyOnChannel.js';

const WISH = { epsilon: 1, delta: 1e-5, samplingRate: 1, patientClipNorm: 1 };
const declaredPatients = Object.fromEntries([A, B, C, D].map((msp) => [msp, 100]));
const PRIVATE = {
  metrics: 'final',
  validationShare: 0,
  privacy: privacyWithin({ ...WISH, declaredPatients }, protocolOf()),
};

test('a vector with noise that was lost is not made again with other noise: the round is sat out', async () => {
  const channel = new StudyOnChannel(PRIVATE);
  const [blobs, journal] = [new MemoryBlobs(), new MemoryJournal()];
  const base = { version: 0, digest: await blobs.put(new Uint8Array(8)) };
  channel.open(1, 'training', { base, progress: { initialRecorded: true, lastAccepted: base } });
  const noise = new SystemNoise();
  const { length } = vectorLayout(channel.protocol, 'training');
  const ports = {
    blobs,
    journal,
    consent: noConsentDesk,
    personal: { get: () => undefined, set: () => undefined, remove: () => undefined },
    learner: {
      makeVector: async () => {
        const vector = Int32Array.from({ length }, () => Math.floor(2 ** 30 * noise.unit()));
        return { vector, personal: undefined, evaluation: undefined, clipped: false, trainingPatients: 1, seconds: 0 };
      },
    },
    clock: { now: () => 0, monotonic: () => 0 },
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
  } as Partial<AgentPorts> as AgentPorts;
  const view = new StudyReader(channel.state).study(STUDY);
  if (!view) throw new Error('no study');
  const context: StepContext = {
    ports,
    identity: { msp: A, channel: 'consilium' },
    view,
    receipts: new OwnReceipts(),
    reads: new SharedReads(blobs),
    timings: new RoundTimings(A),
    signal: new AbortController().signal,
  };
  const step = { name: 'makeVector', study: STUDY, round: 1 } as const;
  await makeVector(step, context);
  const sent = journaledVector(journal, STUDY, 1);
  expect(sent).toBeDefined();
  expect(journaledAbstention(journal, STUDY, 1)).toBeUndefined();
  await blobs.remove(sent as NonNullable<typeof sent>);
  await makeVector(step, context);
  expect(journaledVector(journal, STUDY, 1)).toBe(sent);
  expect(journaledAbstention(journal, STUDY, 1)).toMatch(/could not be made again/);
});
