import type { Msp, VersionRef } from '@consilium/domain';
import { describe, expect, test } from '@jest/globals';
import { personalOf } from './personalOf.js';
import type { PersonalStore, PersonalTensors } from './ports.js';
import { StudyReader } from './studyReader.js';
import type { StudyView } from './studyView.js';
import { A, B, C, D, STUDY, StudyOnChannel } from './testing/studyOnChannel.js';

/** Version 0, 1 (by all), 2 (without A), 3 (by all) trained on 1 because 2 was rejected. */
function lineage(): { view: StudyView; refs: VersionRef[] } {
  const study = new StudyOnChannel();
  const zero = study.recordVersion(0, 'zero');
  const one = study.recordVersion(1, 'one', { parent: zero, survivors: [A, B, C, D] });
  const two = study.recordVersion(2, 'two', { parent: one, survivors: [B, C, D], status: 'rejected' });
  const three = study.recordVersion(3, 'three', { parent: one, survivors: [A, B, C, D] });
  return { view: new StudyReader(study.state).study(STUDY) as StudyView, refs: [zero, one, two, three] };
}

function storeWith(...versions: number[]): PersonalStore {
  const tensors = new Map(versions.map((version) => [version, tensorsOf(version)]));
  return { get: (_study, version) => tensors.get(version), set: () => undefined, remove: () => undefined };
}

function tensorsOf(version: number): PersonalTensors {
  return new Map([['output/bias', Float32Array.of(version)]]);
}

function ownTensor(store: PersonalStore, msp: Msp, version: number): number | undefined {
  const { view, refs } = lineage();
  return personalOf(store, view, msp, refs[version] ?? null)?.get('output/bias')?.[0];
}

describe('personalOf', () => {
  test('is what the hospital trained for the version', () => {
    expect(ownTensor(storeWith(1, 2, 3), A, 3)).toBe(3);
    expect(ownTensor(storeWith(1, 2, 3), B, 2)).toBe(2);
  });

  test("is the base's where the hospital was not among the survivors, whatever it has trained", () => {
    expect(ownTensor(storeWith(1, 2, 3), A, 2)).toBe(1);
  });

  test("is the parent's where the hospital has lost its own, past what was rejected", () => {
    expect(ownTensor(storeWith(1, 2), A, 3)).toBe(1);
    expect(ownTensor(storeWith(2), B, 3)).toBeUndefined();
  });

  test("is the protocol's start before anything was trained", () => {
    expect(ownTensor(storeWith(1, 2, 3), A, 0)).toBeUndefined();
    expect(personalOf(storeWith(1), lineage().view, A, null)).toBeUndefined();
  });
});
