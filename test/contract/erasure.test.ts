/** Erasure is refused while a hold or a retention period runs; afterwards a tombstone stands, and nothing is added to the record. */
import { describe, expect, test } from '@jest/globals';
import {
  DAY_MS,
  epochOf,
  eventOf,
  expectRefused,
  OWN,
  recordEvents,
  refOf,
  withPolicy,
} from '../support/consentOnChannel.js';
import { type ContractChannel, digestOf, HOSPITALS } from '../support/contractChannel.js';

const HOLD = 'ConsentContract:holdRecord';
const ERASE = 'ConsentContract:eraseRecord';
const READ_LOG = 'ConsentContract:anchorReadLog';
const ADA = refOf('ada');

const hold = (changes: object = {}) => ({
  ref: ADA,
  stands: true,
  ground: 'gdpr-17-3-e' as const,
  until: null,
  reason: 'a claim is pending',
  ...changes,
});
const erase = (changes: object = {}) => ({
  ref: ADA,
  ground: 'gdpr-17-1-b' as const,
  receiptHash: digestOf('receipt'),
  ...changes,
});

/** Ada granted, and withdrew unless she is still in. */
async function withAda(policy: Parameters<typeof withPolicy>[0] = {}, withdrew = true): Promise<ContractChannel> {
  const channel = await withPolicy(policy);
  await recordEvents(channel, [eventOf(channel, 'ada', 0)]);
  if (withdrew) await recordEvents(channel, [eventOf(channel, 'ada', 1, 'withdraw')]);
  return channel;
}

describe('erasure', () => {
  test('leaves a tombstone, once, and the epoch as it was where nothing was allowed any more', async () => {
    const channel = await withAda();
    const before = epochOf(channel);
    expect(await channel.submit(ERASE, erase(), OWN)).toEqual({
      msp: OWN,
      ...erase(),
      erasedBy: { id: `x509::/CN=compliance-officer/O=${OWN}`, role: 'compliance-officer' },
      erasedAt: channel.now - 10,
    });
    expect(epochOf(channel)).toBe(before);
    expect(await channel.endorse(ERASE, erase(), OWN)).toMatchObject({ ok: true, readWriteSet: { writes: [] } });
    await expectRefused(channel, ERASE, erase({ receiptHash: digestOf('other') }), [
      'CONSENT_RECORD_ERASED',
      /was erased/,
    ]);
    await expectRefused(channel, HOLD, hold(), ['CONSENT_RECORD_ERASED', /was erased/]);
  });

  test('restricts where the record still allowed something', async () => {
    const channel = await withAda({}, false);
    await channel.submit(ERASE, erase(), OWN);
    expect(epochOf(channel)).toBe(1);
  });

  test('ends a record: no event is added, and those that stand may be sent again', async () => {
    const channel = await withAda();
    await channel.submit(ERASE, erase(), OWN);
    const sentAgain = { ...eventOf(channel, 'ada', 0), effectiveFrom: eventTime(channel, 0) };
    expect(await recordEvents(channel, [sentAgain])).toMatchObject({ recorded: 0, standing: 1 });
    await expectRefused(channel, 'ConsentContract:recordConsents', { events: [eventOf(channel, 'ada', 2)] }, [
      'CONSENT_RECORD_ERASED',
      /a new consent starts a new record/,
    ]);
  });

  test('is refused under a standing hold, naming the article, until it is lifted or over', async () => {
    const channel = await withAda();
    await channel.submit(HOLD, hold(), OWN);
    expect(await channel.endorse(HOLD, hold(), OWN)).toMatchObject({ ok: true, readWriteSet: { writes: [] } });
    await expectRefused(channel, ERASE, erase(), [
      'CONSENT_ERASURE_ON_HOLD',
      /GDPR article 17\(3\)\(e\) \(legal hold of .*\) until it is lifted/,
    ]);
    const until = channel.now + DAY_MS;
    await channel.submit(HOLD, hold({ until }), OWN);
    await expectRefused(channel, ERASE, erase(), [
      'CONSENT_ERASURE_ON_HOLD',
      new RegExp(new Date(until).toISOString()),
    ]);
    channel.now = until;
    expect((await channel.endorse(ERASE, erase(), OWN)).ok).toBe(true);
    await channel.submit(HOLD, hold(), OWN);
    await channel.submit(HOLD, hold({ stands: false }), OWN);
    expect(await channel.submit(ERASE, erase(), OWN)).toMatchObject({ ref: ADA });
  });

  test('is refused while the retention runs that the policy of the last event declares', async () => {
    const channel = await withAda({ retentionDays: 365 });
    const last = channel.now - 10;
    channel.now = last + 365 * DAY_MS - 1;
    await expectRefused(channel, ERASE, erase(), [
      'CONSENT_ERASURE_ON_HOLD',
      /GDPR article 17\(3\)\(b\) \(365 days of retention after the last event, policy 1\) until/,
    ]);
    channel.now += 1;
    expect(await channel.submit(ERASE, erase(), OWN)).toMatchObject({ ref: ADA });
  });

  test('is of a record that is known, and on a ground to erase', async () => {
    const channel = await withAda();
    const unknown = refOf('nobody');
    for (const [name, command] of [
      [ERASE, erase({ ref: unknown })],
      [HOLD, hold({ ref: unknown })],
    ] as const)
      await expectRefused(channel, name, command as never, ['CONSENT_RECORD_UNKNOWN', /no such consent record/]);
    // Another hospital has no such record either.
    await channel.submit('ConsentContract:publishPolicy', { ...policy, title: 'B' }, HOSPITALS[1] as typeof OWN);
    await expectRefused(channel, ERASE, erase(), ['CONSENT_RECORD_UNKNOWN', /no such/], HOSPITALS[1]);
    await expectRefused(channel, ERASE, erase({ ground: 'gdpr-17-3-b' }), [
      'INPUT_INVALID',
      /ground to keep, not to erase/,
    ]);
    await expectRefused(channel, HOLD, hold({ ground: 'gdpr-17-1-a' }), ['INPUT_INVALID', /no ground to keep/]);
    await expectRefused(channel, HOLD, hold({ until: channel.now }), ['INPUT_INVALID', /ends in the future/]);
    await expectRefused(channel, HOLD, hold({ stands: false }), ['INPUT_INVALID', /no hold on this record/]);
    for (const role of ['data-steward', 'admin', 'patient-desk'] as const)
      await expectRefused(channel, ERASE, erase(), ['ROLE_REQUIRED', /compliance-officer/], OWN, role);
  });

  test('of a record that is kept at home, whose events the channel does not know', async () => {
    const channel = await withPolicy({ placement: 'roots' });
    await channel.submit(ERASE, erase(), OWN);
    expect(epochOf(channel)).toBe(1);
    await channel.submit('ConsentContract:publishPolicy', { ...policy, placement: 'ledger' }, OWN);
    // Its ref does not begin again on the channel.
    const again = { events: [eventOf(channel, 'ada', 0, 'grant', { policyVersion: 2 })] };
    await expectRefused(channel, 'ConsentContract:recordConsents', again, ['CONSENT_RECORD_ERASED', /was erased/]);
  });
});

const policy = {
  title: 'A',
  textHash: digestOf('t'),
  permittedPurposes: [],
  dataClasses: [],
  legalBasis: 'consent' as const,
};

function eventTime(channel: ContractChannel, seq: number): number {
  return JSON.parse(channel.ledger.read(`consent~${OWN}~${ADA}~000000000${seq}`) as string).effectiveFrom;
}

describe('the head of a log of reads', () => {
  const head = (entries: number, changes: object = {}) => ({
    day: '2026-01-01',
    head: digestOf(`log of ${entries}`),
    entries,
    ...changes,
  });

  test('gives way only to one with more entries', async () => {
    const channel = await withPolicy();
    await channel.submit(READ_LOG, head(3), OWN);
    expect(await channel.endorse(READ_LOG, head(3), OWN)).toMatchObject({ ok: true, readWriteSet: { writes: [] } });
    for (const wrong of [head(2), head(3, { head: digestOf('another') })])
      await expectRefused(channel, READ_LOG, wrong, ['READ_LOG_BROKEN', /3 entries of 2026-01-01 are anchored/]);
    expect(await channel.submit(READ_LOG, head(4), OWN)).toMatchObject({ entries: 4, msp: OWN });
    // Another hospital's log is its own.
    expect(await channel.submit(READ_LOG, head(1), HOSPITALS[1] as typeof OWN)).toMatchObject({ entries: 1 });
  });

  test('is of a day that has begun, by the agent', async () => {
    const channel = await withPolicy();
    await expectRefused(channel, READ_LOG, head(1, { day: '2026-01-02' }), ['INPUT_INVALID', /has not begun/]);
    await expectRefused(channel, READ_LOG, head(1), ['ROLE_REQUIRED', /agent/], OWN, 'compliance-officer');
  });
});
