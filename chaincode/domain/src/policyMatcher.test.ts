import { describe, expect, test } from '@jest/globals';
import type { ConsentPolicy } from './consent.js';
import type { Answer } from './decision.js';
import { DUO } from './duo.js';
import { matchPolicy } from './policyMatcher.js';
import type { StudyProtocol } from './study.js';
import { consentProtocol, examplePolicy } from './testing/exampleConsent.js';
import { exampleProtocol } from './testing/exampleProtocol.js';

const disease = { id: 'MONDO:0005267', ancestors: ['MONDO:0004995'] };
const research = (...permittedPurposes: string[]) => ({ permittedPurposes });

describe('a study against a policy', () => {
  test.each<[string, Partial<ConsentPolicy>, StudyProtocol, Answer, string]>([
    ['the same purpose', research(DUO.HMB), consentProtocol(), 'allow', 'policy-permits'],
    ['a wider purpose', research(DUO.GRU), consentProtocol(), 'allow', 'policy-permits'],
    [
      'any disease under biomedical research',
      research(DUO.HMB),
      consentProtocol({ use: { diseases: [disease] } }, { purposes: [DUO.DS] }),
      'allow',
      'policy-permits',
    ],
    ['a narrower purpose', research(DUO.DS), consentProtocol(), 'deny', 'policy-excludes-purpose'],
    ['no purpose', research(), consentProtocol(), 'deny', 'policy-excludes-purpose'],
    [
      'one of two purposes',
      research(DUO.HMB),
      consentProtocol({}, { purposes: [DUO.HMB, DUO.POA] }),
      'deny',
      'policy-excludes-purpose',
    ],
    [
      'a study without purposes',
      research(DUO.NRES),
      consentProtocol({}, { purposes: [] }),
      'abstain',
      'purpose-missing',
    ],
    [
      'a condition of the hospital that the study meets',
      research(DUO.HMB, DUO.NCU),
      consentProtocol(),
      'allow',
      'policy-permits',
    ],
    [
      'one that it does not meet',
      research(DUO.HMB, DUO.NCU),
      consentProtocol({ use: { commercial: true } }),
      'deny',
      'commercial-use',
    ],
    ['a code that is not known', research(DUO.HMB, 'DUO:0000099'), consentProtocol(), 'abstain', 'code-unknown'],
    [
      'ancestry under another word',
      research(DUO.HMB),
      consentProtocol({ use: { ancestryResearch: true } }),
      'deny',
      'policy-excludes-ancestry',
    ],
    [
      'care that the hospital does not permit',
      research(DUO.HMB),
      consentProtocol({ use: { clinicalCare: true } }),
      'deny',
      'policy-excludes-care',
    ],
    [
      'care that it permits',
      research(DUO.HMB, DUO.CC),
      consentProtocol({ use: { clinicalCare: true } }),
      'allow',
      'policy-permits',
    ],
    ['data that it offers', {}, consentProtocol({ dataClasses: ['imaging'] }), 'allow', 'policy-permits'],
    ['data that it does not', {}, consentProtocol({ dataClasses: ['genome'] }), 'deny', 'policy-excludes-data'],
    [
      'a permit instead of consents',
      {},
      consentProtocol({ legalBasis: 'ehds-permit' }),
      'deny',
      'policy-excludes-basis',
    ],
    [
      'a permit',
      { legalBasis: 'ehds-permit' },
      consentProtocol({ legalBasis: 'ehds-permit' }),
      'allow',
      'policy-permits',
    ],
    ['public data', {}, exampleProtocol({ publicData: true }), 'allow', 'public-data'],
    ['data that is not public, and no word of consent', {}, exampleProtocol(), 'deny', 'consent-not-asked'],
  ])('%s', (_, changes, protocol, answer, codes) => {
    const decision = matchPolicy(examplePolicy(changes), protocol);
    expect([decision.answer, decision.reasons.map(({ code }) => code).join(' ')]).toEqual([answer, codes]);
  });

  test('is told in words', () => {
    expect(matchPolicy(examplePolicy(research(DUO.DS)), consentProtocol()).reasons).toEqual([
      { code: 'policy-excludes-purpose', text: "The hospital's policy does not permit health or medical research." },
    ]);
  });
});
