/** What the matcher says about a patient, now: of everything that must allow, the strictest answer. */
import {
  type ConsentPolicy,
  consentEndsAt,
  type DataPermit,
  type Decision,
  matchConsent,
  type StudyProtocol,
} from '@consilium/domain';
import type { Standing } from './standing.js';

/** What a study asks of this hospital's patients. */
export type Question = Readonly<{
  policy: ConsentPolicy;
  /** Policies by version: patients were shown older ones. */
  policyOf(version: number): ConsentPolicy | undefined;
  protocol: StudyProtocol;
  permit: DataPermit | undefined;
  at: number;
}>;

const STRICTNESS = { deny: 0, abstain: 1, allow: 2 } as const;

/** @param standing undefined: the patient has no record, so that silence decides */
export function judge(standing: Standing | undefined, question: Question): Decision {
  if (standing?.barred !== undefined)
    return { answer: 'deny', reasons: [{ code: 'record-barred', text: standing.barred }] };
  const must = standing?.must ?? [{ content: undefined, optedOutAt: undefined }];
  const { policy, policyOf, protocol, permit, at } = question;
  const decisions = must.map(({ content, optedOutAt }) =>
    matchConsent({
      content,
      policy,
      givenUnder: content && policyOf(content.policyVersion),
      study: { protocol },
      at,
      ...(permit ? { permit } : {}),
      ...(optedOutAt === undefined ? {} : { optedOutAt }),
    }),
  );
  return decisions.reduce((strictest, decision) =>
    STRICTNESS[decision.answer] < STRICTNESS[strictest.answer] ? decision : strictest,
  );
}

/** The instant at which something that the patient's consent rests on ends; undefined: nothing does. */
export function endsAt({ must }: Standing): number | undefined {
  const ends = must.flatMap(({ content }) => (content ? (consentEndsAt(content) ?? []) : []));
  return ends.length > 0 ? Math.min(...ends) : undefined;
}
