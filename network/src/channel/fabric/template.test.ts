import { describe, expect, test } from '@jest/globals';
import { fillTemplate } from './template.js';

describe('fillTemplate', () => {
  test('puts in text, numbers and lists as JSON, so that no value can change the shape of the file', () => {
    const text = fillTemplate('# $NAME\na: $path\nb: {c: $port}\nc: $list\nd: $path\n', {
      path: '/home/o"brien: x\n#y',
      port: 7,
      list: ['$&', '$port'],
    });
    expect(text).toBe(
      '# $NAME\na: "/home/o\\"brien: x\\n#y"\nb: {c: 7}\nc: ["$&","$port"]\nd: "/home/o\\"brien: x\\n#y"\n',
    );
  });

  test('refuses a name without a value, and a value without a name', () => {
    expect(() => fillTemplate('a: $here', {})).toThrow('the template asks for here, which has no value');
    expect(() => fillTemplate('a: $constructor', {})).toThrow('asks for constructor');
    expect(() => fillTemplate('a: 1', { spare: 1, other: 2 })).toThrow('the template does not ask for spare, other');
  });
});
