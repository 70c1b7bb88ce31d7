/** Patients' records grow event by event: never out of order, never over each other, never back in time. */
import { CONSENT_EVENTS_PER_TRANSACTION_MAX, type ConsentKind } from '@consilium/domain';
import { describe, expect, test } from '@jest/globals';
import {
  DAY_MS,
  type EventInput,
  epochOf,
  eventOf,
  expectRefused,
  GENERAL_RESEARCH,
  OWN,
  policyText,
  recordEvents,
  refOf,
  withPolicy,
} from '../support/consentOnChannel.js';
import { type ContractChannel, digestOf, HOSPITALS } from '../support/contractChannel.js';

const RECORD = 'ConsentContract:recordConsents';
const WITHDRAW = 'ConsentContract:withdrawConsents';
const standing = (channel: ContractChannel, patient: string, seq: number) =>
  JSON.parse(channel.ledger.read(`consent~${OWN}~${refOf(patient)}~${String(seq).padStart(10, '0')}`) ?? 'null');

/** Ada's record is brought to an event of this kind. */
async function withAda(last: ConsentKind): Promise<{ channel: ContractChannel; seq: number }> {
  const channel = await withPolicy();
  const before: ConsentKind[] =
    last === 'opt-in' ? ['opt-out'] : last === 'grant' || last === 'opt-out' ? [] : ['grant'];
  const kinds = [...before, last];
  for (const [seq, kind] of kinds.entries()) await recordEvents(channel, [eventOf(channel, 'ada', seq, kind)]);
  return { channel, seq: kinds.length };
}

describe('an event', () => {
  test('stands with who recorded it, when, and what it follows', async () => {
    const channel = await withPolicy();
    const at = channel.now;
    const grant = eventOf(channel, 'ada', 0, 'grant', { effectiveFrom: at - 1_000 });
    expect(await recordEvents(channel, [grant])).toEqual({ msp: OWN, recorded: 1, standing: 0, epoch: null });
    expect(standing(channel, 'ada', 0)).toEqual({
      ...grant,
      msp: OWN,
      supersedes: null,
      restricts: false,
      recordedBy: { id: `x509::/CN=data-steward/O=${OWN}`, role: 'data-steward' },
      recordedAt: at,
    });
    await recordEvents(channel, [eventOf(channel, 'ada', 1, 'withdraw')]);
    expect(standing(channel, 'ada', 1)).toMatchObject({ kind: 'withdraw', supersedes: 0, restricts: true });
  });

  test('is one of several of its record in a batch, in their order', async () => {
    const channel = await withPolicy();
    const events = (['grant', 'change', 'withdraw', 'grant'] as const).map((kind, seq) =>
      eventOf(channel, 'ada', seq, kind),
    );
    expect(await recordEvents(channel, [...events, eventOf(channel, 'ben', 0)])).toMatchObject({
      recorded: 5,
      epoch: 1,
    });
    expect(standing(channel, 'ada', 3)).toMatchObject({ kind: 'grant', supersedes: 2 });
    await expectRefused(channel, RECORD, { events: [eventOf(channel, 'eve', 1), eventOf(channel, 'eve', 0)] }, [
      'CONSENT_EVENT_OUT_OF_ORDER',
      /event 1 .* 0 is next/,
    ]);
  });

  test('again is success and writes nothing, whoever sends it, alone or among new ones', async () => {
    const channel = await withPolicy();
    const events = [eventOf(channel, 'ada', 0), eventOf(channel, 'ada', 1, 'withdraw')];
    await recordEvents(channel, events);
    channel.now += DAY_MS;
    const again = await channel.endorse(RECORD, { events }, OWN, 'patient-desk');
    expect(again).toMatchObject({ ok: true, event: null, readWriteSet: { writes: [] } });
    expect(again.ok && JSON.parse(again.response)).toEqual({ msp: OWN, recorded: 0, standing: 2, epoch: null });
    const half = await channel.endorse(RECORD, { events: [...events, ...events, eventOf(channel, 'ben', 0)] }, OWN);
    expect(half.ok && JSON.parse(half.response)).toMatchObject({ recorded: 1, standing: 4, epoch: null });
    expect(half.ok && half.readWriteSet.writes.map(({ key }) => key)).toEqual([
      `consent~${OWN}~${refOf('ben')}~0000000000`,
    ]);
    expect(epochOf(channel)).toBe(1);
  });

  test('is never replaced by another one under its number', async () => {
    const channel = await withPolicy();
    const grant = eventOf(channel, 'ada', 0);
    await recordEvents(channel, [grant]);
    const changes: Partial<EventInput>[] = [
      { commitment: digestOf('other') },
      { codes: [GENERAL_RESEARCH] },
      { kind: 'opt-out' },
      { effectiveFrom: channel.now + 1 },
      { reason: 'correction' },
      { meaning: 'corrected' },
      { validTo: channel.now + DAY_MS },
      { narrows: true },
    ];
    for (const change of changes)
      await expectRefused(channel, RECORD, { events: [{ ...grant, ...change }] }, [
        'CONSENT_EVENT_EXISTS',
        /event 0 of this record stands already with other content/,
      ]);
    // Nor within one batch.
    const ben = eventOf(channel, 'ben', 0);
    await expectRefused(channel, RECORD, { events: [ben, { ...ben, commitment: digestOf('x') }] }, [
      'CONSENT_EVENT_EXISTS',
      /event 0/,
    ]);
  });

  test('leaves no gap, and is told which one is next', async () => {
    const channel = await withPolicy();
    await recordEvents(channel, [eventOf(channel, 'ada', 0), eventOf(channel, 'ada', 1, 'change')]);
    const next = [eventOf(channel, 'ada', 2, 'change'), eventOf(channel, 'ada', 4, 'change')];
    await expectRefused(channel, RECORD, { events: [next[1] as EventInput] }, [
      'CONSENT_EVENT_OUT_OF_ORDER',
      /2 is next/,
    ]);
    await expectRefused(channel, RECORD, { events: next }, ['CONSENT_EVENT_OUT_OF_ORDER', /event 4 .* 3 is next/]);
    await expectRefused(channel, RECORD, { events: [eventOf(channel, 'new', 7)] }, [
      'CONSENT_EVENT_OUT_OF_ORDER',
      /0 is next/,
    ]);
  });

  test('takes so many beside it as a transaction holds, and refuses the whole batch for one of them', async () => {
    const channel = await withPolicy();
    const events = Array.from({ length: CONSENT_EVENTS_PER_TRANSACTION_MAX }, (_, k) => eventOf(channel, `p${k}`, 0));
    const bad = [...events.slice(1), eventOf(channel, 'p0', 1)];
    await expectRefused(channel, RECORD, { events: bad }, ['CONSENT_EVENT_OUT_OF_ORDER', /event 1/]);
    await expectRefused(channel, RECORD, { events: [...events, eventOf(channel, 'more', 0)] }, [
      'INPUT_INVALID',
      /events/,
    ]);
    expect(await recordEvents(channel, events)).toMatchObject({ recorded: CONSENT_EVENTS_PER_TRANSACTION_MAX });
    const more = { events: events.map((event, k) => ({ ...event, ref: refOf(`q${k}`) })) };
    const endorsed = await channel.endorse(RECORD, more, OWN);
    // A first event costs one read: its own key.
    expect(endorsed.ok && endorsed.readWriteSet.reads).toHaveLength(CONSENT_EVENTS_PER_TRANSACTION_MAX);
  });
});

describe('a kind', () => {
  const ENDS = ['withdraw', 'expire', 'opt-out'] as const;
  test.each<[ConsentKind, readonly ConsentKind[]]>([
    ['grant', ['grant', 'change', 'opt-in', ...ENDS]],
    ['opt-out', ['grant', 'change', 'opt-in', ...ENDS]],
    ['withdraw', ['grant', 'change', 'opt-in', ...ENDS]],
    ['expire', ['grant', 'change', 'opt-in', ...ENDS]],
    ['change', ['grant', 'change', 'opt-in']],
    ['opt-in', ['opt-out']],
  ])('%s follows %p alone', async (kind, after) => {
    for (const last of ['grant', 'change', 'opt-in', ...ENDS] as const) {
      const { channel, seq } = await withAda(last);
      const command = { events: [eventOf(channel, 'ada', seq, kind)] };
      if (after.includes(last)) expect(await channel.submit(RECORD, command, OWN)).toMatchObject({ recorded: 1 });
      else
        await expectRefused(channel, RECORD, command, [
          'CONSENT_KIND_MISPLACED',
          new RegExp(`a ${kind} cannot follow event ${seq - 1}, a ${last}: a grant begins it anew`),
        ]);
    }
  });

  test.each<ConsentKind>(['withdraw', 'expire', 'change', 'opt-in'])('%s begins no record', async (kind) => {
    const channel = await withPolicy();
    await expectRefused(channel, RECORD, { events: [eventOf(channel, 'ada', 0, kind)] }, [
      'CONSENT_KIND_MISPLACED',
      /cannot follow nothing: a record begins with a grant or an opt-out/,
    ]);
  });
});

describe('the time that an event takes effect', () => {
  const dated = (
    channel: ContractChannel,
    seq: number,
    kind: ConsentKind,
    by: number,
    changes: Partial<EventInput> = {},
  ) => ({
    events: [eventOf(channel, 'ada', seq, kind, { effectiveFrom: channel.now + by, ...changes })],
  });

  test('of a grant is not in the future, beyond the skew of clocks', async () => {
    const channel = await withPolicy();
    await expectRefused(channel, RECORD, dated(channel, 0, 'grant', 5_001), ['CONSENT_EVENT_BACKDATED', /^a grant/]);
    expect(await channel.submit(RECORD, dated(channel, 0, 'grant', 5_000), OWN)).toMatchObject({ recorded: 1 });
  });

  test('of a grant lies far in the past only where it was imported', async () => {
    const channel = await withPolicy();
    const years = -3_000 * DAY_MS;
    await expectRefused(channel, RECORD, dated(channel, 0, 'grant', years), [
      'CONSENT_EVENT_BACKDATED',
      /its reason is patient-asked, not that it was imported/,
    ]);
    const imported = dated(channel, 0, 'grant', years, { reason: 'imported-from-paper' });
    expect(await channel.submit(RECORD, imported, OWN)).toMatchObject({ recorded: 1 });
    expect(standing(channel, 'ada', 0)).toMatchObject({
      effectiveFrom: channel.now - 10 + years,
      recordedAt: channel.now - 10,
    });
  });

  test.each<ConsentKind>(['withdraw', 'expire', 'opt-out'])('of a %s is never in the future', async (kind) => {
    const { channel, seq } = await withAda('grant');
    await expectRefused(channel, RECORD, dated(channel, seq, kind, 1), ['CONSENT_EVENT_BACKDATED', /and recorded at/]);
    expect(await channel.submit(RECORD, dated(channel, seq, kind, 0), OWN)).toMatchObject({ recorded: 1 });
  });

  test('of a withdrawal is when it acted at home, however long the channel was out of reach', async () => {
    const { channel, seq } = await withAda('grant');
    const home = channel.now;
    channel.now += 40 * DAY_MS;
    await channel.submit(
      WITHDRAW,
      { events: [eventOf(channel, 'ada', seq, 'withdraw', { effectiveFrom: home })] },
      OWN,
    );
    expect(standing(channel, 'ada', seq)).toMatchObject({ effectiveFrom: home, recordedAt: home + 40 * DAY_MS });
  });

  test('is never before the event that it follows: nothing obscures what was in force', async () => {
    const { channel } = await withAda('grant');
    const granted = channel.now - 10;
    channel.now += DAY_MS;
    const withdrawn = channel.now;
    await recordEvents(channel, [eventOf(channel, 'ada', 1, 'withdraw')]);
    channel.now += DAY_MS;
    // A grant that would have been in force while the withdrawal was.
    const obscuring = eventOf(channel, 'ada', 2, 'grant', {
      effectiveFrom: withdrawn - 1,
      reason: 'imported-from-paper',
    });
    await expectRefused(channel, RECORD, { events: [obscuring] }, [
      'CONSENT_EVENT_BACKDATED',
      /before event 1, in force from/,
    ]);
    // A withdrawal that would make the grant never have been.
    const backdated = eventOf(channel, 'ada', 2, 'withdraw', { effectiveFrom: granted });
    await expectRefused(channel, WITHDRAW, { events: [backdated] }, ['CONSENT_EVENT_BACKDATED', /before event 1/]);
    // The clock of a desk may be a little behind that of the gateway: its withdrawal is not lost.
    const close = eventOf(channel, 'ada', 2, 'withdraw', { effectiveFrom: withdrawn - 5_000 });
    expect(await channel.submit(WITHDRAW, { events: [close] }, OWN)).toMatchObject({ recorded: 1 });
  });
});

describe('the restriction epoch grows', () => {
  const grant = { codes: ['DUO:0000006', 'DUO:0000018'], validFrom: null, validTo: null };
  test.each<[string, ConsentKind, Partial<EventInput>, boolean]>([
    ['with a withdrawal', 'withdraw', {}, true],
    ['with an expiry', 'expire', {}, true],
    ['with an opt-out', 'opt-out', {}, true],
    ['with a change that says so', 'change', { ...grant, narrows: true }, true],
    ['with an end that comes nearer', 'change', { ...grant, validTo: 4_000_000_000_000 }, true],
    ['with a beginning that moves away', 'change', { ...grant, validFrom: 1 }, true],
    ['with a permission that is gone', 'change', { ...grant, codes: ['DUO:0000018'] }, true],
    ['with a restriction that is new', 'change', { ...grant, codes: [...grant.codes, 'DUO:0000021'] }, true],
    ['with a second grant of less', 'grant', { ...grant, codes: ['DUO:0000018'] }, true],
    ['not with a change of nothing', 'change', grant, false],
    ['not with a restriction that is gone', 'change', { ...grant, codes: ['DUO:0000006'] }, false],
    ['not with a permission that is new', 'change', { ...grant, codes: [...grant.codes, 'DUO:0000042'] }, false],
  ])('%s', async (_, kind, changes, restricts) => {
    const channel = await withPolicy();
    await recordEvents(channel, [eventOf(channel, 'ada', 0, 'grant', grant)]);
    expect(epochOf(channel)).toBe(0);
    const answer = await recordEvents(channel, [eventOf(channel, 'ada', 1, kind, changes)]);
    expect(answer).toMatchObject({ epoch: restricts ? 1 : null });
    expect(standing(channel, 'ada', 1)).toMatchObject({ restricts });
    expect(epochOf(channel)).toBe(restricts ? 1 : 0);
  });

  test('once for a transaction, and not with a grant after an end', async () => {
    const channel = await withPolicy();
    await recordEvents(
      channel,
      ['ada', 'ben', 'eve'].map((patient) => eventOf(channel, patient, 0)),
    );
    const ends = ['ada', 'ben', 'eve'].map((patient) => eventOf(channel, patient, 1, 'withdraw'));
    expect(await recordEvents(channel, ends)).toMatchObject({ recorded: 3, epoch: 1 });
    const less = eventOf(channel, 'ada', 2, 'grant', {
      codes: ['DUO:0000007', 'DUO:0000018'],
      validTo: channel.now + 1,
    });
    expect(await recordEvents(channel, [less])).toMatchObject({ epoch: null });
  });
});

describe('refused is', () => {
  test('a withdrawal that grants, or changes without narrowing', async () => {
    const { channel, seq } = await withAda('grant');
    for (const kind of ['grant', 'change'] as const)
      await expectRefused(channel, WITHDRAW, { events: [eventOf(channel, 'ada', seq, kind)] }, [
        'INPUT_INVALID',
        new RegExp(`events.0: a ${kind} that does not narrow`),
      ]);
    const narrowing = { events: [eventOf(channel, 'ada', seq, 'change', { narrows: true })] };
    expect(await channel.submit(WITHDRAW, narrowing, OWN, 'patient-desk')).toMatchObject({ recorded: 1, epoch: 1 });
  });

  test('an event under a policy that is not there, or that keeps events at home', async () => {
    const channel = await withPolicy();
    const later = { events: [eventOf(channel, 'ada', 0, 'grant', { policyVersion: 2 })] };
    await expectRefused(channel, RECORD, later, ['CONSENT_POLICY_UNKNOWN', /no consent policy 2/]);
    await channel.submit('ConsentContract:publishPolicy', policyText({ placement: 'roots' }), OWN);
    await expectRefused(channel, RECORD, later, [
      'CONSENT_PLACEMENT_WRONG',
      /puts roots of batches alone on the channel: record a root instead/,
    ]);
    // What began on the channel goes on there, under the words that it began with.
    expect(await recordEvents(channel, [eventOf(channel, 'ada', 0)])).toMatchObject({ recorded: 1 });
    // Another hospital's policy is not this one's.
    await expectRefused(
      channel,
      RECORD,
      { events: [eventOf(channel, 'ada', 0)] },
      ['CONSENT_POLICY_UNKNOWN', /VaMSP/],
      HOSPITALS[3],
    );
  });

  test('any event by whom it is not for', async () => {
    const channel = await withPolicy();
    const command = { events: [eventOf(channel, 'ada', 0)] };
    for (const role of ['researcher', 'compliance-officer', 'agent', 'auditor', null] as const)
      await expectRefused(channel, RECORD, command, ['ROLE_REQUIRED', /data-steward or patient-desk/], OWN, role);
  });

  test('an event outside the skew of clocks', async () => {
    const channel = await withPolicy();
    const proposal = {
      transaction: RECORD,
      argument: JSON.stringify({ events: [eventOf(channel, 'ada', 0)] }),
      creator: { msp: OWN, role: 'data-steward', id: 'steward' },
      txId: 't',
      timestampMs: channel.now - DAY_MS,
    };
    expect(await channel.ledger.simulate(proposal, { clockMs: channel.now })).toMatchObject({
      ok: false,
      error: expect.stringMatching(/^CLOCK_SKEW/),
    });
  });
});
