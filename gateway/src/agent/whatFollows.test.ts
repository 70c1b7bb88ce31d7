import { ledgerKey, type Msp, privacyWithin } from '@consilium/domain';
import { describe, expect, test } from '@jest/globals';
import { StudyReader } from './studyReader.js';
import { A, B, C, D, protocolOf, STUDY, StudyOnChannel, versionOutcome } from './testing/studyOnChannel.js';
import { whatFollows } from './whatFollows.js';

const wish = { epsilon: 1, delta: 1e-5, samplingRate: 1, patientClipNorm: 1 };
const privacy = privacyWithin(
  { ...wish, declaredPatients: Object.fromEntries([A, B, C, D].map((msp) => [msp, 100])) },
  protocolOf(),
);

/** The first training round of two is over; so many training rounds each hospital has joined. */
function afterOneRound(joins: ReadonlyMap<Msp, number>) {
  const channel = new StudyOnChannel({ metrics: 'final', validationShare: 0, privacy });
  channel.openTraining();
  channel.join(1, A, B, C, D);
  channel.contribute(1, A, B, C, D);
  channel.attest(1, versionOutcome('version 1'), A, B, C);
  for (const [msp, count] of joins)
    channel.state.put(ledgerKey.spent(STUDY, msp), {
      ...{ study: STUDY, msp, protocolVersion: 1, joins: count },
      microEpsilon: privacy.spentMicroEpsilonAfterRound[count - 1],
    });
  const view = new StudyReader(channel.state).study(STUDY);
  if (!view) throw new Error('no study');
  return whatFollows(view);
}

describe('after a training round of a study with differential privacy', () => {
  test('another one follows, as long as a quorum can pay for it', () => {
    expect(afterOneRound(new Map([A, B, C, D].map((msp) => [msp, 1])))).toMatchObject({ roundKind: 'training' });
    expect(afterOneRound(new Map([[A, 2]]))).toMatchObject({ kind: 'round', roundKind: 'training' });
  });

  test('where too few can, the evaluation follows', () => {
    const spent = new Map<Msp, number>([
      [A, 2],
      [B, 2],
    ]);
    expect(afterOneRound(spent)).toMatchObject({ kind: 'round', number: 2, roundKind: 'evaluation' });
  });
});
