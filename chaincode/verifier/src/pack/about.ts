/** What a pack says of itself: its entry `about.json`. Only what the rest of the pack bears out is believed. */
import { ConsentRef, Instant, Msp, RoundNumber, StudyId } from '@consilium/domain';
import { must } from '../doubt.js';
import { count, of, record, text } from './shape.js';

const Subject = {
  /** Everything about one record: its events, hold and tombstone. */
  consent: record({ kind: text, msp: of(Msp), ref: of(ConsentRef) }),
  /** A round: its facts. */
  round: record({ kind: text, study: of(StudyId), round: of(RoundNumber) }),
  /** A round with all that it was computed from. */
  recomputation: record({ kind: text, study: of(StudyId), round: of(RoundNumber) }),
  /** Whether one record was in the cohorts that its hospital committed in rounds of a study. */
  membership: record({ kind: text, msp: of(Msp), ref: of(ConsentRef), study: of(StudyId) }),
  /** Every member of a hospital's cohort of a round, opened to an auditor. */
  cohort: record({ kind: text, msp: of(Msp), study: of(StudyId), round: of(RoundNumber) }),
} as const;

export type Subject =
  | Readonly<{ kind: 'consent'; msp: Msp; ref: ConsentRef }>
  | Readonly<{ kind: 'recomputation'; study: StudyId; round: number }>
  | Readonly<{ kind: 'round'; study: StudyId; round: number }>
  | Readonly<{ kind: 'membership'; msp: Msp; ref: ConsentRef; study: StudyId }>
  | Readonly<{ kind: 'cohort'; msp: Msp; study: StudyId; round: number }>;

const AboutShape = record({
  chaincode: text,
  channel: text,
  createdAt: of(Instant),
  genesis: text,
  height: count,
  msp: of(Msp),
  signer: text,
  subject: (value: unknown, what: string): Subject => {
    const kind = (value as { kind?: unknown } | null)?.kind;
    must(typeof kind === 'string' && Object.hasOwn(Subject, kind), `${what}: an unknown kind of pack`);
    return Subject[kind as keyof typeof Subject](value, what) as Subject;
  },
});
export type About = ReturnType<typeof AboutShape>;

/** @throws Doubt */
export function readAbout(value: unknown): About {
  return AboutShape(value, 'about.json');
}
