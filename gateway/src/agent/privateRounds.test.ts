import { describe, expect, test } from '@jest/globals';
import { Asked } from './testing/asked.js';
import { A, B, C, D, STUDY, StudyOnChannel } from './testing/studyOnChannel.js';

function withSecrets(): Asked {
  const at = new Asked(new StudyOnChannel({ mode: 'private' }));
  at.study.openTraining();
  at.secrets = { newest: 'masked', shareKeys: [0, 1], rounds: [1] };
  return at;
}
const forgotten = (at: Asked) => at.ask().steps.filter(({ name }) => name === 'forgetSecrets');

describe('secrets of a study', () => {
  test('stay while it goes on', () => {
    expect(forgotten(withSecrets())).toEqual([]);
  });

  test('are all destroyed once members voted to end it, and what ran is settled', () => {
    const at = withSecrets();
    at.study.vote('end', [B, C, D]);
    expect(forgotten(at)).toEqual([]);
    at.study.close(1, 'contributing', [A], 'VOTED');
    expect(forgotten(at)).toEqual([{ name: 'forgetSecrets', study: STUDY, round: 1, shareKeys: [0, 1], rounds: [1] }]);
  });

  test('are destroyed where it was ended before its first round', () => {
    const at = new Asked(new StudyOnChannel({ mode: 'private' }));
    at.secrets = { newest: undefined, shareKeys: [0], rounds: [] };
    expect(forgotten(at)).toEqual([]);
    at.study.vote('end', [B, C, D]);
    expect(forgotten(at)).toMatchObject([{ shareKeys: [0] }]);
  });
});
