import { type Msp, type Outcome, rankedMembers, type VersionRef } from '@consilium/domain';
import { describe, expect, test } from '@jest/globals';
import { REGISTRATION_GRACE_MS } from './owedTurns.js';
import {
  journalContribution,
  journalDisputeLifted,
  journalJoin,
  journalOutcome,
  journalVector,
} from './roundJournal.js';
import { type Step, stepKey } from './step.js';
import { Asked, ownVector, STAGGER_MS } from './testing/asked.js';
import { A, B, C, D, digestOf, OPENED_AT, STUDY, StudyOnChannel, versionOutcome } from './testing/studyOnChannel.js';

const asked = (study: StudyOnChannel) => new Asked(study);

/** A round 1 that trains, its base on the disk of A. */
function training(): Asked {
  const study = new StudyOnChannel();
  const base = study.openTraining();
  const agent = asked(study);
  agent.held.add(base.digest);
  return agent;
}

/** As training, with U = all four. */
function contributed(): Asked {
  const agent = training();
  agent.study.join(1, A, B, C, D);
  agent.study.contribute(1, A, B, C, D);
  return agent;
}

describe('before the first round', () => {
  test('an agent registers once its own hospital has approved', () => {
    expect(asked(new StudyOnChannel({}, [A], [])).names()).toEqual(['registerMember']);
    expect(asked(new StudyOnChannel({}, [B, C], [])).names()).toEqual([]);
    expect(asked(new StudyOnChannel({}, [A, B], [A])).names()).toEqual([]);
  });

  test('a hospital that is not a member owes nothing', () => {
    const agent = asked(new StudyOnChannel({ members: [B, C, D] }, [B, C, D]));
    expect(agent.ask()).toEqual({ steps: [], dueSince: new Map(), wakeInMs: undefined });
  });

  test('members open by rank, each a stagger later, from when it saw the step due', () => {
    const ranks = rankedMembers([A, B, C, D], STUDY, 0, 'opening');
    for (const [rank, msp] of ranks.entries()) {
      const agent = asked(new StudyOnChannel());
      agent.msp = msp;
      agent.monotonic = 10_000;
      const before = agent.ask();
      expect(before.steps.length).toBe(rank === 0 ? 1 : 0);
      expect(before.wakeInMs).toBe(rank === 0 ? undefined : rank * STAGGER_MS);
      agent.monotonic += rank * STAGGER_MS;
      expect(agent.names()).toEqual(['openRound']);
    }
  });

  test('the first round waits for members that have yet to register, for a while', () => {
    const ranks = rankedMembers([A, B, C, D], STUDY, 0, 'opening');
    const agent = asked(new StudyOnChannel({}, [A, B, C, D], ranks.slice(0, 3)));
    agent.msp = ranks[0] as Msp;
    expect(agent.ask()).toMatchObject({ steps: [], wakeInMs: REGISTRATION_GRACE_MS });
    agent.monotonic = REGISTRATION_GRACE_MS;
    expect(agent.names()).toEqual(['openRound']);
  });

  test('fewer registered members than a quorum open nothing', () => {
    const agent = asked(new StudyOnChannel({}, [A, B, C, D], [A, B]));
    agent.monotonic = 1_000_000;
    agent.ask();
    agent.monotonic += 1_000_000;
    expect(agent.names()).toEqual([]);
  });
});

describe('an initial round', () => {
  test('is computed, then attested, by whoever is there', () => {
    const study = new StudyOnChannel();
    study.open(0, 'initial');
    const agent = asked(study);
    expect(agent.names()).toEqual(['aggregate']);
    journalOutcome(agent.journal, STUDY, 0, versionOutcome('version 0'));
    expect(agent.names()).toEqual(['attest']);
    study.attest(0, versionOutcome('version 0'), A);
    expect(agent.names()).toEqual([]);
  });

  test('is confirmed by a slow hospital although the next one is open', () => {
    const study = new StudyOnChannel();
    study.open(0, 'initial');
    study.attest(0, versionOutcome('version 0'), B, C, D);
    study.openTraining();
    expect(asked(study).names()).toEqual(['aggregate']);
  });
});

describe('joining and contributing', () => {
  test('an agent with the base in hand joins, and makes its vector meanwhile', () => {
    expect(training().names()).toEqual(['joinRound', 'makeVector']);
  });

  test('a hospital that the round was not opened for does neither', () => {
    const study = new StudyOnChannel();
    const base = study.recordVersion(0, 'version 0');
    study.open(1, 'training', { base, available: [B, C, D] });
    const agent = asked(study);
    agent.held.add(base.digest);
    expect(agent.names()).toEqual([]);
  });

  test('both versions are needed where the base is a candidate', () => {
    const study = new StudyOnChannel();
    const parent = study.recordVersion(1, 'version 1');
    const base = study.recordVersion(2, 'version 2', { parent, status: 'candidate' });
    study.open(3, 'training', { base, candidateParent: parent });
    const agent = asked(study);
    agent.held.add(base.digest);
    expect(agent.names()).toEqual(['fetchVersion']);
    agent.held.add(parent.digest);
    expect(agent.names()).toEqual(['joinRound', 'makeVector']);
  });

  test('a join that the journal knows nothing of was sent by a lost journal: the round is sat out', () => {
    const agent = training();
    agent.study.join(1, A);
    expect(agent.names()).toEqual([]);
    journalJoin(agent.journal, STUDY, 1, digestOf('version 0'));
    expect(agent.names()).toEqual(['makeVector']);
  });

  test('a vector is shared once the own join stands, with every member that has not signed for it', () => {
    const agent = training().withVector();
    agent.receiptOf(C);
    expect(agent.names()).toEqual(['shareVector BMSP', 'shareVector DMSP']);
  });

  test('a vector whose bytes are lost is made again', () => {
    const agent = training().withVector();
    agent.held.delete(ownVector);
    expect(agent.names()).toEqual(['makeVector']);
  });

  test('nothing is contributed before the roster is fixed, nor without t-1 receipts', () => {
    const agent = training().withVector();
    agent.receiptOf(B);
    agent.receiptOf(C);
    expect(agent.names()).toEqual(['shareVector DMSP']);
    agent.study.join(1, B, C, D);
    expect(agent.names()).toEqual(['shareVector DMSP', 'contribute']);
    agent.receipts.delete(C);
    expect(agent.names()).toEqual(['shareVector CMSP', 'shareVector DMSP']);
  });

  test('a contribution that was sent is sent again as it was, receipts or not', () => {
    const agent = training().withVector();
    agent.study.join(1, B, C, D);
    journalContribution(agent.journal, {
      study: STUDY,
      round: 1,
      vectorDigest: ownVector,
      vectorLength: 6,
      receipts: [],
    });
    expect(agent.names()).toContain('contribute');
    agent.study.contribute(1, A);
    expect(agent.names()).not.toContain('contribute');
  });

  test('a hospital outside the roster owes no contribution', () => {
    const agent = training();
    journalVector(agent.journal, STUDY, 1, ownVector);
    agent.held.add(ownVector);
    agent.study.join(1, B, C, D);
    agent.study.close(1, 'joining', [B, C, D]);
    expect(agent.names()).toEqual([]);
  });
});

describe('attesting', () => {
  test('the outcome is recomputed once the survivors are fixed, then attested', () => {
    const agent = contributed();
    expect(agent.names()).toEqual(['aggregate']);
    journalOutcome(agent.journal, STUDY, 1, versionOutcome('version 1'));
    expect(agent.names()).toEqual(['attest']);
  });

  test('a hospital without the base fetches it first, from those who attested it before all others', () => {
    const agent = contributed();
    agent.held.clear();
    const [step, ...others] = agent.ask().steps;
    expect(others).toEqual([]);
    expect(step).toMatchObject({ name: 'fetchVersion', version: { version: 0 }, holders: [B, C, D] });
  });

  test('a version that this hospital can make itself is fetched only after that has failed', () => {
    const agent = contributed();
    const outcome = versionOutcome('version 1');
    agent.study.attest(1, outcome, B, C, D);
    const base = agent.study.recordVersion(1, 'version 1', { parent: baseOf(0), survivors: [A, B, C, D] });
    agent.study.open(2, 'training', { base });
    expect(agent.names()).toEqual(['aggregate']);
    agent.failures.set(stepKey({ name: 'aggregate', study: STUDY, round: 1 }), 1);
    expect(agent.names()).toEqual(['aggregate', 'fetchVersion']);
  });

  test('after a close that aborted the round nothing is owed to it', () => {
    const agent = contributed();
    agent.study.close(1, 'attesting', [], 'TOO_FEW_ATTESTATIONS');
    expect(agent.names().filter((name) => name !== 'openRound')).toEqual([]);
  });

  test('a hospital that attested otherwise does not go on from there until it has verified', () => {
    const agent = disputing();
    expect(agent.names()).toEqual([]);
    journalDisputeLifted(agent.journal, STUDY, 1, digestOf('version 1'));
    expect(agent.names()).toEqual(['joinRound', 'makeVector']);
  });

  test('a dispute holds for what was made of the disputed version, too', () => {
    const agent = disputing();
    const base = agent.study.recordVersion(2, 'version 2', { parent: baseOf(1), survivors: [B, C, D] });
    agent.study.open(3, 'training', { base });
    agent.held.add(base.digest);
    expect(agent.names()).toEqual([]);
  });

  function disputing(): Asked {
    const agent = contributed();
    agent.study.attest(1, versionOutcome('another'), A);
    agent.study.attest(1, versionOutcome('version 1'), B, C, D);
    const base = agent.study.recordVersion(1, 'version 1', { parent: baseOf(0), survivors: [A, B, C, D] });
    agent.study.open(2, 'training', { base });
    agent.held.add(base.digest);
    return agent;
  }
});

describe('what any member may do', () => {
  const first = (rankedFor: string, round = 1) => rankedMembers([A, B, C, D], STUDY, round, rankedFor)[0] as Msp;

  test('a phase is closed once its deadline has passed by the own clock', () => {
    const agent = training();
    agent.msp = first('joining');
    agent.study.join(1, B, C, D);
    agent.wall = OPENED_AT + 59_000;
    expect(agent.ask().wakeInMs).toBe(1_000);
    agent.wall += 1_000;
    expect(closesOf(agent)).toEqual(['joining']);
  });

  test('joining below a quorum waits for as long as it takes', () => {
    const agent = training();
    agent.study.join(1, C, D);
    agent.wall = OPENED_AT + 1_000_000_000;
    expect(agent.ask().wakeInMs).toBeUndefined();
    expect(closesOf(agent)).toEqual([]);
  });

  test('contributing is closed with whoever contributed, and attesting if nobody agrees', () => {
    const agent = training();
    agent.msp = first('contributing');
    agent.study.join(1, A, B, C, D);
    agent.study.contribute(1, B);
    agent.wall = OPENED_AT + 660_000;
    expect(closesOf(agent)).toEqual(['contributing']);
    const late = contributed();
    late.msp = first('attesting');
    late.wall = OPENED_AT + 87_060_000;
    expect(closesOf(late)).toEqual(['attesting']);
  });

  test('a round in which no outcome can reach t is aborted at once, as is one that was voted down', () => {
    const agent = contributed();
    agent.msp = first('abort');
    for (const [k, msp] of [A, B, C, D].entries()) agent.study.attest(1, versionOutcome(`camp ${k % 2}`), msp);
    expect(agent.names()).toContain('abortRound');
    const voted = training();
    voted.msp = first('abort');
    voted.study.vote('abort~0000000001', [B, C]);
    expect(voted.names()).not.toContain('abortRound');
    voted.study.vote('abort~0000000001', [D]);
    expect(voted.names()).toContain('abortRound');
  });

  test('the next round is opened by naming t members that agreed; after an abort, nobody', () => {
    const agent = contributed();
    agent.msp = first('opening', 2);
    agent.study.attest(1, versionOutcome('version 1'), A, B, C, D);
    expect(openingOf(agent)).toEqual([A, B, C]);
    const aborted = contributed();
    aborted.msp = first('opening', 2);
    aborted.study.close(1, 'attesting', [], 'DISPUTED');
    expect(openingOf(aborted)).toEqual([]);
  });

  test('an outcome without a version is named as well', () => {
    const agent = contributed();
    agent.msp = first('opening', 2);
    const none: Outcome = { kind: 'none', reason: 'ZERO_WEIGHT', sumDigest: digestOf('zero') };
    agent.study.attest(1, none, B, C, D);
    expect(openingOf(agent)).toEqual([B, C, D]);
  });

  test('the last version is recorded, once', () => {
    const agent = evaluated();
    expect(agent.names()).toContain('recordVersion');
    agent.study.recordVersion(1, 'version 0', { parent: baseOf(0) });
    expect(agent.names()).not.toContain('recordVersion');
  });

  test('after too many aborts in a row members vote before anything is opened', () => {
    const study = new StudyOnChannel();
    const base = study.recordVersion(0, 'version 0');
    study.open(1, 'training', { base, progress: { initialRecorded: true, lastAccepted: base, abortsInRow: 4 } });
    study.close(1, 'contributing', [], 'TOO_FEW_CONTRIBUTIONS');
    const agent = asked(study);
    agent.msp = first('opening', 2);
    expect(openingOf(agent)).toBeUndefined();
    study.vote('resume~0000000002', [A, B, C]);
    expect(openingOf(agent)).toEqual([]);
  });

  test('a version that ends in a pause is recorded', () => {
    const study = new StudyOnChannel();
    const parent = study.recordVersion(1, 'version 1');
    const base = study.recordVersion(2, 'version 2', { parent, status: 'candidate' });
    const progress = { initialRecorded: true, lastAccepted: parent, trainingRecorded: 1, rejectionsInRow: 2 };
    study.open(3, 'training', { base, candidateParent: parent, progress });
    study.join(3, A, B, C, D);
    study.contribute(3, A, B, C, D);
    study.vote('veto~0000000002', [A, B, C]);
    study.attest(3, versionOutcome('version 3'), B, C, D);
    const agent = asked(study);
    agent.msp = rankedMembers([A, B, C, D], STUDY, 3, 'recording')[0] as Msp;
    expect(agent.names()).toContain('recordVersion');
    expect(agent.names()).not.toContain('openRound');
  });

  test('the vote end aborts what runs, and leaves nothing else to do', () => {
    const agent = training();
    agent.msp = first('abort');
    agent.study.vote('end', [A, B, C]);
    expect(agent.names()).toEqual(['abortRound']);
    agent.study.close(1, 'joining', [], 'VOTED');
    expect(agent.names()).toEqual([]);
  });

  function evaluated(): Asked {
    const study = new StudyOnChannel();
    const base = study.recordVersion(0, 'version 0');
    study.open(1, 'evaluation', { base, progress: { initialRecorded: true, lastAccepted: base } });
    study.join(1, A, B, C, D);
    study.contribute(1, A, B, C, D);
    study.attest(1, versionOutcome('version 0'), A, B, C, D);
    const agent = asked(study);
    agent.msp = first('recording');
    return agent;
  }
});

function baseOf(version: number): VersionRef {
  return { version, digest: digestOf(`version ${version}`) };
}

function closesOf(agent: Asked): string[] {
  return agent.ask().steps.flatMap((step) => (step.name === 'closePhase' ? [step.phase] : []));
}

function openingOf(agent: Asked): readonly Msp[] | undefined {
  const opening = agent
    .ask()
    .steps.find((step): step is Extract<Step, { name: 'openRound' }> => step.name === 'openRound');
  return opening?.attestedBy;
}
