import { describe, expect, test } from '@jest/globals';
import { CONSENT_ORDERS_MAX, CONSENT_QUEUE_EVENTS_MAX } from './consentLimits.js';
import type { ConsentOrder } from './consentTypes.js';
import { Recorder, type RecorderParts } from './recorder.js';

const order = (kind: ConsentOrder['kind']): ConsentOrder => ({ patient: '1', kind, reason: 'patient-asked' });
const BY = { name: 'steward', role: 'data-steward' as const };

/** A queue that is full, and a store that would be asked next. */
const full = new Recorder({
  outbox: { waiting: () => CONSENT_QUEUE_EVENTS_MAX },
  records: {
    live() {
      throw new Error('looked up');
    },
  },
} as unknown as RecorderParts);

describe('a full queue', () => {
  test('turns grants away by its limit, and no withdrawal', async () => {
    await expect(full.record([order('grant')], BY)).rejects.toThrow(/^CONSENT_QUEUE_FULL.*1000000/);
    await expect(full.record([order('withdraw')], BY)).rejects.toThrow('looked up');
  });
});

describe('a call', () => {
  test('has one order at least, and so many at most', async () => {
    await expect(full.record([], BY)).rejects.toThrow(/^INPUT_INVALID/);
    const many = Array.from({ length: CONSENT_ORDERS_MAX + 1 }, () => order('withdraw'));
    await expect(full.record(many, BY)).rejects.toThrow(/^INPUT_INVALID/);
  });
});
