/**
 * The published examples of DUOS, the Broad Institute's matcher: the cases of `DataUseMatcherV4Test` in the repository
 * DataBiosphere/consent-ontology, and the table of approved and denied data sets in the comments of its `DataUseMatchCasesV4`.
 * A data set's consent is a patient's here, a research purpose a study's. Where DUOS knows a purpose of its own for methods
 * research, a study here has another purpose and says `methodsDevelopment`; where it abstains because a sensitive topic is
 * looked at, there is nothing to compare: studies here have no such field.
 */
import { describe, expect, test } from '@jest/globals';
import type { ConsentTerm } from './consent.js';
import { matchConsent } from './consentMatcher.js';
import type { Answer } from './decision.js';
import { DUO } from './duo.js';
import { consentProtocol, exampleContent, examplePolicy, NOW } from './testing/exampleConsent.js';
import type { ProtocolInput } from './testing/exampleProtocol.js';

const CANCER = 'DOID:162';
const INTESTINAL_CANCER = 'DOID:10155';
const cancer = { id: CANCER, label: 'cancer', ancestors: ['DOID:14566', 'DOID:4'] };
const intestinalCancer = {
  id: INTESTINAL_CANCER,
  label: 'intestinal cancer',
  ancestors: ['DOID:3119', 'DOID:0050686', CANCER, 'DOID:14566', 'DOID:4'],
};
const whole = (...codes: readonly string[]): ConsentTerm[] => codes.map((code) => ({ code, values: [] }));
const onDisease = (id: string): ConsentTerm[] => [{ code: DUO.DS, values: [id] }];

type Use = NonNullable<NonNullable<ProtocolInput['consent']>['use']>;
type Case = [name: string, terms: ConsentTerm[], purposes: string[], use: Use, answer: Answer];

const CASES: Case[] = [
  ['disease, positive', onDisease(CANCER), [DUO.DS], { diseases: [intestinalCancer] }, 'allow'],
  ['disease, the same', onDisease(CANCER), [DUO.DS], { diseases: [cancer] }, 'allow'],
  ['disease, negative', onDisease(INTESTINAL_CANCER), [DUO.DS], { diseases: [cancer] }, 'deny'],
  ['disease, one of two', onDisease(INTESTINAL_CANCER), [DUO.DS], { diseases: [intestinalCancer, cancer] }, 'deny'],
  ['disease, any data set with GRU', whole(DUO.GRU), [DUO.DS], { diseases: [cancer] }, 'allow'],
  ['disease, any data set with HMB', whole(DUO.HMB), [DUO.DS], { diseases: [cancer] }, 'allow'],
  ['disease, a data set with POA', whole(DUO.POA), [DUO.DS], { diseases: [cancer] }, 'deny'],
  ['HMB, positive 1', whole(DUO.GRU), [DUO.HMB], {}, 'allow'],
  ['HMB, positive 2', whole(DUO.HMB), [DUO.HMB], {}, 'allow'],
  ['HMB, negative 1', whole(DUO.HMB), [DUO.GRU], {}, 'deny'],
  ['HMB, negative 2', onDisease(CANCER), [DUO.HMB], {}, 'deny'],
  ['HMB, negative 3', whole(DUO.POA), [DUO.HMB], {}, 'deny'],
  ['POA, positive 1', whole(DUO.GRU), [DUO.POA], {}, 'allow'],
  ['POA, positive 2', whole(DUO.POA), [DUO.POA], {}, 'allow'],
  ['POA, negative 1', whole(DUO.HMB), [DUO.POA], {}, 'deny'],
  ['POA, negative 2', onDisease(CANCER), [DUO.POA], {}, 'deny'],
  ['methods, positive 1', whole(DUO.GRU), [DUO.HMB], { methodsDevelopment: true }, 'allow'],
  ['methods, positive 2', whole(DUO.POA), [DUO.POA], { methodsDevelopment: true }, 'allow'],
  [
    'methods, positive 3',
    onDisease(CANCER),
    [DUO.DS],
    { methodsDevelopment: true, diseases: [intestinalCancer] },
    'allow',
  ],
  ['methods, positive 4', whole(DUO.HMB), [DUO.HMB], { methodsDevelopment: true }, 'allow'],
  ['methods, expressly prohibited', whole(DUO.GRU, DUO.NMDS), [DUO.HMB], { methodsDevelopment: true }, 'deny'],
  ['not for profit, positive 1', whole(DUO.GRU, DUO.NPU), [DUO.HMB], { notForProfitUsers: true }, 'allow'],
  ['not for profit, positive 2', whole(DUO.GRU), [DUO.HMB], { notForProfitUsers: false }, 'allow'],
  ['not for profit, positive 3', whole(DUO.GRU), [DUO.HMB], { notForProfitUsers: true }, 'allow'],
  ['not for profit, negative 1', whole(DUO.GRU, DUO.NPU), [DUO.HMB], { notForProfitUsers: false }, 'deny'],
];

describe('the examples of DUOS', () => {
  test.each(CASES)('%s', (_, terms, purposes, use, answer) => {
    const protocol = consentProtocol({ use }, { purposes });
    const content = exampleContent({ terms });
    const decision = matchConsent({ content, policy: examplePolicy(), study: { protocol }, at: NOW });
    expect(decision.answer).toBe(answer);
    expect(decision.reasons.length).toBeGreaterThan(0);
  });
});
