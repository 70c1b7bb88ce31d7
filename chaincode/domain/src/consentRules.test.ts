import { describe, expect, test } from '@jest/globals';
import { requireSoundConsent } from './consentRules.js';
import { DUO } from './duo.js';
import { requireSoundProtocol } from './protocolRules.js';
import { consentProtocol } from './testing/exampleConsent.js';
import { exampleProtocol, type ProtocolInput } from './testing/exampleProtocol.js';

const DISEASE = { id: 'MONDO:0005267', label: 'heart disorder', ancestors: ['MONDO:0004995', 'MONDO:0000001'] };
type Consent = NonNullable<ProtocolInput['consent']>;

describe('a protocol that asks for consent', () => {
  test.each<[string, Consent, Partial<ProtocolInput>]>([
    ['a purpose', {}, {}],
    ['two purposes', {}, { purposes: [DUO.HMB, DUO.POA] }],
    ['a disease', { use: { diseases: [DISEASE] } }, { purposes: [DUO.DS] }],
    ['a disease beside a wider purpose', { use: { diseases: [DISEASE] } }, {}],
    ['countries', { use: { regions: ['DE', 'US'] } }, {}],
    ['a date of publication', { use: { publishes: true, publishesNotBefore: 5 } }, {}],
    ['a permit', { legalBasis: 'ehds-permit' }, {}],
  ])('may name %s', (_, consent, changes) => {
    expect(() => requireSoundProtocol(consentProtocol(consent, changes))).not.toThrow();
  });

  test.each<[string, Consent, Partial<ProtocolInput>, RegExp]>([
    ['no purpose', {}, { purposes: [] }, /names what it is for/],
    ['a purpose twice', {}, { purposes: [DUO.HMB, DUO.HMB] }, /stands twice/],
    ['a purpose that is not known', {}, { purposes: ['DUO:0000099'] }, /DUO:0000099 is none that is known/],
    ['a condition for a purpose', {}, { purposes: [DUO.HMB, DUO.NPU] }, /say it in consent.use/],
    ['research on diseases without one', {}, { purposes: [DUO.DS] }, /none is named/],
    ['a disease twice', { use: { diseases: [DISEASE, DISEASE] } }, {}, /stands twice/],
    ['a disease above itself', { use: { diseases: [{ id: 'a', ancestors: ['b', 'a'] }] } }, {}, /own ancestor/],
    ['an ancestor twice', { use: { diseases: [{ id: 'a', ancestors: ['b', 'b'] }] } }, {}, /stands twice/],
    ['a country by name', { use: { regions: ['Germany'] } }, {}, /ISO 3166/],
    ['a date of no publication', { use: { publishesNotBefore: 5 } }, {}, /does not publish/],
    ['a kind of data twice', { dataClasses: ['imaging', 'imaging'] }, {}, /stands twice/],
  ])('does not name %s', (_, consent, changes, problem) => {
    const protocol = consentProtocol(consent, changes);
    expect(() => requireSoundProtocol(protocol)).toThrow(problem);
    expect(() => requireSoundConsent(protocol)).toThrow(/^PROTOCOL_CONSENT_UNSOUND: /);
  });

  test('is asked for nothing where it does not', () => {
    expect(() => requireSoundConsent(exampleProtocol({ purposes: ['DUO:0000099'] }))).not.toThrow();
  });
});
