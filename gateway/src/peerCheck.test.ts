import { refusal } from '@consilium/domain';
import { describe, expect, test } from '@jest/globals';
import type { Log } from './agent/ports.js';
import { peerAnswers, untilPeerAnswers } from './peerCheck.js';

const log: Log = { info: () => {}, warn: () => {}, error: () => {} };
const timers = {
  after: (_ms: number, callback: () => void) => {
    setImmediate(callback);
    return () => undefined;
  },
};
const away = refusal('LEDGER_UNAVAILABLE', { reason: 'connect ECONNREFUSED' });
const differs = refusal('CHAINCODE_DIFFERS', { found: 'a', expected: 'b' });

/** Answers in turn, the last one for ever. */
function answers(...errors: (Error | undefined)[]) {
  let asked = 0;
  return {
    check: async () => {
      const error = errors[Math.min(asked, errors.length - 1)];
      asked += 1;
      if (error) throw error;
    },
    timers,
    log,
    asked: () => asked,
  };
}

describe('the own peer', () => {
  test('may be away when the gateway starts, and is asked until it answers', async () => {
    const check = answers(away, away, undefined);
    expect(await peerAnswers(check)).toBe(false);
    await untilPeerAnswers(check, new AbortController().signal);
    expect(check.asked()).toBe(3);
    expect(await peerAnswers(check)).toBe(true);
  });

  test('with another chaincode is refused for good, at once or when it comes back', async () => {
    await expect(peerAnswers(answers(differs))).rejects.toBe(differs);
    const late = answers(away, differs);
    await expect(untilPeerAnswers(late, new AbortController().signal)).rejects.toBe(differs);
    expect(late.asked()).toBe(2);
  });

  test('is no longer asked when the gateway stops', async () => {
    await expect(untilPeerAnswers(answers(away), AbortSignal.abort(new Error('stopped')))).rejects.toThrow('stopped');
  });
});
