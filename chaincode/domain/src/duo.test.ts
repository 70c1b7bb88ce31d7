import { describe, expect, test } from '@jest/globals';
import { canonicalDigest } from './canonicalJson.js';
import { DuoCode } from './consent.js';
import { DUO, DUO_TABLE, duoEntry, includesPurpose, isPermission } from './duo.js';

describe('the Data Use Ontology', () => {
  test('stands as it was when consents were given by it', () => {
    // Never changed for an entry that consents on file may name: a code keeps its meaning.
    expect(canonicalDigest(DUO_TABLE)).toBe('d08c9510e15f75562be182f7fc9c7c762000e0c7fe68ade7baeabfffe8d419db');
  });

  test('has all permissions and modifiers of its release, under their own ids', () => {
    const ids = Object.entries(DUO_TABLE).map(([id, { shorthand }]) => [shorthand, id]);
    expect(Object.fromEntries(ids)).toEqual(DUO);
    for (const id of Object.keys(DUO_TABLE)) expect(DuoCode.parse(id)).toBe(id);
    expect(Object.keys(DUO_TABLE).filter(isPermission).sort()).toEqual(
      [DUO.NRES, DUO.GRU, DUO.HMB, DUO.DS, DUO.POA].sort(),
    );
  });

  test.each<[string, string, string]>([
    [DUO.GRU, DUO.HMB, 'general research includes biomedical research'],
    [DUO.GRU, DUO.DS, 'and research on a disease'],
    [DUO.GRU, DUO.POA, 'and on ancestry'],
    [DUO.HMB, DUO.DS, 'biomedical research includes research on a disease'],
    [DUO.NRES, DUO.GRU, 'no restriction includes everything'],
  ])('%s includes %s: %s', (permitted, purpose) => {
    expect(includesPurpose(permitted, purpose)).toBe(true);
    expect(includesPurpose(purpose, permitted)).toBe(false);
  });

  test.each<[string, string]>([
    [DUO.HMB, DUO.POA],
    [DUO.DS, DUO.HMB],
    [DUO.POA, DUO.HMB],
    [DUO.GRU, DUO.NRES],
    [DUO.CC, DUO.CC],
    ['DUO:0000001', 'DUO:0000001'],
  ])('%s does not include %s', (permitted, purpose) => {
    expect(includesPurpose(permitted, purpose)).toBe(false);
  });

  test('includes whatever its parts include', () => {
    for (const [id, { includes }] of Object.entries(DUO_TABLE))
      for (const part of includes)
        for (const inner of duoEntry(part)?.includes ?? []) expect(includesPurpose(id, inner)).toBe(true);
  });

  test.each(['DUO:9999999', 'constructor', '__proto__', ''])('knows nothing of %s', (code) => {
    expect(duoEntry(code)).toBeUndefined();
    expect(isPermission(code)).toBe(false);
  });
});
