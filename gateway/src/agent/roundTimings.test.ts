import { HospitalTimings } from '@consilium/domain';
import { describe, expect, test } from '@jest/globals';
import { RoundTimings } from './roundTimings.js';
import { StudyReader } from './studyReader.js';
import type { StudyView } from './studyView.js';
import { A, B, C, D, STUDY, StudyOnChannel, versionOutcome } from './testing/studyOnChannel.js';

class Watching {
  readonly study = new StudyOnChannel();
  readonly timings = new RoundTimings(A);
  readonly #reader = new StudyReader(this.study.state);

  look(at: number): string[] {
    const seen = this.timings.observe(this.#reader.study(STUDY) as StudyView, at);
    return seen.map(({ round, phase }) => `${round} ${phase}`);
  }
}

describe('RoundTimings', () => {
  test('notes when each phase is seen over, once', () => {
    const watching = new Watching();
    const { study, timings } = watching;
    expect(watching.look(1)).toEqual([]);
    study.open(0, 'initial');
    expect(watching.look(10)).toEqual(['0 opening']);
    expect(watching.look(11)).toEqual([]);
    study.attest(0, versionOutcome('version 0'), A, B, C);
    expect(watching.look(20)).toEqual(['0 attesting']);
    study.openTraining();
    study.join(1, A, B, C, D);
    expect(watching.look(30)).toEqual(['1 opening', '1 joining']);
    study.contribute(1, A, B, C, D);
    expect(watching.look(40)).toEqual(['1 contributing']);
    expect(timings.of(STUDY, 1)?.phases).toEqual({
      opening: { seenAt: 30 },
      joining: { seenAt: 30 },
      contributing: { seenAt: 40 },
    });
  });

  test('has seen nothing of what was over before it first looked', () => {
    const watching = new Watching();
    watching.study.open(0, 'initial');
    expect(watching.look(10)).toEqual([]);
    watching.study.attest(0, versionOutcome('version 0'), A, B, C);
    watching.look(20);
    expect(watching.timings.of(STUDY, 0)?.phases).toEqual({ attesting: { seenAt: 20 } });
  });

  test('a round that was aborted was never attested', () => {
    const watching = new Watching();
    watching.look(1);
    watching.study.open(0, 'initial');
    watching.study.close(0, 'attesting', [], 'DISPUTED');
    expect(watching.look(10)).toEqual(['0 opening']);
  });

  test('a fact is in hand when it first was, a close each time that it is sent', () => {
    const { timings } = new Watching();
    timings.ready(STUDY, 1, 'joining', 5);
    timings.ready(STUDY, 1, 'joining', 6);
    expect(timings.isReady(STUDY, 1, 'joining')).toBe(true);
    expect(timings.isReady(STUDY, 1, 'contributing')).toBe(false);
    expect(timings.of(STUDY, 1)?.phases.joining).toEqual({ readyAt: 5 });
    timings.closing(STUDY, 1, 'joining', 7);
    expect(timings.of(STUDY, 1)?.phases.joining).toEqual({ readyAt: 7 });
  });

  test('gives what the interface publishes, and nothing for a round it never saw', () => {
    const { timings } = new Watching();
    timings.span(STUDY, 1, 'training', 3, 9);
    expect(HospitalTimings.parse(timings.of(STUDY, 1)).spans).toEqual([{ work: 'training', from: 3, to: 9 }]);
    expect(timings.of(STUDY, 2)).toBeUndefined();
  });
});
