import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type ConsentContent,
  canonicalDigest,
  DUO,
  effectiveConsent,
  endsConsent,
  type Msp,
  matchConsent,
  type StudyProtocol,
  takesEffectAt,
} from '@consilium/domain';
import { describe, expect, jest, test } from '@jest/globals';
import { consentProtocol, examplePolicy } from '../../../../chaincode/domain/src/testing/exampleConsent.js';
import { obtainTrial } from './obtainTrial.js';
import { ALZHEIMER, type Consent, consentOrdersOf, type TrialConsentOrder } from './trialConsents.js';
import { PATIENT_COLUMN, TRIAL_COLUMNS, TRIAL_LABEL, trialCsv } from './trialFeatures.js';
import { instantOf, sitesOf, subjectsOf } from './trialSubjects.js';

jest.setTimeout(120_000);

const DAY_MS = 86_400_000;
/** When the history is imported: years after the trial. */
const IMPORTED_AT = Date.parse('2026-01-01T00:00:00Z');

const cacheFolder = join(process.env.XDG_CACHE_HOME || join(homedir() || tmpdir(), '.cache'), 'consilium');
const tables = await obtainTrial({ environment: process.env, cacheFolder }).catch((error: Error) => {
  process.stderr.write(`!!! THE CDISC PILOT TRIAL WAS SKIPPED: ${error.message}\n`);
  return undefined;
});

if (!tables) test.skip('was not had: neither a data folder, nor a cache, nor the package registry has it', () => {});
else {
  const subjects = subjectsOf(tables);
  const days = Array.from(
    { length: (instantOf('2015-04-01') - instantOf('2012-07-01')) / DAY_MS },
    (_, k) => instantOf('2012-07-01') + k * DAY_MS,
  );

  /** By subject, its events as they stand once they are imported. */
  const historiesOf = (consent: Consent) =>
    subjects.map((subject) => ({
      patient: subject.patient,
      events: consentOrdersOf(subject, consent).map((order, seq) => ({ ...order, seq, recordedAt: IMPORTED_AT })),
    }));

  /** Subjects whose consent is in force at an instant, by what was known at another. */
  const inForce = (histories: ReturnType<typeof historiesOf>, effectiveAt: number, knownAt: number) =>
    histories.flatMap(({ patient, events }) => {
      const event = effectiveConsent(events, { effectiveAt, knownAt });
      return event && !endsConsent(event.kind) ? [patient] : [];
    });

  /** The trial's own word for who is in on a day: by its tables alone, day by day as they write it. */
  const stillIn = (day: number, isEnd: (words: string) => boolean) => {
    const text = new Date(day).toISOString().slice(0, 10);
    const out = new Set(
      tables.ds
        .filter(({ DSCAT, DSDECOD, DSSTDTC }) => DSCAT === 'DISPOSITION EVENT' && isEnd(DSDECOD) && DSSTDTC <= text)
        .map(({ USUBJID }) => USUBJID),
    );
    return tables.dm.filter(({ DMDTC, USUBJID }) => DMDTC <= text && !out.has(USUBJID)).map(({ USUBJID }) => USUBJID);
  };

  describe('the trial', () => {
    test('has 306 subjects at 17 sites, of whom 27 withdrew', () => {
      const sites = sitesOf(subjects);
      expect([subjects.length, sites.size]).toEqual([306, 17]);
      expect([...sites].map(([, some]) => some.length)).toEqual([
        51, 38, 32, 29, 25, 23, 21, 19, 13, 12, 12, 9, 7, 6, 5, 3, 1,
      ]);
      const orders = subjects.flatMap((subject) => consentOrdersOf(subject, 'data-use'));
      const withdrawals = orders.filter(({ kind }) => kind === 'withdraw');
      expect([orders.length, withdrawals.length]).toEqual([306 + 27, 27]);
      // Seven were taken out by their families or caregivers.
      expect(withdrawals.filter(({ reason }) => reason === 'representative-asked')).toHaveLength(7);
    });

    test('is a history whose every event has evidence, and takes effect after the one before', () => {
      const rows = new Set([...tables.dm, ...tables.ds].map((row) => canonicalDigest(row)));
      for (const subject of subjects) {
        const [granted, ended, ...more] = consentOrdersOf(subject, 'participation') as TrialConsentOrder[];
        expect(more).toEqual([]);
        expect([granted?.kind, granted?.reason]).toEqual(['grant', 'imported-from-record']);
        expect(ended?.effectiveFrom).toBeGreaterThanOrEqual(granted?.effectiveFrom as number);
        for (const order of [granted, ended]) expect(rows).toContain(order?.evidence.hash);
      }
    });
  });

  describe('on every day of the trial, the consents in force', () => {
    test.each<[string, Consent, (words: string) => boolean]>([
      ['to take part are the subjects still in by the disposition table', 'participation', () => true],
      [
        'to use of data are the subjects who had not withdrawn',
        'data-use',
        (words) => words === 'WITHDRAWAL BY SUBJECT',
      ],
    ])('%s', (_, consent, isEnd) => {
      const histories = historiesOf(consent);
      const counts = days.map((day) => {
        const expected = stillIn(day, isEnd);
        expect(inForce(histories, day, IMPORTED_AT)).toEqual(expected);
        // The whole day long.
        expect(inForce(histories, day + DAY_MS - 1, IMPORTED_AT)).toEqual(expected);
        return expected.length;
      });
      expect([counts[0], Math.max(...counts), counts.at(-1)]).toEqual(
        consent === 'participation' ? [0, 64, 0] : [0, 281, 279],
      );
    });

    test('were not known before they were imported', () => {
      const histories = historiesOf('participation');
      for (const day of days) expect(inForce(histories, day, IMPORTED_AT - 1)).toEqual([]);
    });

    test('are what the matcher allows a study on Alzheimer disease, and none another', () => {
      const policy = examplePolicy();
      const histories = historiesOf('participation');
      const study = (id: string, ancestors: string[]): StudyProtocol =>
        consentProtocol({ use: { diseases: [{ id, ancestors }] } }, { purposes: [DUO.DS] });
      const alzheimer = study('MONDO:0007088', [ALZHEIMER.id, 'MONDO:0001627']);
      const heart = study('MONDO:0005267', ['MONDO:0004995']);
      const allowed = (protocol: StudyProtocol, at: number) =>
        histories.flatMap(({ patient, events }) => {
          const event = effectiveConsent(events, { effectiveAt: at, knownAt: IMPORTED_AT });
          const content = event && contentOf(event);
          return matchConsent({ content, policy, study: { protocol }, at }).answer === 'allow' ? [patient] : [];
        });
      for (const day of days.filter((_, k) => k % 10 === 0)) {
        expect(allowed(alzheimer, day)).toEqual(stillIn(day, () => true));
        expect(allowed(heart, day)).toEqual([]);
      }
    });
  });

  test('its files hold the treated subjects, with values inside their columns', () => {
    const lines = trialCsv(subjects, tables).trimEnd().split('\n');
    const names = TRIAL_COLUMNS.map(({ name }) => name);
    expect(lines[0]).toBe([PATIENT_COLUMN, ...names, TRIAL_LABEL.column].join(','));
    const rows = lines.slice(1).map((line) => line.split(','));
    expect(rows).toHaveLength(254);
    for (const row of rows) {
      for (const [k, column] of TRIAL_COLUMNS.entries()) {
        const value = row[k + 1] as string;
        if (column.kind === 'category') expect(column.levels).toContain(value);
        else if (value !== '') expect(Number(value)).toBeGreaterThanOrEqual(column.min);
        if (column.kind === 'number' && value !== '') expect(Number(value)).toBeLessThanOrEqual(column.max);
      }
    }
    // As many as the analysis data set of the trial counts by the same definition.
    expect(rows.filter((row) => row.at(-1) === '1')).toHaveLength(157);
    expect(rows.filter((row) => row.includes(''))).toHaveLength(9);
  });
}

function contentOf(order: TrialConsentOrder & { seq: number; recordedAt: number }): ConsentContent {
  const { kind, seq, terms = [], evidence } = order;
  return {
    schemaVersion: 1,
    msp: 'ClevelandMSP' as Msp,
    ref: 'a0'.repeat(16) as ConsentContent['ref'],
    seq,
    kind,
    subject: canonicalDigest('subject'),
    terms: [...terms],
    dataClasses: [],
    policyVersion: 1,
    validFrom: null,
    validTo: null,
    effectiveFrom: takesEffectAt(order),
    evidence,
  };
}
