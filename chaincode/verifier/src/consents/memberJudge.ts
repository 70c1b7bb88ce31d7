/** Whether a member's consent allowed a study, as far as the channel knew when the join was recorded. */
import {
  type ConsentPolicy,
  DataPermit,
  effectiveConsent,
  type Join,
  ledgerKey,
  type Msp,
  matchConsent,
  type StudyId,
  type StudyProtocol,
  takesEffectAt,
} from '@consilium/domain';
import { Doubt } from '../doubt.js';
import type { Place } from '../evidence/endorsement.js';
import { isBefore, type Questions } from '../evidence/questions.js';
import { batchesMissing, type History, policiesOf } from './history.js';
import type { HomeEvents } from './homeEvents.js';
import { type Opening, openEvents } from './openings.js';

type Asked = Readonly<{ msp: Msp; study: StudyId; protocol: StudyProtocol; join: Join; place: Place }>;

export class MemberJudge {
  /** What keeps every member from being judged for good. */
  readonly problems: readonly string[];
  readonly #asked: Asked;
  readonly #policies: ReadonlyMap<number, ConsentPolicy>;
  readonly #policy: ConsentPolicy;
  readonly #permit: DataPermit | undefined;

  /** @throws Doubt where policy or permit is missing */
  constructor(asked: Asked, questions: Questions, home: HomeEvents) {
    const { msp, study, join, protocol } = asked;
    const version = join.cohort?.policyVersion ?? 0;
    this.#policies = policiesOf(msp, questions);
    const policy = this.#policies.get(version);
    if (!policy) throw new Doubt(`policy ${version} of ${msp} is missing`);
    this.#asked = asked;
    this.#policy = policy;
    if (protocol.consent?.legalBasis === 'ehds-permit') {
      const permit = questions
        .ask('ConsentContract:cohortUse', { study })
        .records.find(({ key }) => key === ledgerKey.permit(study, msp));
      if (!permit) throw new Doubt(`${msp} has no permit for study ${study}`);
      this.#permit = DataPermit.parse(permit.value);
    }
    const missing = batchesMissing(msp, questions, home);
    const problems = [
      [missing, `batches of events that ${msp} keeps at home are not wholly here`],
      [home.hidden, `events in batches of ${msp} are not opened, as of erased records`],
    ] as const;
    this.problems = problems
      .filter(([count]) => count > 0)
      .map(([count, what]) => `${count} ${what}: a withdrawal could be among them`);
  }

  /**
   * @returns why no consent allows it; undefined: one does
   * @throws Doubt where the opening does not fit the record
   */
  refusal({ events, tombstone }: History, opening: Opening): string | undefined {
    const { msp, join, place, protocol } = this.#asked;
    const opened = openEvents(msp, events, opening);
    if (tombstone && tombstone.erasedAt <= join.at) return 'it was erased before';
    // What the channel knew then is told by blocks, not by clocks.
    const known = opened
      .filter((each) => isBefore(each.place, place))
      .map((each) => ({ ...each.event, content: each.content }));
    const last = effectiveConsent(known, { effectiveAt: join.at, knownAt: Number.MAX_SAFE_INTEGER });
    const decision = matchConsent({
      content: last?.content,
      policy: this.#policy,
      ...(last ? { givenUnder: this.#policies.get(last.policyVersion) } : {}),
      study: { protocol },
      at: join.at,
      ...(this.#permit ? { permit: this.#permit } : {}),
      ...(last?.kind === 'opt-out' ? { optedOutAt: takesEffectAt(last) } : {}),
    });
    if (decision.answer === 'allow') return undefined;
    const reasons = decision.reasons.map(({ text }) => text).join('; ');
    return `${last ? `event ${last.seq}, a ${last.kind}, was in force` : 'nothing was on file'}: ${decision.answer} (${reasons})`;
  }
}
