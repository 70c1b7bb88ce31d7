import type { ConsentRef } from '@consilium/domain';
import { describe, expect, test } from '@jest/globals';
import { type Busy, nextTransaction } from './nextTransaction.js';
import type { Waiting } from './outbox.js';

const row = (event: number, ref: string, { lane = 1, person = 'steward' } = {}): Waiting => ({
  event,
  lane,
  ref: ref as ConsentRef,
  person,
});
const idle: Busy = { refs: new Set(), events: new Set(), people: new Set(), urgent: false };
const taken = (waiting: Waiting[], busy: Partial<Busy> = {}, max = 500) =>
  nextTransaction(waiting, { ...idle, ...busy }, max)?.rows.map(({ event }) => event);

describe('the next transaction', () => {
  test('holds what one person recorded, in order, as many as fit', () => {
    expect(taken([row(1, 'a'), row(2, 'b'), row(3, 'c')], {}, 2)).toEqual([1, 2]);
    expect(taken([row(1, 'a'), row(2, 'b', { person: 'desk' }), row(3, 'c')])).toEqual([1, 3]);
    expect(taken([])).toBeUndefined();
  });

  test('never holds an event before one that its record had earlier', () => {
    expect(
      taken([row(1, 'a', { person: 'desk' }), row(2, 'b', { person: 'gone' }), row(3, 'b', { person: 'desk' })]),
    ).toEqual([1]);
    expect(taken([row(2, 'a'), row(3, 'b')], { refs: new Set(['a' as ConsentRef]) })).toEqual([3]);
    expect(taken([row(2, 'a', { person: 'gone' }), row(3, 'a'), row(4, 'b')], { people: new Set(['gone']) })).toEqual([
      4,
    ]);
  });

  test('holds either what is urgent or what is not, and nothing urgent while something urgent is under way', () => {
    const waiting = [row(5, 'a', { lane: 0 }), row(6, 'b', { lane: 0 }), row(1, 'c'), row(2, 'd')];
    expect(taken(waiting)).toEqual([5, 6]);
    expect(taken(waiting, { urgent: true })).toEqual([1, 2]);
  });
});
