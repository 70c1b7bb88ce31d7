/** Who reads what of consent, and what a page of it holds. */
import type { Msp, Role } from '@consilium/domain';
import { describe, expect, test } from '@jest/globals';
import {
  cohortJoin,
  eventOf,
  joiningWithConsent,
  OWN,
  policyText,
  recordEvents,
  refOf,
  withPolicy,
} from '../support/consentOnChannel.js';
import { digestOf, HOSPITALS, STUDY } from '../support/contractChannel.js';

const HISTORY = 'ConsentContract:consentHistory';
const OTHER = HOSPITALS[1] as Msp;
const READERS: readonly Role[] = ['compliance-officer', 'data-steward', 'patient-desk', 'auditor'];

describe('the history of a record', () => {
  const ref = refOf('ada');
  async function withHistory() {
    const channel = await withPolicy();
    await recordEvents(channel, [eventOf(channel, 'ada', 0), eventOf(channel, 'ada', 1, 'withdraw')]);
    await recordEvents(channel, [eventOf(channel, 'ben', 0)]);
    const hold = { ref, stands: true, ground: 'gdpr-17-3-e' as const, until: channel.now + 1_000, reason: '' };
    await channel.submit('ConsentContract:holdRecord', hold, OWN);
    channel.now += 1_000;
    const erase = { ref, ground: 'gdpr-17-1-b' as const, receiptHash: digestOf('receipt') };
    await channel.submit('ConsentContract:eraseRecord', erase, OWN);
    return channel;
  }

  test('is its events in order, its hold and its tombstone, and nothing of others', async () => {
    const channel = await withHistory();
    const { items, cursor } = await channel.query(HISTORY, { msp: OWN, ref });
    expect(items.map(({ key }) => key)).toEqual([
      `consent~${OWN}~${ref}~0000000000`,
      `consent~${OWN}~${ref}~0000000001`,
      `hold~${OWN}~${ref}`,
      `tombstone~${OWN}~${ref}`,
    ]);
    expect(cursor).toBeNull();
    const first = await channel.query(HISTORY, { msp: OWN, ref, items: 3 });
    expect(first.items).toHaveLength(3);
    const rest = await channel.query(HISTORY, { msp: OWN, ref, ...(first.cursor ? { cursor: first.cursor } : {}) });
    expect([...first.items, ...rest.items]).toEqual(items);
    expect((await channel.query(HISTORY, { msp: OWN, ref: refOf('nobody') })).items).toEqual([]);
  });

  test.each(READERS)('is read in the own hospital by the %s', async (role) => {
    const channel = await withHistory();
    expect((await channel.query(HISTORY, { msp: OWN, ref }, OWN, role)).items).toHaveLength(4);
    const foreign = channel.query(HISTORY, { msp: OWN, ref }, OTHER, role);
    if (role === 'auditor') expect((await foreign).items).toHaveLength(4);
    else await expect(foreign).rejects.toThrow(/^CONSENT_FOREIGN_RECORD: HungaryMSP reads and writes its own/);
  });

  test.each(['researcher', 'agent', 'admin', 'clinical-approver'] as const)('is not read by the %s', async (role) => {
    const channel = await withHistory();
    await expect(channel.query(HISTORY, { msp: OWN, ref }, OWN, role)).rejects.toThrow(/^ROLE_REQUIRED/);
  });
});

describe('the histories of the patients of a cohort', () => {
  const COHORT_HISTORY = 'ConsentContract:cohortHistory';

  test('are read together with the join that the cohort stands in', async () => {
    const channel = await joiningWithConsent();
    await recordEvents(channel, [eventOf(channel, 'ada', 0), eventOf(channel, 'ben', 0)]);
    const refs = [refOf('ben'), refOf('ada'), refOf('ben')];
    const asked = { study: STUDY, round: 1, msp: OWN, refs };
    await expect(channel.query(COHORT_HISTORY, asked)).rejects.toThrow(/^CONSENT_COHORT_UNKNOWN/);
    await channel.submit('RoundContract:joinRound', cohortJoin(channel), OWN);
    const { items } = await channel.query(COHORT_HISTORY, asked);
    expect(items.map(({ key }) => key)).toEqual(refs.slice(0, 2).map((ref) => `consent~${OWN}~${ref}~0000000000`));
    await expect(channel.query(COHORT_HISTORY, asked, OTHER, 'compliance-officer')).rejects.toThrow(
      /^CONSENT_FOREIGN_RECORD/,
    );
    expect((await channel.query(COHORT_HISTORY, asked, OTHER, 'auditor')).items).toEqual(items);
  });
});

test('a record of many events is told whole, however long a page is', async () => {
  const channel = await withPolicy();
  const seqs = Array.from({ length: 120 }, (_, seq) => seq);
  await recordEvents(
    channel,
    seqs.map((seq) => eventOf(channel, 'ada', seq, seq === 0 ? 'grant' : 'change')),
  );
  const asked = { msp: OWN, ref: refOf('ada') };
  for (const items of [7, 50, 60, 100, 119, 120, 200]) {
    const found: string[] = [];
    let cursor: string | null | undefined;
    do {
      const page = await channel.query(HISTORY, { ...asked, items, ...(cursor ? { cursor } : {}) });
      expect(page.items.length).toBe(Math.min(items, seqs.length - found.length));
      found.push(...page.items.map(({ key }) => key));
      cursor = page.cursor;
    } while (cursor !== null);
    expect(found).toEqual(seqs.map((seq) => `consent~${OWN}~${refOf('ada')}~${String(seq).padStart(10, '0')}`));
  }
});

test("a hospital's policies stand with its epoch and its batches, for every reader", async () => {
  const channel = await withPolicy();
  await channel.submit('ConsentContract:publishPolicy', policyText({ placement: 'roots' }), OWN);
  await channel.submit('ConsentContract:publishPolicy', policyText(), OTHER);
  const batch = { batch: 0, root: digestOf('root'), count: 3, policyVersion: 2, restricts: false };
  await channel.submit('ConsentContract:recordConsentRoot', batch, OWN);
  const { items } = await channel.query('ConsentContract:policies', { msp: OWN }, OTHER, 'researcher');
  expect(items.map(({ key }) => key)).toEqual([
    `policy~${OWN}`,
    `policy~${OWN}~0000000001`,
    `policy~${OWN}~0000000002`,
    `epoch~${OWN}`,
    `consentroot~${OWN}~0000000000`,
  ]);
});

test("a study's cohorts stand with its permits and reports", async () => {
  const channel = await joiningWithConsent({ consent: { legalBasis: 'ehds-permit' } }, { legalBasis: 'ehds-permit' });
  await channel.submit(
    'ConsentContract:recordPermit',
    { study: STUDY, permitId: 'HDAB-1', approvedAt: channel.now },
    OWN,
  );
  await channel.submit('RoundContract:joinRound', cohortJoin(channel), OWN);
  await channel.submit('ConsentContract:reportWithdrawal', { study: STUDY, report: 0, fromRound: 1, toRound: 1 }, OWN);
  const { items } = await channel.query('ConsentContract:cohortUse', { study: STUDY }, OTHER, 'researcher');
  expect(items.map(({ key }) => key)).toEqual([
    `join~${STUDY}~0000000001~${OWN}`,
    `permit~${STUDY}~${OWN}`,
    `withdrawal~${STUDY}~${OWN}~0000000000`,
  ]);
  await expect(channel.query('ConsentContract:cohortUse', { study: 'lung' as typeof STUDY })).rejects.toThrow(
    /^STUDY_UNKNOWN/,
  );
});
