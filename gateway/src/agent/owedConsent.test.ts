import { ledgerKey, type Msp, rankedMembers } from '@consilium/domain';
import { describe, expect, test } from '@jest/globals';
import { SITTING_OUT } from './cohortStanding.js';
import {
  journalAbstention,
  journalContribution,
  journalEvaluation,
  journalReceipt,
  journalVectorFile,
} from './roundJournal.js';
import { StudyReader } from './studyReader.js';
import type { RoundView } from './studyView.js';
import { Asked, ownVector } from './testing/asked.js';
import { A, B, C, D, digestOf, OPENED_AT, STUDY, StudyOnChannel, versionOutcome } from './testing/studyOnChannel.js';

const ROOT = digestOf('a cohort');
const CONTRIBUTION = { study: STUDY, round: 1, vectorDigest: ownVector, vectorLength: 1, receipts: [] };

/** A round 1 that trains over consented patients, its base on the disk of A, and a cohort that may be used. */
function training(changes = {}): Asked {
  const study = new StudyOnChannel({ consent: {}, ...changes });
  const agent = new Asked(study);
  agent.held.add(study.openTraining().digest);
  agent.cohort = { root: ROOT, isAllowed: true };
  return agent;
}

const withdrawn = (agent: Asked): Asked => Object.assign(agent, { cohort: { root: ROOT, isAllowed: false } });
const sitsOut = (reason: string) => [expect.objectContaining({ name: 'sitOut', round: 1, reason })];

describe('a study that asks for consent', () => {
  test('has its vector made only once the own join stands', () => {
    const agent = training();
    expect(agent.names()).toEqual(['joinRound']);
    agent.withJoin();
    expect(agent.names()).toEqual(['makeVector']);
  });

  test('has it shared and contributed as any other', () => {
    const agent = training().withVector();
    expect(agent.names()).toEqual(['shareVector BMSP', 'shareVector CMSP', 'shareVector DMSP']);
    agent.receiptOf(B);
    agent.receiptOf(C);
    agent.study.join(1, B, C, D);
    expect(agent.names()).toEqual(['shareVector DMSP', 'contribute']);
  });

  test('is not held up by what is not allowed before the own join: the agent selects again', () => {
    expect(withdrawn(training()).names()).toEqual(['joinRound']);
  });

  test.each(['before its vector', 'with its vector'])(
    'a withdrawal after the join, %s: the round is sat out',
    (when) => {
      const agent = training();
      withdrawn(when === 'before its vector' ? agent.withJoin() : agent.withVector());
      expect(agent.ask().steps).toEqual(sitsOut(SITTING_OUT.less));
      journalAbstention(agent.journal, STUDY, 1, SITTING_OUT.less);
      expect(agent.names()).toEqual(when === 'before its vector' ? [] : ['forgetVector']);
      agent.held.delete(ownVector);
      expect(agent.names()).toEqual([]);
      agent.cohort = { root: ROOT, isAllowed: true };
      expect(agent.names()).toEqual([]);
    },
  );

  test('a join that commits to another cohort than the one kept, or to one that is lost: sat out', () => {
    const agent = training().withJoin();
    agent.cohort = { root: digestOf('another cohort'), isAllowed: true };
    expect(agent.ask().steps).toEqual(sitsOut(SITTING_OUT.other));
    agent.cohort = { root: undefined, isAllowed: false };
    expect(agent.ask().steps).toEqual(sitsOut(SITTING_OUT.lost));
  });

  test('a withdrawal after the contribution changes nothing of the round, but nothing more is shared', () => {
    const agent = withdrawn(training().withVector());
    agent.study.contributeVector(1, A, ownVector);
    expect(agent.names()).toEqual([]);
  });

  test('a vector that may have been contributed is removed once the survivors are fixed without it', () => {
    const agent = withdrawn(training().withVector());
    agent.study.join(1, B, C, D);
    journalContribution(agent.journal, CONTRIBUTION);
    journalAbstention(agent.journal, STUDY, 1, SITTING_OUT.less);
    expect(agent.names()).toEqual([]);
    agent.study.contribute(1, B, C, D);
    agent.study.close(1, 'contributing', [B, C, D]);
    expect(agent.names()).toContain('forgetVector');
  });

  test('a file without a name, left by a crash, is removed too; one that another hospital made as well is not', () => {
    const agent = withdrawn(training().withJoin());
    journalVectorFile(agent.journal, STUDY, 1, ownVector);
    agent.held.add(ownVector);
    journalAbstention(agent.journal, STUDY, 1, SITTING_OUT.less);
    expect(agent.names()).toEqual(['forgetVector']);
    journalReceipt(agent.journal, STUDY, 1, B, ownVector);
    expect(agent.names()).toEqual([]);
  });

  test('a round that was given up for another reason keeps its vector, until it cannot count any more', () => {
    const agent = training().withVector();
    journalAbstention(agent.journal, STUDY, 1, 'the vector was lost and could not be made again');
    expect(agent.names()).toEqual([]);
    agent.study.close(1, 'joining', [], 'VOTED');
    expect(agent.names()).toEqual(['forgetVector']);
  });

  test('what a hospital that was away has left of rounds long ago is removed when it is back', () => {
    const agent = training().withVector();
    agent.study.close(1, 'joining', [], 'VOTED');
    for (const round of [2, 3, 4])
      agent.study.open(round, 'training', { base: { version: 0, digest: digestOf('version 0') } });
    expect(agent.names()).not.toContain('forgetVector');
    const left = new StudyReader(agent.study.state).round(STUDY, 1) as RoundView;
    agent.leftovers = [left];
    expect(agent.ask().steps).toContainEqual({ name: 'forgetVector', study: STUDY, round: 1 });
  });

  test('figures of a cohort that may not be used any more are not reported', () => {
    const study = new StudyOnChannel({ consent: {}, metrics: 'open' });
    const agent = new Asked(study);
    const base = study.recordVersion(0, 'version 0');
    study.open(1, 'evaluation', { base });
    agent.held.add(base.digest);
    agent.cohort = { root: ROOT, isAllowed: true };
    agent.withJoin();
    study.join(1, B, C, D);
    study.contribute(1, A, B, C, D);
    const outcome = { kind: 'version', digest: base.digest, sumDigest: digestOf('sum'), result: {} } as const;
    study.attest(1, outcome, A, B, C, D);
    journalEvaluation(agent.journal, {
      study: STUDY,
      round: 1,
      trainingPatients: 9,
      base: { kind: 'number', patients: 9, loss: 0, absoluteError: 0 },
    });
    expect(agent.names()).toContain('reportEvaluation');
    expect(withdrawn(agent).names()).not.toContain('reportEvaluation');
  });
});

describe('withdrawals that touched rounds', () => {
  /** Versions 1 and 3 with A among the survivors, 2 and 4 without; round 5 trains. */
  function lineage(): Asked {
    const agent = training();
    for (const round of [1, 2, 3, 4])
      agent.study.recordVersion(round, `version ${round}`, { survivors: round % 2 === 1 ? [A, B, C] : [B, C, D] });
    agent.study.open(5, 'training', { base: agent.study.recordVersion(4, 'version 4') });
    return agent;
  }

  const report = (report: number, fromRound: number, toRound: number) =>
    expect.objectContaining({ name: 'reportWithdrawal', report, fromRound, toRound });

  test('are told, as far as this hospital had a part in the versions', () => {
    const agent = lineage();
    agent.withdrawals = { fromRound: 0, toRound: 5 };
    expect(agent.ask().steps).toContainEqual(report(0, 1, 3));
    agent.withdrawals = { fromRound: 2, toRound: 3 };
    expect(agent.ask().steps).toContainEqual(report(0, 3, 3));
    agent.withdrawals = { fromRound: 4, toRound: 5 };
    expect(agent.names()).not.toContain('reportWithdrawal');
    agent.withdrawals = undefined;
    expect(agent.names()).not.toContain('reportWithdrawal');
  });

  test('are told once, under the number that follows, also after members have ended the study', () => {
    const agent = lineage();
    agent.withdrawals = { fromRound: 1, toRound: 3 };
    const told = { study: STUDY, msp: A, report: 0, fromRound: 1, toRound: 2, at: OPENED_AT };
    agent.study.state.put(ledgerKey.withdrawal(STUDY, A, 0), told);
    agent.study.vote('end', [A, B, C, D]);
    expect(agent.ask().steps).toContainEqual(report(1, 3, 3));
    agent.study.state.put(ledgerKey.withdrawal(STUDY, A, 1), { ...told, report: 1, fromRound: 3, toRound: 3 });
    expect(agent.names()).not.toContain('reportWithdrawal');
  });

  test.each([
    ['retrain', ['openRound']],
    ['flag', ['recordVersion']],
  ])('with %s: after the third rejection in a row the agent does %s', (onWithdrawal, does) => {
    const study = new StudyOnChannel({ consent: { onWithdrawal } });
    const parent = study.recordVersion(1, 'version 1');
    const base = study.recordVersion(2, 'version 2', { parent, status: 'candidate' });
    const progress = { initialRecorded: true, lastAccepted: parent, trainingRecorded: 1, rejectionsInRow: 2 };
    study.open(3, 'training', { base, candidateParent: parent, progress });
    study.join(3, A, B, C, D);
    study.contribute(3, A, B, C, D);
    study.vote('veto~0000000002', [A, B, C]);
    study.attest(3, versionOutcome('version 3'), A, B, C, D);
    const told = { study: STUDY, msp: B, report: 0, fromRound: 1, toRound: 1, at: OPENED_AT };
    study.state.put(ledgerKey.withdrawal(STUDY, B, 0), told);
    const agent = new Asked(study);
    agent.msp = rankedMembers(
      [A, B, C, D],
      STUDY,
      onWithdrawal === 'flag' ? 3 : 4,
      onWithdrawal === 'flag' ? 'recording' : 'opening',
    )[0] as Msp;
    expect(agent.names().filter((name) => name === 'openRound' || name === 'recordVersion')).toEqual(does);
  });

  test('are nothing in a study that does not ask for consent', () => {
    const agent = new Asked(new StudyOnChannel());
    agent.held.add(agent.study.openTraining().digest);
    agent.withdrawals = { fromRound: 0, toRound: 1 };
    expect(agent.names()).toEqual(['joinRound', 'makeVector']);
  });
});
