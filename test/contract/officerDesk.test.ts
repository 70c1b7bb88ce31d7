/** The compliance officer's questions, over HTTPS, to a real store over the real contract. */
import {
  CohortUsePage,
  ConsentEventResource,
  ConsentRecordResource,
  DecisionResource,
  EffectiveResource,
  HistoryPage,
  PatientUsePage,
  PolicyResource,
  pageAtHeight,
  ReadLogResource,
  ReadPage,
  RoundsAfterPage,
  SelectionDecisionPage,
  SelectionPage,
  WithdrawalPage,
} from '@consilium/client/resources';
import type { StudyProtocol } from '@consilium/domain';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { OWN } from '../support/consentHospital.js';
import { BIOMEDICAL, eventOf, GENERAL_RESEARCH, refOf } from '../support/consentOnChannel.js';
import { HOSPITALS } from '../support/contractChannel.js';
import { OfficerDesk } from '../support/officerDesk.js';

const [, HUNGARY = OWN] = HOSPITALS;
const EventPage = pageAtHeight(ConsentEventResource);
const DAY_MS = 86_400_000;

let desk: OfficerDesk;
beforeEach(async () => {
  desk = new OfficerDesk();
  await desk.start();
  await desk.publish();
});
afterEach(() => desk.stop());

const officer = () => desk.as('compliance-officer');
const record = (orders: object[]) => desk.as('data-steward').post('/consents/events?wait=commit', { orders });
const grant = { kind: 'grant', reason: 'patient-asked', terms: [{ code: BIOMEDICAL, values: [] }] };

describe('a patient', () => {
  test('is exchanged for a ref once, in a body, and the number stands in no log', async () => {
    const [ref] = await desk.grant('4711-secret');
    const found = await officer().post('/consents/records/searches', { patient: '4711-secret' });
    const page = pageAtHeight(ConsentRecordResource).parse(found.json);
    expect(page.items).toMatchObject([
      { ref, patient: '4711-secret', live: true, events: 1, hold: null, erasure: null },
    ]);
    await officer().get(`/consents/records/${ref}`);
    await desk.as('data-steward').post('/consents/withdrawals', { patient: '4711-secret' });
    expect(JSON.stringify(desk.api.logged)).not.toContain('4711-secret');
    expect(desk.hospital.lines.join('\n')).not.toContain('4711-secret');
    const { reads } = { reads: ReadPage.parse((await officer().get('/consents/reads')).json).items };
    expect(JSON.stringify(reads)).not.toContain('4711-secret');
  });

  test('of whom nothing is on file has no record, and the question is logged all the same', async () => {
    const found = await officer().post('/consents/records/searches', { patient: 'nobody' });
    expect(found).toMatchObject({ status: 200, json: { items: [], total: 0 } });
    expect(ReadPage.parse((await officer().get('/consents/reads')).json).items[0]).toMatchObject({ kind: 'patient' });
  });

  test('has a history with who, why, policy and its difference, and the place on the channel', async () => {
    await record([{ ...grant, patient: '1' }]);
    await desk.publish({ permittedPurposes: [GENERAL_RESEARCH], title: 'Second text' });
    const terms = [
      { code: BIOMEDICAL, values: [] },
      { code: 'DUO:0000018', values: [] },
    ];
    await record([{ ...grant, patient: '1', kind: 'change', terms, note: 'asked by telephone' }]);
    const ref = desk.refOf('1');
    const { items, total, height } = HistoryPage.parse((await officer().get(`/consents/records/${ref}/history`)).json);
    expect({ total, height }).toEqual({ total: 2, height: desk.mirror.height() });
    expect(items[0]).toMatchObject({
      kind: 'grant',
      actor: { name: 'data-steward', role: 'data-steward', ledgerId: expect.stringContaining('data-steward') },
      basis: 'consent',
      policy: { version: 1, changes: [] },
      changes: [],
      state: 'committed',
      ledger: { block: expect.any(Number), position: 0, transactionId: expect.any(String) },
    });
    expect(items[1]).toMatchObject({
      kind: 'change',
      note: 'asked by telephone',
      restricts: true,
      policy: { version: 2, title: 'Second text' },
    });
    expect(items[1]?.policy?.changes.map(({ field }) => field)).toEqual(['title', 'permittedPurposes']);
    expect(items[1]?.changes.map(({ field }) => field)).toEqual(['kind', 'terms', 'policyVersion']);
    expect(items[1]?.claimedAt).toBeLessThanOrEqual(items[1]?.ledger?.recordedAt ?? 0);
  });

  test('is answered about as of any instant, as it was known at another', async () => {
    const { now } = desk.channel;
    const paper = { source: 'paper', hash: 'a'.repeat(64) };
    const imported = { ...grant, reason: 'imported-from-paper', effectiveFrom: now - 30 * DAY_MS, evidence: paper };
    await record([{ ...imported, patient: '1' }]);
    const ref = desk.refOf('1');
    const asked = async (query: string) =>
      EffectiveResource.parse((await officer().get(`/consents/records/${ref}/effective${query}`)).json);
    const yesterday = now - DAY_MS;
    // In force then, but not known before it was taken over from paper.
    expect(await asked(`?effectiveAt=${yesterday}&knownAt=${yesterday}`)).toMatchObject({ stands: false, event: null });
    const today = new Date(desk.channel.now).toISOString();
    expect(await asked(`?effectiveAt=${yesterday}&knownAt=${today}`)).toMatchObject({
      stands: true,
      effectiveAt: yesterday,
      event: { kind: 'grant', effectiveFrom: now - 30 * DAY_MS, evidence: paper },
    });
    desk.channel.now += 1_000;
    const before = desk.channel.now;
    desk.channel.now += 1_000;
    await desk.as('patient-desk').post('/consents/withdrawals?wait=commit', { ref });
    desk.channel.now += 1_000;
    expect(await asked('')).toMatchObject({ stands: false, event: { kind: 'withdraw' } });
    expect(await asked(`?effectiveAt=${before}`)).toMatchObject({ stands: true, knownAt: before });
  });
});

describe('uses', () => {
  let protocol: StudyProtocol;
  beforeEach(async () => {
    protocol = await desk.study();
    await desk.grant('1', '2', '3');
    await desk.playRound(protocol, 1, ['1', '2', 'unknown']);
  });

  test('of a patient are the rounds and the versions, with the reasons', async () => {
    const ref = desk.refOf('1');
    const { items } = PatientUsePage.parse((await officer().get(`/consents/records/${ref}/uses`)).json);
    expect(items).toMatchObject([
      { study: 'heart', round: 1, joined: true, contributed: true, policyVersion: 1, version: { version: 1 } },
    ]);
    expect(items[0]?.record?.position).toEqual(expect.any(Number));
    const why = await officer().get(`/consents/records/${ref}/decisions/heart?round=1`);
    expect(DecisionResource.parse(why.json)).toMatchObject({
      answer: 'allow',
      reasons: [{ text: expect.any(String) }],
    });
    const other = desk.refOf('3');
    expect((await officer().get(`/consents/records/${other}/uses`)).json).toMatchObject({ total: 0 });
    expect((await officer().get(`/consents/records/${other}/decisions/heart`)).json).toMatchObject({ answer: 'allow' });
    await desk.as('patient-desk').post('/consents/withdrawals', { ref: other });
    const denied = DecisionResource.parse((await officer().get(`/consents/records/${other}/decisions/heart`)).json);
    expect(denied.answer).toBe('deny');
    expect(denied.reasons[0]?.text).toMatch(/withdr/i);
  });

  test('of a policy, of a cohort, and of a study are found, and others’ by auditors alone', async () => {
    const uses = async (query: string, role: 'auditor' | 'compliance-officer' = 'compliance-officer') =>
      (await desk.as(role).get(`/consents/uses${query}`)).json;
    const own = CohortUsePage.parse(await uses('?policyVersion=1'));
    expect(own.items).toMatchObject([{ msp: OWN, round: 1, contributed: true, version: { version: 1 } }]);
    const root = own.items[0]?.cohort.root;
    expect(CohortUsePage.parse(await uses(`?root=${root}`)).total).toBe(1);
    expect(CohortUsePage.parse(await uses('?policyVersion=2')).total).toBe(0);
    expect(await uses(`?msp=${HUNGARY}`)).toMatchObject({ code: 'ROLE_REQUIRED' });
    expect(CohortUsePage.parse(await uses(`?msp=${HUNGARY}&study=heart&round=1`, 'auditor')).items).toMatchObject([
      { msp: HUNGARY, round: 1 },
    ]);
  });

  test('decisions of a day are listed with counts, and one by one with reasons', async () => {
    const day = new Date(desk.channel.now).toISOString().slice(0, 10);
    const { items } = SelectionPage.parse((await officer().get(`/consents/selections?day=${day}`)).json);
    expect(items).toMatchObject([{ study: 'heart', round: 1, allowed: 2, denied: 0, withoutRecord: 1 }]);
    const path = `/consents/selections/${items[0]?.id}/decisions`;
    const decisions = SelectionDecisionPage.parse((await officer().get(`${path}?limit=1`)).json);
    expect(decisions).toMatchObject({ total: 2, items: [{ answer: 'allow' }] });
    const next = SelectionDecisionPage.parse((await officer().get(`${path}?limit=1&cursor=${decisions.next}`)).json);
    expect(next.items[0]?.ref).not.toBe(decisions.items[0]?.ref);
    expect(SelectionDecisionPage.parse((await officer().get(`${path}?answer=deny`)).json).total).toBe(0);
    expect((await officer().get('/consents/selections?day=1999-01-01')).json).toMatchObject({ total: 0 });
  });

  test('a withdrawal says when it took effect here and on the ledger, and the first round after each', async () => {
    const answer = await desk.as('patient-desk').post('/consents/withdrawals?wait=commit', { patient: '1' });
    expect(answer.status).toBe(200);
    expect(answer.json.told).toMatch(/^effective here at \S+Z, on the ledger: block \d+, at \S+Z$/);
    desk.channel.now += 100;
    await desk.playRound(protocol, 2, ['1', '2']);
    const { items } = WithdrawalPage.parse((await officer().get('/consents/withdrawals')).json);
    expect(items).toMatchObject([
      {
        ref: desk.refOf('1'),
        kind: 'withdraw',
        reason: 'patient-asked',
        state: 'committed',
        firstRoundAfterHere: { study: 'heart', round: 2 },
        firstRoundAfterLedger: { study: 'heart', round: 2 },
      },
    ]);
    const ref = desk.refOf('1');
    const rounds = async (query: string) => (await officer().get(`/consents/records/${ref}/withdrawals/${query}`)).json;
    expect(RoundsAfterPage.parse(await rounds('1/rounds'))).toMatchObject({
      total: 1,
      items: [{ study: 'heart', firstRoundAfterHere: { round: 2 }, firstRoundAfterLedger: { round: 2 } }],
    });
    // The grant ended nothing, and has no end of its own.
    expect(await rounds('0/rounds')).toMatchObject({ code: 'CONSENT_RECORD_UNKNOWN' });
    expect(await rounds('1/rounds?ended=by-its-terms')).toMatchObject({ code: 'CONSENT_RECORD_UNKNOWN' });
    const ofStudy = async (study: string) =>
      WithdrawalPage.parse((await officer().get(`/consents/withdrawals?study=${study}`)).json).items;
    expect(await ofStudy('heart')).toMatchObject([{ firstRoundAfterHere: { study: 'heart', round: 2 } }]);
    expect(await ofStudy('another')).toMatchObject([{ firstRoundAfterHere: null, firstRoundAfterLedger: null }]);
    const { items: uses } = PatientUsePage.parse(
      (await officer().get(`/consents/records/${desk.refOf('1')}/uses`)).json,
    );
    expect(uses.map(({ round }) => round)).toEqual([1]);
  });
});

describe('a consent that ended by its own terms', () => {
  test('is among the withdrawals, with the first round after it', async () => {
    const protocol = await desk.study();
    await desk.grant('1');
    await record([{ ...grant, patient: '2', validTo: desk.channel.now + DAY_MS }]);
    await desk.playRound(protocol, 1, ['1', '2']);
    expect(WithdrawalPage.parse((await officer().get('/consents/withdrawals')).json).total).toBe(0);
    desk.channel.now += 2 * DAY_MS;
    await desk.playRound(protocol, 2, ['1', '2']);
    const { items } = WithdrawalPage.parse((await officer().get('/consents/withdrawals?ended=by-its-terms')).json);
    expect(items).toMatchObject([
      {
        ...{ ended: 'by-its-terms', ref: desk.refOf('2'), seq: 0, kind: 'grant', state: 'committed' },
        firstRoundAfterHere: { study: 'heart', round: 2 },
        firstRoundAfterLedger: { study: 'heart', round: 2 },
      },
    ]);
    const csv = await officer().get('/consents/withdrawals?format=csv');
    expect(csv.text).toMatch(/"by-its-terms","[0-9a-f]{32}","0","grant"/);
    const path = `/consents/records/${desk.refOf('2')}/withdrawals/0/rounds?ended=by-its-terms`;
    expect(RoundsAfterPage.parse((await officer().get(path)).json).items).toMatchObject([{ study: 'heart' }]);
  });
});

describe('a withdrawal', () => {
  test('acts and is answered while the channel is away', async () => {
    const [ref] = await desk.grant('1');
    desk.hospital.reachable = false;
    const answer = await desk.as('patient-desk').post('/consents/withdrawals', { ref });
    expect(answer).toMatchObject({ status: 200, json: { state: 'waiting', ledger: null } });
    expect(answer.json.told).toMatch(/^effective here at \S+, on the ledger: pending$/);
    const effective = (await officer().get(`/consents/records/${ref}/effective`)).json;
    expect(effective).toMatchObject({ stands: false });
    const { items } = WithdrawalPage.parse((await officer().get('/consents/withdrawals')).json);
    expect(items).toMatchObject([{ state: 'waiting', ledger: null, firstRoundAfterLedger: null }]);
    expect((await officer().get('/consents/queue')).json).toMatchObject({ waiting: 1, urgent: 1 });
  });

  test.each([
    ['of a patient and a ref at once', { patient: '1', ref: '0'.repeat(32) }, 'INPUT_INVALID'],
    ['of nobody', {}, 'INPUT_INVALID'],
    ['of a ref that is not here', { ref: '0'.repeat(32) }, 'CONSENT_RECORD_UNKNOWN'],
    ['of a patient who is not on file', { patient: 'nobody' }, 'CONSENT_PATIENT_UNKNOWN'],
    ['that is a grant', { patient: '1', kind: 'grant' }, 'INPUT_INVALID'],
  ])('%s is refused and changes nothing', async (_, body, code) => {
    await desk.grant('1');
    expect((await desk.as('patient-desk').post('/consents/withdrawals', body)).json).toMatchObject({ code });
    expect((await officer().get('/consents/withdrawals')).json).toMatchObject({ total: 0 });
  });
});

describe('events of the ledger', () => {
  test('are filtered, sorted and paged with their total and the height', async () => {
    await desk.grant('1', '2', '3', '4');
    await desk.as('patient-desk').post('/consents/withdrawals?wait=commit', { patient: '3' });
    const asked = async (query: string) => EventPage.parse((await officer().get(`/consents/events?${query}`)).json);
    const all = await asked('order=ascending&limit=2');
    expect(all).toMatchObject({ total: 5, height: desk.mirror.height() });
    const seen = [...all.items];
    for (let next = all.next; next !== null; ) {
      const page = await asked(`order=ascending&limit=2&cursor=${next}`);
      seen.push(...page.items);
      next = page.next;
    }
    expect(seen.map(({ kind }) => kind)).toEqual(['grant', 'grant', 'grant', 'grant', 'withdraw']);
    expect(new Set(seen.map(({ ref, seq }) => `${ref}${seq}`)).size).toBe(5);
    expect(await asked('kind=withdraw,expire')).toMatchObject({
      total: 1,
      items: [{ ref: desk.refOf('3'), restricts: true }],
    });
    expect(await asked('kind=grant&kind=change&restricts=true')).toMatchObject({ total: 0 });
    expect((await asked(`from=${desk.channel.now + 1}`)).total).toBe(0);
    const other = await officer().get(`/consents/events?order=descending&cursor=${all.next}`);
    expect(other.json).toMatchObject({ code: 'PAGE_CURSOR_INVALID' });
  });

  test('of another hospital are for auditors alone', async () => {
    await desk.channel.submit('ConsentContract:publishPolicy', { ...(await policyOf()) }, HUNGARY);
    await desk.channel.submit('ConsentContract:recordConsents', { events: [eventOf(desk.channel, 'x', 0)] }, HUNGARY);
    desk.catchUp();
    const path = `/consents/events?msp=${HUNGARY}`;
    for (const role of ['compliance-officer', 'data-steward', 'patient-desk'] as const)
      expect((await desk.as(role).get(path)).json).toMatchObject({ code: 'ROLE_REQUIRED' });
    expect(EventPage.parse((await desk.as('auditor').get(path)).json).items).toMatchObject([{ msp: HUNGARY }]);
    const single = `/consents/hospitals/${HUNGARY}/records/${refOf('x')}`;
    expect((await officer().get(single)).json).toMatchObject({ code: 'ROLE_REQUIRED' });
    expect((await desk.as('auditor').get(single)).json).toMatchObject({ events: [{ kind: 'grant' }], tombstone: null });
    expect((await officer().get(`/consents/records/${refOf('x')}`)).json).toMatchObject({
      code: 'CONSENT_RECORD_UNKNOWN',
    });
  });

  test('come as files, whole', async () => {
    await desk.grant('1', '2', '3');
    const csv = await officer().get('/consents/events?format=csv&order=ascending');
    expect(csv.headers['content-type']).toMatch(/^text\/csv/);
    expect(csv.headers['content-disposition']).toBe(`attachment; filename="consent-events-${OWN}.csv"`);
    expect(csv.headers['consilium-total']).toBe('3');
    const lines = csv.text.trim().split('\r\n');
    expect(lines).toHaveLength(4);
    expect(lines[1]).toContain(desk.refOf('1'));
    const ndjson = await officer().get('/consents/events?format=ndjson');
    expect(
      ndjson.text
        .trim()
        .split('\n')
        .map((line) => ConsentEventResource.parse(JSON.parse(line)).kind),
    ).toHaveLength(3);
    const json = await officer().get('/consents/events?format=json');
    expect(JSON.parse(json.text)).toHaveLength(3);
    expect((await officer().get('/consents/events?format=xlsx')).json).toMatchObject({ code: 'INPUT_INVALID' });
  });

  const policyOf = async () => {
    const [policy] = pageAtHeight(PolicyResource).parse((await officer().get('/consents/policies')).json).items;
    const { title, textHash, permittedPurposes, dataClasses, legalBasis } = policy as PolicyResource;
    return { title, textHash, permittedPurposes, dataClasses, legalBasis };
  };
});

describe('policies', () => {
  test('are published by officers, and show what each version changed', async () => {
    const body = {
      title: 'Next',
      textHash: 'b'.repeat(64),
      permittedPurposes: [],
      dataClasses: [],
      legalBasis: 'consent',
    };
    expect((await desk.as('data-steward').post('/consents/policies', body)).json).toMatchObject({
      code: 'ROLE_REQUIRED',
    });
    const published = await officer().post('/consents/policies?wait=commit', body);
    expect(published).toMatchObject({ status: 201, json: { record: { version: 2, restricts: true } } });
    const page = pageAtHeight(PolicyResource).parse((await desk.as('researcher').get('/consents/policies')).json);
    expect(page.items.map(({ version }) => version)).toEqual([2, 1]);
    expect(page.items[0]?.changes).toContainEqual({
      field: 'permittedPurposes',
      before: [GENERAL_RESEARCH, BIOMEDICAL],
      after: [],
    });
  });
});

describe('the log of reads', () => {
  test('has every consultation with who and of what, and holds together', async () => {
    const [ref] = await desk.grant('1');
    await officer().get(`/consents/records/${ref}/history`);
    await desk.as('auditor').get(`/consents/records/${ref}/effective`);
    await desk.as('patient-desk').get(`/consents/records/${ref}/page`);
    const { items } = ReadPage.parse((await officer().get(`/consents/records/${ref}/reads`)).json);
    expect(items.map(({ kind, by }) => [kind, by.role])).toEqual([
      ['history', 'compliance-officer'],
      ['effective', 'auditor'],
      ['patient-page', 'patient-desk'],
      ['reads', 'compliance-officer'],
    ]);
    const verified = ReadLogResource.parse((await officer().post('/consents/reads/verification')).json);
    expect(verified.entries).toBeGreaterThanOrEqual(4);
  });
});
