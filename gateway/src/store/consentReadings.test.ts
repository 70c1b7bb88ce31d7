import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ConsentEvent, type ConsentRef, type Digest, type Msp, type StudyId, sha256Hex } from '@consilium/domain';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ChannelMirror, type MirroredTransaction } from './channelMirror.js';
import { ConsentReadings, type EventMark, type EventsAsked } from './consentReadings.js';
import { openStore } from './schema.js';

const CLEVELAND = 'ClevelandMSP' as Msp;
const HUNGARY = 'HungaryMSP' as Msp;
const OWNER = { msp: CLEVELAND, channel: 'consilium' };
const log = { info: () => {}, warn: () => {}, error: () => {} };
const KINDS = ['grant', 'change', 'withdraw'] as const;
const REASONS = ['patient-asked', 'imported-from-paper'] as const;

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'consents-'));
  file = join(folder, 'hospital.db');
});
afterEach(() => rmSync(folder, { recursive: true }));

const refOf = (number: number) => number.toString(16).padStart(32, '0') as ConsentRef;

/** Events that differ in all that can be asked for, some of them recorded in the same millisecond. */
function eventOf(number: number): ConsentEvent {
  return {
    msp: number % 5 === 0 ? HUNGARY : CLEVELAND,
    ref: refOf(number >> 1),
    seq: number & 1,
    kind: KINDS[number % 3] as 'grant',
    reason: REASONS[number % 2] as 'patient-asked',
    commitment: sha256Hex(String(number)) as Digest,
    codes: [],
    policyVersion: 1 + (number % 2),
    validFrom: null,
    validTo: null,
    effectiveFrom: (number * 7_919) % 1_000,
    meaning: 'recorded',
    supersedes: null,
    restricts: number % 3 === 2,
    recordedBy: { id: number % 4 === 0 ? 'desk' : 'steward', role: number % 4 === 0 ? 'patient-desk' : 'data-steward' },
    recordedAt: Math.floor(number / 3) * 10,
  };
}

const keyOf = ({ msp, ref, seq }: ConsentEvent) => `consent~${msp}~${ref}~${String(seq).padStart(10, '0')}`;

function transactionOf(block: number, name: string, events: readonly ConsentEvent[]): MirroredTransaction {
  return { block, transactionId: name, writes: events.map((value) => ({ key: keyOf(value), value })) };
}

const COUNT = 60;
const EVENTS = Array.from({ length: COUNT }, (_, number) => eventOf(number));

function filled(): ConsentReadings {
  const database = openStore(file, OWNER);
  const mirror = new ChannelMirror(database, CLEVELAND, log);
  for (let first = 0; first < COUNT; first += 4)
    mirror.take([transactionOf(Math.floor(first / 8), `t${first}`, EVENTS.slice(first, first + 4))]);
  return new ConsentReadings(database);
}

/** All pages, one after another. */
function all(readings: ConsentReadings, asked: Omit<EventsAsked, 'after' | 'items'>, items = 7) {
  const found: string[] = [];
  let after: EventMark | undefined;
  for (;;) {
    const page = readings.events({ ...asked, after, items });
    found.push(...page.items.map(({ ref, seq }) => `${ref} ${seq}`));
    after = page.items.at(-1)?.mark;
    if (!page.more) return { found, total: page.total };
  }
}

describe('events', () => {
  test.each(
    [
      {},
      { kinds: ['withdraw'] },
      { kinds: ['grant', 'change'], reasons: ['patient-asked'] },
      { roles: ['patient-desk'], restricts: true },
      { actor: 'steward', policyVersion: 2 },
      { kinds: ['opt-in'] },
    ].flatMap((filter) =>
      (['recorded', 'effective'] as const).flatMap((axis) =>
        [false, true].flatMap((descending) =>
          [{}, { from: 50 }, { from: 30, to: 120 }].map((range) => ({ filter, axis, descending, range })),
        ),
      ),
    ),
  )('are those that are asked for, in order, each once: $filter $axis $descending $range', (asked) => {
    const { filter, axis, descending, range } = asked as {
      filter: Partial<EventsAsked['filter']>;
      axis: 'recorded';
      descending: boolean;
      range: { from?: number; to?: number };
    };
    const at = (event: ConsentEvent) => (axis === 'recorded' ? event.recordedAt : event.effectiveFrom);
    const expected = EVENTS.map((event, place) => ({ event, place })).filter(
      ({ event }) =>
        event.msp === CLEVELAND &&
        (filter.kinds === undefined || filter.kinds.includes(event.kind)) &&
        (filter.reasons === undefined || filter.reasons.includes(event.reason)) &&
        (filter.roles === undefined || filter.roles.includes(event.recordedBy.role)) &&
        (filter.actor === undefined || filter.actor === event.recordedBy.id) &&
        (filter.policyVersion === undefined || filter.policyVersion === event.policyVersion) &&
        (filter.restricts === undefined || filter.restricts === event.restricts) &&
        at(event) >= (range.from ?? 0) &&
        at(event) < (range.to ?? 1e9),
    );
    const sign = descending ? -1 : 1;
    expected.sort((a, b) => sign * (at(a.event) - at(b.event) || a.place - b.place));
    const { found, total } = all(filled(), { filter: { msp: CLEVELAND, ...filter }, axis, descending, ...range });
    expect(found).toEqual(expected.map(({ event: { ref, seq } }) => `${ref} ${seq}`));
    expect(total).toBe(expected.length);
  });

  test('have the place that they have on the channel, also after a restart within a block', () => {
    const readings = filled();
    expect(readings.placeOf(CLEVELAND, refOf(0), 1)).toEqual({ block: 0, position: 1 });
    expect(readings.placeOf(CLEVELAND, refOf(3), 0)).toEqual({ block: 0, position: 6 });
    expect(readings.placeOf(CLEVELAND, refOf(4), 0)).toEqual({ block: 1, position: 0 });
    expect(readings.placeOf(HUNGARY, refOf(3), 0)).toBeUndefined();
    const last = Math.floor((COUNT - 4) / 8);
    const database = openStore(file, OWNER);
    const late = { ...eventOf(1), ref: refOf(999) };
    const again = new ChannelMirror(database, CLEVELAND, log);
    again.take([transactionOf(last, 'empty', [])]);
    new ChannelMirror(database, CLEVELAND, log).take([transactionOf(last, 'late', [late])]);
    expect(readings.placeOf(CLEVELAND, refOf(999), late.seq)).toEqual({ block: last, position: 4 });
  });

  test('that are unlike any that this program knows stay out, and all are forgotten when the mirror is cleared', () => {
    const database = openStore(file, OWNER);
    const mirror = new ChannelMirror(database, CLEVELAND, log);
    const strange = { ...eventOf(1), kind: 'renew' } as never;
    mirror.take([transactionOf(0, 'a', [eventOf(2), strange])]);
    const readings = new ConsentReadings(database);
    const count = () =>
      readings.events({ filter: { msp: CLEVELAND }, axis: 'recorded', descending: false, items: 9 }).total;
    expect(count()).toBe(1);
    mirror.clear();
    expect(count()).toBe(0);
    mirror.take([transactionOf(0, 'a', [eventOf(2)])]);
    expect(count()).toBe(1);
  });

  test('are not counted where the block that brings them is not taken in', () => {
    const database = openStore(file, OWNER);
    const mirror = new ChannelMirror(database, CLEVELAND, log);
    const cyclic: Record<string, unknown> = {};
    cyclic.self = cyclic;
    const broken = { block: 0, transactionId: 'b', writes: [{ key: 'x', value: cyclic }] };
    expect(() => mirror.take([transactionOf(0, 'a', [eventOf(2)]), broken])).toThrow();
    mirror.take([transactionOf(0, 'a', [eventOf(2)])]);
    const readings = new ConsentReadings(database);
    expect(readings.events({ filter: { msp: CLEVELAND }, axis: 'recorded', descending: true, items: 9 }).total).toBe(1);
  });
});

describe('cohorts', () => {
  const cohort = (root: string, policyVersion = 1) => ({
    ...{ root: sha256Hex(root), sizeBucket: '100-199', restrictionEpoch: 0, policyVersion },
    purposes: ['DUO:0000006'],
  });
  const join = (round: number, msp: Msp, root: string, policyVersion = 1) => ({
    key: `join~heart~${String(round).padStart(10, '0')}~${msp}`,
    value: { study: 'heart', round, msp, cohort: cohort(root, policyVersion), at: round * 100 },
  });

  test('are found by hospital, policy, round and root; a join without consent is none', () => {
    const database = openStore(file, OWNER);
    const mirror = new ChannelMirror(database, CLEVELAND, log);
    const open = {
      key: `join~open~0000000000~${CLEVELAND}`,
      value: { study: 'open', round: 0, msp: CLEVELAND, at: 1 },
    };
    mirror.take([{ block: 3, transactionId: 'a', writes: [open, join(1, CLEVELAND, 'r1')] }]);
    mirror.take([{ block: 4, transactionId: 'b', writes: [join(1, HUNGARY, 'h1'), join(2, CLEVELAND, 'r2', 2)] }]);
    const readings = new ConsentReadings(database);
    const rounds = (filter: Parameters<ConsentReadings['joins']>[0]) =>
      readings.joins(filter, undefined, 10).items.map(({ msp, round }) => `${msp} ${round}`);
    expect(rounds({})).toEqual(['ClevelandMSP 1', 'HungaryMSP 1', 'ClevelandMSP 2']);
    expect(rounds({ msp: CLEVELAND, policyVersion: 2 })).toEqual(['ClevelandMSP 2']);
    expect(rounds({ study: 'heart' as StudyId, round: 1 })).toEqual(['ClevelandMSP 1', 'HungaryMSP 1']);
    expect(rounds({ root: sha256Hex('h1') as Digest })).toEqual(['HungaryMSP 1']);
    const first = readings.joins({}, undefined, 2);
    expect({ total: first.total, more: first.more }).toEqual({ total: 3, more: true });
    expect(readings.joins({}, first.items.at(-1)?.mark, 2).items).toMatchObject([{ round: 2 }]);
    expect(readings.firstJoinAfter(CLEVELAND, { place: { block: 3, position: 1 } })).toMatchObject({ round: 2 });
    expect(readings.firstJoinAfter(CLEVELAND, { at: 50 })).toMatchObject({ round: 1 });
    expect(readings.firstJoinAfter(HUNGARY, { at: 500 })).toBeUndefined();
    expect(readings.firstJoinAfter(CLEVELAND, { at: 50 }, 'lung' as StudyId)).toBeUndefined();
  });

  test('that came first after an instant are found study by study, in pages', () => {
    const database = openStore(file, OWNER);
    const mirror = new ChannelMirror(database, CLEVELAND, log);
    const of = (study: string, round: number, msp = CLEVELAND) => ({
      key: `join~${study}~${String(round).padStart(10, '0')}~${msp}`,
      value: { ...join(round, msp, `${study} ${round}`).value, study },
    });
    const writes = [of('lung', 1), of('heart', 1), of('lung', 2), of('heart', 2), of('eye', 1), of('bone', 9, HUNGARY)];
    mirror.take([{ block: 3, transactionId: 'a', writes }]);
    const readings = new ConsentReadings(database);
    const found = (after: { at: number } | { place: { block: number; position: number } }, from = '', items = 9) => {
      const { items: joins, total, more } = readings.firstJoinsAfter(CLEVELAND, after, from, items);
      return { joins: joins.map(({ study, round }) => `${study} ${round}`), total, more };
    };
    expect(found({ at: 0 })).toEqual({ joins: ['eye 1', 'heart 1', 'lung 1'], total: 3, more: false });
    expect(found({ at: 150 })).toEqual({ joins: ['heart 2', 'lung 2'], total: 2, more: false });
    expect(found({ place: { block: 3, position: 1 } }).joins).toEqual(['eye 1', 'heart 2', 'lung 2']);
    expect(found({ at: 0 }, '', 2)).toEqual({ joins: ['eye 1', 'heart 1'], total: 3, more: true });
    expect(found({ at: 0 }, 'heart', 2)).toEqual({ joins: ['lung 1'], total: 3, more: false });
    expect(readings.firstJoinAfter(CLEVELAND, { at: 0 }, 'lung' as StudyId)).toMatchObject({ study: 'lung', round: 1 });
  });
});
