import { openDatabase } from '@consilium/sqlite';
import { describe, expect, test } from '@jest/globals';
import { StateStore } from './stateStore.js';
import { StateUpdates } from './stateUpdates.js';
import { StateView } from './stateView.js';

const value = (text: string) => Buffer.from(text);

/** A state whose only block wrote these keys. */
function stateWith(...keys: string[]): StateStore {
  const state = new StateStore(openDatabase(':memory:'));
  const updates = new StateUpdates();
  for (const key of keys) {
    updates.setPublic('demo', key, {
      value: value(key),
      metadata: undefined,
      version: { block: 0, transaction: 0 },
    });
  }
  const hash = Buffer.alloc(32);
  state.apply({ number: 0, hash, codes: Uint8Array.of(0), commitHash: Buffer.alloc(0), updates });
  return state;
}

/** Updates of block 1: a value, or undefined for a deletion. */
function updatesOf(changes: Readonly<Record<string, string | undefined>>): StateUpdates {
  const updates = new StateUpdates();
  Object.entries(changes).forEach(([key, text], transaction) => {
    updates.setPublic('demo', key, {
      value: text === undefined ? undefined : value(text),
      metadata: undefined,
      version: { block: 1, transaction },
    });
  });
  return updates;
}

describe('the state with a block in progress', () => {
  const view = new StateView(
    stateWith('a', 'c', 'e', 'g'),
    updatesOf({ h: 'new', b: 'new', c: undefined, e: 'x', z: undefined }),
  );

  test('shows what the block has changed so far', () => {
    expect(view.get('demo', 'a')?.value).toEqual(value('a'));
    expect(view.get('demo', 'b')).toMatchObject({ value: value('new'), version: { block: 1, transaction: 1 } });
    expect(view.get('demo', 'c')).toBeUndefined();
    expect(view.get('other', 'a')).toBeUndefined();
  });

  test.each([
    ['', '', false, ['a0', 'b1', 'e1', 'g0', 'h1']],
    ['b', 'g', false, ['b1', 'e1']],
    ['b', 'g', true, ['b1', 'e1', 'g0']],
    ['b', 'h', true, ['b1', 'e1', 'g0', 'h1']],
    ['c', 'd', false, []],
    ['x', '', false, []],
  ])('ranges from %j to %j (end included: %s) as %j', (start, end, includeEnd, keys) => {
    const found = [...view.range('demo', start, end, includeEnd)];
    expect(found.map(({ key, version }) => `${key}${version.block}`)).toEqual(keys);
  });

  test('ranges over more keys than are read at once', () => {
    const keys = Array.from({ length: 450 }, (_, index) => `k${String(index).padStart(4, '0')}`);
    const many = new StateView(stateWith(...keys), updatesOf({ k0199x: 'new' }));
    const found = [...many.range('demo', 'k', 'l', false)].map((each) => each.key);
    expect(found).toEqual([...keys, 'k0199x'].sort());
  });
});

describe('a state', () => {
  test('takes no block but the next one, and is as before when it cannot take one', () => {
    const state = stateWith('a');
    const effects = {
      number: 2,
      hash: Buffer.alloc(32),
      codes: Uint8Array.of(0),
      commitHash: Buffer.alloc(0),
      updates: updatesOf({ a: 'changed' }),
    };
    expect(() => state.apply(effects)).toThrow(/does not follow/);
    // A key that is no key in the middle of the block: nothing of the block may stay.
    effects.updates.history.push({ namespace: 'demo', key: undefined as unknown as string, place: 0 });
    expect(() => state.apply({ ...effects, number: 1 })).toThrow();
    expect([state.height, state.get('demo', 'a')?.value.toString()]).toEqual([1, 'a']);
  });

  test('that is cleared begins anew', () => {
    const state = stateWith('a');
    state.clear();
    expect([state.height, state.get('demo', 'a'), state.verdict(0)]).toEqual([0, undefined, undefined]);
  });

  test('keeps keys apart by their bytes, also at the ends of the key space', () => {
    const state = stateWith('', '\u0000a', '\u{10ffff}', '\uffff');
    const all = state.range('demo', { start: '', after: false, end: '', count: 10 });
    expect(all.map((each) => each.key)).toEqual(['', '\u0000a', '\uffff', '\u{10ffff}']);
  });
});
