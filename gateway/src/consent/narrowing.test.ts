import type { ConsentContent } from '@consilium/domain';
import { describe, expect, test } from '@jest/globals';
import { narrows } from './narrowing.js';

type Terms = Pick<ConsentContent, 'terms' | 'dataClasses' | 'policyVersion' | 'validFrom' | 'validTo'>;
const term = (code: string, ...values: string[]) => ({ code: `DUO:${code.padStart(7, '0')}`, values });
const said = (changes: Partial<Terms>): Terms => ({
  terms: [term('42')],
  dataClasses: [],
  policyVersion: 1,
  validFrom: null,
  validTo: null,
  ...changes,
});

describe('other terms', () => {
  test.each<[string, Partial<Terms>, Partial<Terms>, boolean]>([
    ['the same', {}, {}, false],
    ['a permission more', {}, { terms: [term('42'), term('6')] }, false],
    ['a permission less', { terms: [term('42'), term('6')] }, {}, true],
    ['a restriction more', {}, { terms: [term('42'), term('45')] }, true],
    ['a restriction less', { terms: [term('42'), term('45')] }, {}, false],
    ['a disease less', { terms: [term('7', 'a', 'b')] }, { terms: [term('7', 'a')] }, true],
    ['a disease more', { terms: [term('7', 'a')] }, { terms: [term('7', 'a', 'b')] }, false],
    ['another region', { terms: [term('42'), term('22', 'AT')] }, { terms: [term('42'), term('22', 'DE')] }, true],
    ['a data class less', { dataClasses: ['imaging', 'genome'] }, { dataClasses: ['imaging'] }, true],
    ['one data class where there were all', {}, { dataClasses: ['imaging'] }, true],
    ['all data classes where there was one', { dataClasses: ['imaging'] }, {}, false],
    ['an earlier end', { validTo: 9 }, { validTo: 8 }, true],
    ['an end where there was none', {}, { validTo: 8 }, true],
    ['a later beginning', {}, { validFrom: 8 }, true],
    ['a longer time', { validFrom: 5, validTo: 8 }, { validFrom: 4, validTo: 9 }, false],
  ])('%s', (_, before, after, less) => {
    expect(narrows(said(before), said(after))).toBe(less);
  });
});
