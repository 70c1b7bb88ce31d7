import { refusal, StudyConsent, type StudyId, type StudyProtocol } from '@consilium/domain';
import { describe, expect, test } from '@jest/globals';
import { noConsentDesk } from './agent/noConsentDesk.js';
import type { ConsentDesk } from './agent/ports.js';
import { protocolOf } from './agent/testing/studyOnChannel.js';
import { ConsentedWork } from './consentedWork.js';
import type { SelectedPatients } from './learning/trainingRows.js';

const study = 'heart' as StudyId;
const protocol: StudyProtocol = { ...protocolOf(), consent: StudyConsent.parse({}) };
const source = { patients: async () => new Map(['a', 'b', 'c', 'd'].map((patient) => [patient, 'train'] as const)) };

/** Everybody consents but those who withdrew. */
class Desk {
  readonly withdrawn = new Set<string>();
  readonly listeners = new Set<() => void>();
  readonly desk: ConsentDesk = {
    ...noConsentDesk,
    allowedNow: async ({ patients }) => new Set(patients.filter((patient) => !this.withdrawn.has(patient))),
    onRestriction: (listener) => {
      this.listeners.add(listener);
      return () => this.listeners.delete(listener);
    },
  };

  withdraw(patient: string): void {
    this.withdrawn.add(patient);
    for (const listener of this.listeners) listener();
  }
}

const settled = () => new Promise((resolve) => setImmediate(resolve));
const names = (selection: SelectedPatients | undefined) => [...(selection?.patients ?? [])].join(' ');

/** Work that goes on until it is called off, or told to end. */
function openEnded() {
  const begun: { with: string; end: () => void }[] = [];
  const work = (selection: SelectedPatients | undefined, signal: AbortSignal | undefined) =>
    new Promise<string>((resolve, reject) => {
      signal?.addEventListener('abort', () => reject(signal.reason));
      begun.push({ with: names(selection), end: () => resolve(names(selection)) });
    });
  return { begun, work };
}

describe('work that is of no round', () => {
  test('is over the patients who may be used now', async () => {
    const desk = new Desk();
    desk.withdraw('b');
    const work = new ConsentedWork(desk.desk, source);
    expect(await work.run({ study, protocol }, async (selection) => names(selection))).toBe('a c d');
    expect(desk.listeners.size).toBe(0);
  });

  test('is begun anew without whoever withdraws meanwhile, and goes on where somebody else does', async () => {
    const desk = new Desk();
    desk.withdraw('d');
    const { begun, work } = openEnded();
    const done = new ConsentedWork(desk.desk, source).run({ study, protocol }, work);
    await settled();
    desk.withdraw('nobody');
    await settled();
    expect(begun).toHaveLength(1);
    desk.withdraw('a');
    await settled();
    begun[1]?.end();
    expect(await done).toBe('b c');
    expect(begun.map((one) => one.with)).toEqual(['a b c', 'b c']);
  });

  test('is given up where patients withdraw each time', async () => {
    const desk = new Desk();
    const everybody = {
      patients: async () => new Map(Array.from({ length: 20 }, (_, k) => [`p${k}`, 'test'] as const)),
    };
    const { begun, work } = openEnded();
    const done = new ConsentedWork(desk.desk, everybody).run({ study, protocol }, work);
    const failed = expect(done).rejects.toMatchObject({ code: 'TRAINING_FAILED' });
    for (let k = 0; k < 5; k += 1) {
      await settled();
      desk.withdraw(`p${k}`);
    }
    await failed;
    expect(begun).toHaveLength(5);
    expect(desk.listeners.size).toBe(0);
  });

  test('is refused where nobody may be used, there is no consent store, or the work itself fails', async () => {
    const desk = new Desk();
    for (const patient of ['a', 'b', 'c', 'd']) desk.withdraw(patient);
    const run = (consent: ConsentDesk, work = async () => 'done') =>
      new ConsentedWork(consent, source).run({ study, protocol }, work);
    await expect(run(desk.desk)).rejects.toMatchObject({ code: 'CONSENT_COHORT_EMPTY' });
    await expect(run(noConsentDesk)).rejects.toMatchObject({ code: 'CONSENT_NOT_CONFIGURED' });
    const failing = () => Promise.reject(refusal('DATA_EMPTY', { file: 'rows' }));
    await expect(run(new Desk().desk, failing)).rejects.toMatchObject({ code: 'DATA_EMPTY' });
  });

  test('asks nobody where the study does not ask for consent', async () => {
    const work = new ConsentedWork(noConsentDesk, source);
    expect(await work.run({ study, protocol: protocolOf() }, async (selection) => selection)).toBeUndefined();
  });
});
