/** What the matchers of consent answer. */

/** Only `allow` selects. `abstain`: it cannot be told by rule, so a person decides; until then the answer is no. */
export type Answer = 'allow' | 'deny' | 'abstain';

/** Why, in a code that never changes its meaning and in words for the patient. Neither names a patient's own values. */
export type Reason = Readonly<{ code: string; text: string }>;

export type Decision = Readonly<{ answer: Answer; reasons: readonly Reason[] }>;

/** A reason with what it leads to. */
export type Finding = Reason & Readonly<{ answer: Answer }>;

export function allows(code: string, text: string): Finding {
  return { answer: 'allow', code, text };
}

export function denies(code: string, text: string): Finding {
  return { answer: 'deny', code, text };
}

export function abstains(code: string, text: string): Finding {
  return { answer: 'abstain', code, text };
}

/**
 * One answer of all findings: what denies goes before what abstains, and that before what allows; nothing found denies.
 * Reasons are those of the answer, each once, in the order of their codes: so the order of a consent's terms is not seen.
 */
export function decide(findings: readonly Finding[]): Decision {
  const answer = (['deny', 'abstain', 'allow'] as const).find((each) =>
    findings.some((finding) => finding.answer === each),
  );
  if (!answer)
    return { answer: 'deny', reasons: [{ code: 'nothing-allows', text: 'Nothing on file allows this use.' }] };
  const unique = new Map<string, Reason>();
  for (const { answer: each, code, text } of findings)
    if (each === answer) unique.set(`${code}\n${text}`, { code, text });
  const keys = [...unique.keys()].sort();
  return { answer, reasons: keys.map((key) => unique.get(key) as Reason) };
}
