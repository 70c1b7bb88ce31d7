/** A grant, a policy and a study that fit each other, for tests beside the code. It is not built. */
import { canonicalDigest } from '../canonicalJson.js';
import type { ConsentContent, ConsentEventInput, ConsentPolicy, ConsentRef, DataPermit } from '../consent.js';
import { DUO } from '../duo.js';
import type { Digest, Msp, StudyId } from '../ids.js';
import type { StudyProtocol } from '../study.js';
import { exampleProtocol, type ProtocolInput } from './exampleProtocol.js';

const MSP = 'ClevelandMSP' as Msp;
/** 2023-11-14T22:13:20Z, an hour after the grant. */
export const NOW = 1_700_003_600_000;
const digest: Digest = canonicalDigest('evidence');
const officer = { id: 'x509::/CN=officer', role: 'compliance-officer' } as const;

export function exampleContent(changes: Partial<ConsentContent> = {}): ConsentContent {
  return {
    schemaVersion: 1,
    msp: MSP,
    ref: 'a0a1a2a3a4a5a6a7a8a9aaabacadaeaf' as ConsentRef,
    seq: 0,
    kind: 'grant',
    subject: canonicalDigest('subject'),
    terms: [{ code: DUO.HMB, values: [] }],
    dataClasses: [],
    policyVersion: 1,
    validFrom: null,
    validTo: null,
    effectiveFrom: 1_700_000_000_000,
    evidence: { source: 'paper', hash: digest },
    ...changes,
  };
}

/** The event of `exampleContent` as it is handed in. */
export function exampleInput(changes: Partial<ConsentEventInput> = {}): ConsentEventInput {
  const { ref, seq, kind, policyVersion, validFrom, validTo, effectiveFrom } = exampleContent();
  const place = { ref, seq, kind, policyVersion, validFrom, validTo, effectiveFrom };
  const commitment = canonicalDigest('commitment');
  return {
    ...place,
    commitment,
    codes: [DUO.HMB],
    narrows: false,
    meaning: 'transcribed',
    reason: 'imported-from-paper',
    ...changes,
  };
}

export function examplePolicy(changes: Partial<ConsentPolicy> = {}): ConsentPolicy {
  return {
    msp: MSP,
    version: 1,
    title: 'Research at this hospital',
    textHash: canonicalDigest('the text'),
    permittedPurposes: [DUO.NRES, DUO.CC],
    dataClasses: ['laboratory', 'imaging'],
    legalBasis: 'consent',
    silence: 'deny',
    placement: 'ledger',
    privateCopy: false,
    retentionDays: 0,
    restricts: false,
    publishedBy: officer,
    publishedAt: 1_600_000_000_000,
    ...changes,
  };
}

export function examplePermit(changes: Partial<DataPermit> = {}): DataPermit {
  return {
    study: 'heart' as StudyId,
    msp: MSP,
    permitId: 'HDAB-1',
    approvedAt: 1_650_000_000_000,
    recordedBy: officer,
    recordedAt: 1_650_000_000_000,
    ...changes,
  };
}

/** A study of health research that asks for consent. */
export function consentProtocol(
  consent: NonNullable<ProtocolInput['consent']> = {},
  changes: Partial<ProtocolInput> = {},
): StudyProtocol {
  return exampleProtocol({ purposes: [DUO.HMB], consent, ...changes });
}
