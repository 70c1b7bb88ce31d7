/** What happens to consent and to rounds in one block: no hospital's patients ever hold up another hospital. */
import type { Msp } from '@consilium/domain';
import { describe, expect, test } from '@jest/globals';
import {
  cohortJoin,
  eventOf,
  expectRefused,
  joiningWithConsent,
  OWN,
  recordEvents,
  refOf,
  withPolicy,
} from '../support/consentOnChannel.js';
import { type Asked, type ContractChannel, digestOf, HOSPITALS } from '../support/contractChannel.js';

const join = (channel: ContractChannel, msp: Msp) =>
  ({ name: 'RoundContract:joinRound', command: cohortJoin(channel, {}, 1, msp), msp }) as Asked;
const record = (events: ReturnType<typeof eventOf>[], msp: Msp = OWN) =>
  ({ name: 'ConsentContract:recordConsents', command: { events }, msp }) as Asked;
const codes = async (channel: ContractChannel, asked: readonly Asked[]) =>
  (await channel.submitTogether(asked)).map(({ code }) => code);

/** Each hospital has a record of Ada's. */
async function joiningWithAda(): Promise<ContractChannel> {
  const channel = await joiningWithConsent();
  for (const msp of HOSPITALS) await recordEvents(channel, [eventOf(channel, 'ada', 0)], msp);
  return channel;
}

describe('in one block', () => {
  test("withdrawals and grants of one hospital, and all the others' joins and withdrawals", async () => {
    const channel = await joiningWithAda();
    const withdraw = (msp: Msp) => record([eventOf(channel, 'ada', 1, 'withdraw')], msp);
    const [first, ...others] = HOSPITALS as [Msp, ...Msp[]];
    const asked = [withdraw(first), ...others.map((msp) => join(channel, msp)), ...others.map(withdraw)];
    expect(await codes(channel, asked)).toEqual(Array(7).fill('VALID'));
    // Of one hospital: many grants beside each other, and beside a withdrawal.
    const grants = ['ben', 'eve'].map((patient) => record([eventOf(channel, patient, 0)]));
    const again = record([eventOf(channel, 'ada', 2)]);
    expect(await codes(channel, [...grants, again])).toEqual(Array(3).fill('VALID'));
  });

  test('a withdrawal is always valid: a join after it is not, one before it stood first', async () => {
    for (const order of ['withdrawal first', 'join first']) {
      const channel = await joiningWithAda();
      const withdrawal = record([eventOf(channel, 'ada', 1, 'withdraw')]);
      const asked = [withdrawal, join(channel, OWN)];
      const found = await codes(channel, order === 'join first' ? asked.reverse() : asked);
      expect(found).toEqual(order === 'join first' ? ['VALID', 'VALID'] : ['VALID', 'MVCC_READ_CONFLICT']);
    }
  });

  test('a policy that restricts: the own join after it is invalid', async () => {
    const channel = await joiningWithAda();
    const policy = {
      title: 'Nothing any more',
      textHash: digestOf('text'),
      permittedPurposes: [],
      dataClasses: [],
      legalBasis: 'consent',
    };
    const publish = { name: 'ConsentContract:publishPolicy', command: policy, msp: OWN } as Asked;
    const others = HOSPITALS.slice(1).map((msp) => join(channel, msp));
    expect(await codes(channel, [publish, join(channel, OWN), ...others])).toEqual([
      'VALID',
      'MVCC_READ_CONFLICT',
      ...Array(3).fill('VALID'),
    ]);
  });

  test('two events of one number: the first stands', async () => {
    const channel = await joiningWithAda();
    const both = (['withdraw', 'opt-out'] as const).map((kind) => record([eventOf(channel, 'ada', 1, kind)]));
    expect(await codes(channel, both)).toEqual(['VALID', 'MVCC_READ_CONFLICT']);
    const two = ['x', 'y'].map((text) => record([eventOf(channel, 'new', 0, 'grant', { commitment: digestOf(text) })]));
    expect(await codes(channel, two)).toEqual(['VALID', 'MVCC_READ_CONFLICT']);
  });

  test('an erasure and an event of its record: the first stands', async () => {
    const erase = {
      name: 'ConsentContract:eraseRecord',
      command: { ref: refOf('ada'), ground: 'gdpr-17-1-b', receiptHash: digestOf('receipt') },
      msp: OWN,
    } as Asked;
    for (const order of ['erased first', 'event first']) {
      const channel = await joiningWithAda();
      const asked = [erase, record([eventOf(channel, 'ada', 1, 'change')])];
      const found = await codes(channel, order === 'event first' ? asked.reverse() : asked);
      expect(found).toEqual(['VALID', expect.stringMatching(/^(MVCC|PHANTOM)_READ_CONFLICT$/)]);
    }
  });

  test('an erasure and a long batch about others: the batch is sent again, and finds who is erased', async () => {
    const patients = ['ada', ...Array.from({ length: 10 }, (_, k) => `patient-${k}`)];
    const channel = await withPolicy();
    await recordEvents(
      channel,
      patients.map((patient) => eventOf(channel, patient, 0)),
    );
    const erase = {
      name: 'ConsentContract:eraseRecord',
      command: { ref: refOf('ada'), ground: 'gdpr-17-1-b', receiptHash: digestOf('receipt') },
      msp: OWN,
    } as Asked;
    const [, ...others] = patients;
    const changes = (of: readonly string[]) => of.map((patient) => eventOf(channel, patient, 1, 'change'));
    expect(await codes(channel, [erase, record(changes(others))])).toEqual(['VALID', 'PHANTOM_READ_CONFLICT']);
    const all = { events: changes(patients) };
    await expectRefused(channel, 'ConsentContract:recordConsents', all, ['CONSENT_RECORD_ERASED', /./]);
    expect(await codes(channel, [record(changes(others))])).toEqual(['VALID']);
  });

  test('of a hospital that erased more than one likes to read, a batch asks for each record', async () => {
    const channel = await withPolicy();
    const patients = Array.from({ length: 520 }, (_, k) => `patient-${k}`);
    const kept = patients.slice(-10);
    for (const [seq, kind] of ['grant', 'withdraw'].entries())
      for (let k = 0; k < patients.length; k += 200)
        await recordEvents(
          channel,
          patients.slice(k, k + 200).map((patient) => eventOf(channel, patient, seq, kind as 'grant')),
        );
    const erasures = patients.slice(0, -10).map((patient) => ({
      name: 'ConsentContract:eraseRecord',
      command: { ref: refOf(patient), ground: 'gdpr-17-1-b', receiptHash: digestOf('receipt') },
      msp: OWN,
    }));
    expect(new Set(await codes(channel, erasures as Asked[]))).toEqual(new Set(['VALID']));
    const grants = (of: readonly string[]) => of.map((patient) => eventOf(channel, patient, 2));
    const withErased = { events: grants([...kept, 'patient-0']) };
    await expectRefused(channel, 'ConsentContract:recordConsents', withErased, ['CONSENT_RECORD_ERASED', /./]);
    const alone = { ...erasures[0], command: { ...erasures[0]?.command, ref: refOf('patient-510') } } as Asked;
    expect(await codes(channel, [alone, record(grants(kept.slice(1)))])).toEqual(['VALID', 'VALID']);
  });
});
