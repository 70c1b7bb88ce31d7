/** What forbids an erasure for a while: a legal hold, or the retention period of the policy that the last event names. */
import { type LegalGround, type LegalHold, refusal } from '@consilium/domain';
import type { KeptEvent } from './consentEvents.js';
import type { PolicyBook } from './eventPlan.js';

const DAY_MS = 86_400_000;

/** `gdpr-17-3-b` as it is cited. */
export function articleOf(ground: LegalGround): string {
  const [, article, paragraph, letter] = ground.split('-');
  return `GDPR article ${article}(${paragraph})(${letter})`;
}

/**
 * The contract has the same rules, and the last word for records whose events stand on the channel.
 * @param ground absent: only asked whether it could be
 * @throws ConsiliumError INPUT_INVALID (a ground to keep), CONSENT_ERASURE_ON_HOLD with the article
 */
export function requireErasable(
  events: readonly KeptEvent[],
  hold: LegalHold | undefined,
  policies: PolicyBook,
  now: number,
  ground?: LegalGround,
): void {
  if (ground?.startsWith('gdpr-17-3-'))
    throw refusal('INPUT_INVALID', { problems: `ground: ${articleOf(ground)} is a ground to keep, not to erase` });
  if (hold?.stands && (hold.until === null || hold.until > now))
    throw refusal('CONSENT_ERASURE_ON_HOLD', {
      article: articleOf(hold.ground),
      ground: `legal hold of ${new Date(hold.setAt).toISOString()}`,
      until: hold.until === null ? 'it is lifted' : new Date(hold.until).toISOString(),
    });
  const last = events.findLast(({ state }) => state !== 'refused');
  const days = (last && policies.of(last.content.policyVersion)?.retentionDays) ?? 0;
  const until = (last?.at ?? 0) + days * DAY_MS;
  if (days === 0 || now >= until) return;
  throw refusal('CONSENT_ERASURE_ON_HOLD', {
    article: articleOf('gdpr-17-3-b'),
    ground: `${days} days of retention after the last event, policy ${last?.content.policyVersion}`,
    until: new Date(until).toISOString(),
  });
}
