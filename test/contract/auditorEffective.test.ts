/** What an auditor learns of another hospital's record: by the ledger alone, and with what that hospital opened. */
import { LedgerEffectiveResource } from '@consilium/client/resources';
import {
  type CommandInput,
  type ConsentContent,
  type ConsentKind,
  type ConsentSalt,
  consentCommitment,
  consentSubject,
  type Msp,
} from '@consilium/domain';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { BIOMEDICAL, consentProtocol, DAY_MS, eventOf, policyText, refOf } from '../support/consentOnChannel.js';
import { digestOf, HOSPITALS, STUDY } from '../support/contractChannel.js';
import { OfficerDesk } from '../support/officerDesk.js';

const HUNGARY = HOSPITALS[1] as Msp;
const TIME_LIMIT = 'DUO:0000025';
const SALT = digestOf('salt of ada') as string as ConsentSalt;
const PATIENT = 'HU-4711';
const PATH = `/consents/hospitals/${HUNGARY}/records/${refOf('ada')}/effective`;

let desk: OfficerDesk;
beforeEach(async () => {
  desk = new OfficerDesk();
  await desk.start();
  await desk.publish();
  await desk.channel.activeStudy(consentProtocol({ purposes: [BIOMEDICAL] }));
  await desk.channel.submit('ConsentContract:publishPolicy', policyText(), HUNGARY);
});
afterEach(() => desk.stop());

const auditor = () => desk.as('auditor');

/** Records an event of Hungary's patient Ada there, and gives what Hungary keeps of it. */
async function recorded(
  seq: number,
  kind: ConsentKind,
  terms: ConsentContent['terms'] = [],
  validTo: number | null = null,
): Promise<ConsentContent> {
  desk.channel.now += 1;
  const content: ConsentContent = {
    schemaVersion: 1,
    msp: HUNGARY,
    ref: refOf('ada'),
    seq,
    kind,
    subject: consentSubject(SALT, PATIENT),
    terms,
    dataClasses: [],
    policyVersion: 1,
    validFrom: null,
    validTo,
    effectiveFrom: desk.channel.now,
    evidence: null,
  };
  const codes = [...new Set(terms.map(({ code }) => code))].sort();
  const commitment = consentCommitment(SALT, content);
  const changes = { commitment, codes, validTo, effectiveFrom: content.effectiveFrom };
  const command: CommandInput<'ConsentContract:recordConsents'> = {
    events: [eventOf(desk.channel, 'ada', seq, kind, changes)],
  };
  await desk.channel.submit('ConsentContract:recordConsents', command, HUNGARY);
  desk.catchUp();
  return content;
}
const biomedical = [{ code: BIOMEDICAL, values: [] }];
const byLedger = async (query = '') => LedgerEffectiveResource.parse((await auditor().get(`${PATH}${query}`)).json);
const opened = (body: object) => auditor().post(PATH, { salt: SALT, ...body });

describe('by the ledger alone', () => {
  test('an auditor learns what was in force at any instant, as known at any other, and what stays hidden', async () => {
    const granted = await recorded(0, 'grant', biomedical, desk.channel.now + 10 * DAY_MS);
    desk.channel.now += DAY_MS;
    await recorded(1, 'withdraw');
    const before = granted.effectiveFrom + 1;
    expect(await byLedger()).toMatchObject({
      ...{ msp: HUNGARY, stands: false, content: null, decision: null, erasedAt: null },
      event: { seq: 1, kind: 'withdraw' },
    });
    const then = await byLedger(`?effectiveAt=${before}`);
    expect(then).toMatchObject({
      effectiveAt: before,
      knownAt: before,
      stands: true,
      event: { seq: 0, codes: [BIOMEDICAL] },
    });
    expect(then.notShown.join()).toMatch(/values of the terms.*whose record.*not brought to the ledger/);
    // What is dated for a later day, by what was known before the withdrawal.
    expect(await byLedger(`?effectiveAt=${granted.validTo}&knownAt=${before}`)).toMatchObject({
      stands: false,
      event: { seq: 0 },
    });
    expect(await byLedger('?effectiveAt=1')).toMatchObject({ stands: false, event: null });
  });

  test('a limit in months, which the ledger does not show, is not guessed', async () => {
    const content = await recorded(0, 'grant', [...biomedical, { code: TIME_LIMIT, values: ['1'] }]);
    const found = await byLedger();
    expect(found.stands).toBeNull();
    expect(found.notShown.join()).toContain('limit in months');
    const at = (days: number) => opened({ contents: [content], effectiveAt: content.effectiveFrom + days * DAY_MS });
    expect((await at(20)).json).toMatchObject({ stands: true, content: { terms: content.terms } });
    expect((await at(40)).json).toMatchObject({ stands: false });
  });

  test('an erased record stands no more, and an unknown one is none', async () => {
    await recorded(0, 'grant', biomedical);
    desk.channel.now += 5;
    const erased = { ref: refOf('ada'), ground: 'gdpr-17-1-b' as const, receiptHash: digestOf('receipt') };
    await desk.channel.submit('ConsentContract:eraseRecord', erased, HUNGARY);
    desk.catchUp();
    desk.channel.now += 5;
    expect(await byLedger()).toMatchObject({ stands: false, event: null, erasedAt: expect.any(Number) });
    const nobody = PATH.replace(refOf('ada'), refOf('nobody'));
    expect((await auditor().get(nobody)).json).toMatchObject({ code: 'CONSENT_RECORD_UNKNOWN' });
  });
});

describe('with what the hospital opened', () => {
  test('an auditor learns the terms, and what a study may do, and still not whose record it is', async () => {
    const content = await recorded(0, 'grant', biomedical);
    const answer = await opened({ contents: [content], study: STUDY });
    expect(LedgerEffectiveResource.parse(answer.json)).toMatchObject({
      stands: true,
      content,
      decision: { answer: 'allow' },
    });
    expect(answer.text).not.toContain(PATIENT);
    const refused = await recorded(1, 'change', [{ code: 'DUO:0000007', values: ['MONDO:0004994'] }]);
    const after = LedgerEffectiveResource.parse((await opened({ contents: [refused], study: STUDY })).json);
    expect(after.decision).toMatchObject({ answer: expect.stringMatching(/deny|abstain/) });
    expect(after.decision?.reasons.length).toBeGreaterThan(0);
    // The event before, by what was known then.
    const then = { effectiveAt: content.effectiveFrom, contents: [content], study: STUDY };
    expect((await opened(then)).json).toMatchObject({ decision: { answer: 'allow' } });
  });

  test('what does not open the commitment is refused: another salt, another content, another event', async () => {
    const content = await recorded(0, 'grant', biomedical);
    for (const body of [
      { salt: digestOf('another'), contents: [content] },
      { salt: SALT, contents: [{ ...content, terms: [{ code: 'DUO:0000042', values: [] }] }] },
      { salt: SALT, contents: [{ ...content, seq: 1 }] },
      { salt: SALT, contents: [{ ...content, subject: consentSubject(SALT, 'another patient') }] },
    ])
      expect((await auditor().post(PATH, body)).json).toMatchObject({ code: 'INPUT_INVALID' });
    await recorded(1, 'withdraw');
    // A decision rests on the event in force, not on the one that is opened.
    expect((await opened({ contents: [content], study: STUDY })).json).toMatchObject({ code: 'INPUT_INVALID' });
    expect((await opened({ contents: [content] })).json).toMatchObject({ stands: false, content: null });
  });

  test('neither salt nor content gets into a log, and the question does', async () => {
    const content = await recorded(0, 'grant', [{ code: 'DUO:0000007', values: ['MONDO:0004994'] }]);
    await opened({ contents: [content] });
    await auditor().post(PATH, { salt: digestOf('wrong'), contents: [content] });
    const logged = `${JSON.stringify(desk.api.logged)} ${desk.hospital.lines.join('\n')}`;
    for (const secret of [SALT, digestOf('wrong'), 'MONDO:0004994']) expect(logged).not.toContain(secret);
    const reads = (await desk.as('compliance-officer').get('/consents/reads')).text;
    expect(reads).toContain(`ledger record ${refOf('ada')} of ${HUNGARY}`);
    expect(reads).not.toContain(SALT);
  });

  test.each(['compliance-officer', 'data-steward', 'patient-desk', 'researcher', 'admin'] as const)(
    'a %s is refused',
    async (role) => {
      const content = await recorded(0, 'grant', biomedical);
      for (const reply of [
        await desk.as(role).get(PATH),
        await desk.as(role).post(PATH, { salt: SALT, contents: [content] }),
      ])
        expect(reply).toMatchObject({ status: 403, json: { code: 'ROLE_REQUIRED' } });
    },
  );
});
