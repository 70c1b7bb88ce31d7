import { describe, expect, test } from '@jest/globals';
import { heartContentsOf, positionsIn, uciRow } from './wordedTable.js';

const HEADER = 'id,age,sex,dataset,cp,trestbps,chol,fbs,restecg,thalch,exang,oldpeak,slope,ca,thal,num';
const POSITIONS = positionsIn(HEADER.split(','));
const WORDS =
  '1,63,Male,Cleveland,typical angina,145,233,TRUE,lv hypertrophy,150,FALSE,2.3,downsloping,0,fixed defect,0';

describe('rows in words, back in the way UCI printed them', () => {
  test('Cleveland: one decimal everywhere but in num', () => {
    expect(uciRow(WORDS.split(','), POSITIONS, 'cleveland')).toBe(
      '63.0,1.0,1.0,145.0,233.0,1.0,2.0,150.0,0.0,2.3,3.0,0.0,6.0,0',
    );
  });

  test('Hungary and VA: as they stand, with ? for what is missing', () => {
    const row = '305,29,Female,Hungary,atypical angina,120,,FALSE,normal,160,TRUE,0,,,,0'.split(',');
    expect(uciRow(row, POSITIONS, 'hungary')).toBe('29,0,2,120,?,0,0,160,1,0,?,?,?,0');
    expect(uciRow(row, POSITIONS, 'va')).toBe('29,0,2,120,?,0,0,160,1,0,?,?,?,0');
  });

  test('Switzerland: no zero before the point', () => {
    const row = (oldpeak: string) =>
      uciRow(
        `604,38,Male,Switzerland,non-anginal,100,0,,st-t abnormality,179,FALSE,${oldpeak},upsloping,,reversable defect,0`.split(
          ',',
        ),
        POSITIONS,
        'switzerland',
      );
    expect(row('-0.1')).toBe('38,1,3,100,0,?,1,179,0,-.1,1,?,7,0');
    expect(row('0.7')).toContain(',.7,');
    expect(row('10.5')).toContain(',10.5,');
    expect(row('0')).toContain(',0,1,');
  });

  test('an unknown word, a short row, a missing column or row is refused', () => {
    expect(() => uciRow(WORDS.replace('Male', 'male').split(','), POSITIONS, 'va')).toThrow(/a word in sex/);
    expect(() => uciRow(['1', '63'], POSITIONS, 'va')).toThrow(/shorter than its header/);
    expect(() => positionsIn(['id', 'age'])).toThrow('the table has no column sex');
    expect(() => heartContentsOf(`${HEADER}\n${WORDS}\n`)).toThrow('the table has 1 rows, 920 are expected');
  });
});
