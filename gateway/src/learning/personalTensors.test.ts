import { describe, expect, test } from '@jest/globals';
import { roundArithmetic } from './aggregate.js';
import { currentValues, nextPersonal, releasedValues, wholeVersion } from './personalTensors.js';
import { smallStudy } from './study.fixture.js';

const PROTOCOL = smallStudy({ personalTensors: ['output/bias'], averageFrom: 3 });
const FILE = roundArithmetic.initialVersion(PROTOCOL);

function version(personal: ReadonlyMap<string, Float32Array> | undefined) {
  return wholeVersion(PROTOCOL, { version: 1, file: FILE, personal });
}

const trained = (bias: number) => new Map([['output/bias', new Float32Array([bias])]]);

describe('personal tensors', () => {
  test('begin as the protocol says', () => {
    const values = currentValues(version(undefined));
    expect([...values.keys()].sort()).toEqual(['output/bias', 'output/kernel']);
    expect([...(values.get('output/bias') ?? [])]).toEqual([0]);
  });

  test('a personal kernel begins where every hospital would begin it', () => {
    const protocol = smallStudy({ personalTensors: ['output/kernel'] });
    const own = wholeVersion(protocol, {
      version: 0,
      file: roundArithmetic.initialVersion(protocol),
      personal: undefined,
    });
    const shared = smallStudy();
    const all = wholeVersion(shared, { version: 0, file: roundArithmetic.initialVersion(shared), personal: undefined });
    expect(currentValues(own).get('output/kernel')).toEqual(currentValues(all).get('output/kernel'));
  });

  test('are averaged from the round on that the protocol says', () => {
    const second = nextPersonal(PROTOCOL, 2, version(undefined).personal, trained(1));
    expect([...second.keys()]).toEqual(['output/bias']);
    const third = nextPersonal(PROTOCOL, 3, second, trained(2));
    const fourth = nextPersonal(PROTOCOL, 4, third, trained(5));
    expect(currentValues(version(fourth)).get('output/bias')?.[0]).toBe(5);
    expect(releasedValues(PROTOCOL, version(fourth)).get('output/bias')?.[0]).toBe(3.5);
    expect(releasedValues(PROTOCOL, version(second)).get('output/bias')?.[0]).toBe(1);
  });

  test('that do not fit the model are refused', () => {
    for (const personal of [new Map(), new Map([['output/bias', new Float32Array(2)]])])
      expect(() => version(personal)).toThrow(/^VERSION_FILE_INVALID: .*output\/bias/);
  });
});
