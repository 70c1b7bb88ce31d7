import { GatewayError } from '@hyperledger/fabric-gateway';
import { describe, expect, test } from '@jest/globals';
import { untilDone } from './patience.js';

const NEVER = new AbortController().signal;

describe('untilDone', () => {
  test('tries again after a failure and after an attempt whose outcome is still to be seen', async () => {
    const outcomes = [() => Promise.reject(new Error('not yet')), async () => undefined, async () => 'joined'];
    expect(await untilDone('joining', NEVER, async () => outcomes.shift()?.())).toBe('joined');
    expect(outcomes).toEqual([]);
  });

  test('gives up when the time is over, with the last reason and what each peer said', async () => {
    const failure = new GatewayError({
      code: 10,
      details: [
        { address: 'localhost:1', mspId: 'AMSP', message: 'access denied' },
        { address: 'localhost:2', mspId: 'BMSP', message: 'access denied' },
      ],
      cause: Object.assign(new Error('cause'), { code: 10, details: '', metadata: undefined as never }),
      message: 'failed to endorse',
    });
    await expect(untilDone('approving', NEVER, () => Promise.reject(failure), 250)).rejects.toThrow(
      /^CHANNEL_FAILED: the channel did not come up: approving: failed to endorse; access denied$/,
    );
    await expect(untilDone('waiting', NEVER, async () => undefined, 1)).rejects.toThrow(
      'waiting: it was not done in time',
    );
  });

  test('stops at once when it is told to', async () => {
    const stop = new AbortController();
    let attempts = 0;
    const waiting = untilDone('joining', stop.signal, async () => {
      attempts += 1;
      if (attempts === 2) stop.abort(new Error('interrupted'));
      return undefined;
    });
    await expect(waiting).rejects.toThrow('interrupted');
    expect(attempts).toBe(2);
  });
});
