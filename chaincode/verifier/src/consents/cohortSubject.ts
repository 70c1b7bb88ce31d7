/**
 * The audit of a cohort: its hospital opens every member to an auditor, who computes the committed root again and asks for
 * each member whether a consent allowed it, as far as the channel knew when the join was recorded.
 */
import {
  ConsentRef,
  Digest,
  Join,
  ledgerKey,
  type Msp,
  Round,
  recordUnder,
  type StudyId,
  type StudyProtocol,
  StudyVersion,
  sizeBucketOf,
} from '@consilium/domain';
import { Doubt, must } from '../doubt.js';
import type { LedgerRecord } from '../evidence/answer.js';
import type { Question } from '../evidence/questions.js';
import { list, of, record } from '../pack/shape.js';
import { canonicalText } from '../wire/canonicalText.js';
import { sha256 } from '../wire/sha256.js';
import type { Evidence } from './evidence.js';
import { cohortRoot, committedRoot, positionOf } from './formulas.js';
import { historyIn } from './history.js';
import { readHomeEvents } from './homeEvents.js';
import { MemberJudge } from './memberJudge.js';
import { type Opening, readOpenings } from './openings.js';

const CohortShape = record({ erased: list(of(ConsentRef)), members: list(of(ConsentRef)), unopened: list(of(Digest)) });

type Asked = Readonly<{ msp: Msp; study: StudyId; round: number }>;
type Members = ReturnType<typeof CohortShape>;

/** @throws Doubt */
export function checkCohort(asked: Asked, evidence: Evidence): void {
  const { entries, report } = evidence;
  const { msp, study, round } = asked;
  report.about.push(`about: the cohort of ${msp} in round ${round} of study ${study}`);
  const join = joinOf(asked, evidence);
  const cohort = CohortShape(entries.json('cohort.json'), 'cohort.json');
  const openings = readOpenings(entries, report);
  report.try('cohort', () => checkRoot(asked, join.cohort, cohort, openings));
  const protocol = protocolOf(asked, evidence);
  const told = judgeMembers(asked, join, protocol, { cohort, openings }, evidence);
  report.about.push(
    `  joined ${new Date(join.record.at).toISOString()} in block ${join.place.block}, under policy ${join.cohort.policyVersion} and epoch ${join.cohort.restrictionEpoch}`,
    `  members: ${cohort.members.length}, with an allowing consent: ${told.allowed}, without: ${told.named}`,
  );
  report.proven.push(
    `Cohort: the committed root is that of the ${cohort.members.length} members opened here${cohort.unopened.length > 0 ? ` and of ${cohort.unopened.length} erased ones` : ''}; each salt opens its own record's commitments.`,
    `Consent: of each member, everything the channel held when the join was recorded was read together with the join.`,
  );
  report.limits.push(
    'Training: that exactly this cohort was trained on no record shows. Compare the patient numbers with the rows of the source, where they are opened.',
    'What the hospital knew and had not sent yet: a withdrawal acts at home first, and the channel hears of it later.',
  );
  if (cohort.unopened.length > 0)
    report.limits.push(
      `${cohort.unopened.length} members were erased after the join (their tombstones are here): what they had allowed cannot be shown any more.`,
    );
}

type JoinFound = Readonly<{ record: Join; cohort: NonNullable<Join['cohort']>; place: LedgerRecord['place'] }>;

function joinOf({ msp, study, round }: Asked, { questions }: Evidence): JoinFound {
  const { records } = questions.ask('RoundContract:roundFacts', { study, round });
  const found = records.find(({ key }) => key === ledgerKey.join(study, round, msp));
  const join = found && recordUnder(Join, found.key, found.value);
  if (!found || !join?.cohort) throw new Doubt(`${msp} did not join this round with a cohort`);
  return { record: join, cohort: join.cohort, place: found.place };
}

/** The protocol that the round runs by; its hash is computed again. */
function protocolOf({ study, round: number }: Asked, { questions }: Evidence): StudyProtocol {
  const round = questions.records.get(ledgerKey.round(study, number));
  if (!round) throw new Doubt('the answer has no such round');
  const { protocolHash, protocolVersion } = Round.parse(round.value);
  const { records } = questions.ask('StudyContract:readStudy', { study });
  const version = records.find(({ key }) => key === ledgerKey.studyVersion(study, protocolVersion));
  if (!version) throw new Doubt(`version ${protocolVersion} of the protocol is missing`);
  const { protocol } = StudyVersion.parse(version.value);
  const raw = (version.value as { protocol: unknown }).protocol;
  must(sha256(Buffer.from(canonicalText(raw))).toString('hex') === protocolHash, 'the round runs by another protocol');
  return protocol;
}

function checkRoot(
  { study, round }: Asked,
  committed: JoinFound['cohort'],
  { members, unopened, erased }: Members,
  openings: ReadonlyMap<ConsentRef, Opening>,
): void {
  const positions = members.map((ref) => {
    const opening = openings.get(ref);
    if (!opening) throw new Doubt(`member ${ref} is not opened`);
    return positionOf(opening.salt, ref, study, round);
  });
  must(openings.size === members.length, 'a record is opened that is no member');
  must(
    unopened.length === erased.length,
    `${unopened.length} members are not opened, and ${erased.length} are said to be erased`,
  );
  const all = [...positions, ...unopened].sort();
  must(new Set(all).size === all.length, 'a position stands twice');
  must(
    committedRoot(all.length, cohortRoot(all)) === committed.root,
    'its members and their salts do not make the root that was committed to: one is missing, or one too many, or stands under another salt',
  );
  must(
    sizeBucketOf(all.length) === committed.sizeBucket,
    `it has ${all.length} members, and ${committed.sizeBucket} was committed to`,
  );
}

/** Names every member without an allowing consent: by its ref and leaf, and why. */
function judgeMembers(
  asked: Asked,
  join: JoinFound,
  protocol: StudyProtocol,
  { cohort, openings }: Readonly<{ cohort: Members; openings: ReadonlyMap<ConsentRef, Opening> }>,
  { entries, questions, report }: Evidence,
): { allowed: number; named: number } {
  const { msp, study, round } = asked;
  const home = readHomeEvents(entries, questions, report);
  const byRef = historiesOf(asked, join, questions.all());
  const judge = new MemberJudge({ msp, study, protocol, join: join.record, place: join.place }, questions, home);
  for (const problem of judge.problems) report.fail('batches', problem);
  let [allowed, named] = [0, 0];
  for (const ref of cohort.members) {
    const opening = openings.get(ref);
    if (!opening) continue;
    const leaf = positionOf(opening.salt, ref, study, round);
    const problem = report.try(`member ${ref}`, () => {
      const question = byRef.get(ref);
      if (!question) throw new Doubt('no majority answered, together with the join, what stands of it');
      return judge.refusal(historyIn(question, { msp, ref }, questions, home), opening) ?? 'none';
    });
    if (problem === 'none') allowed += 1;
    else named += 1;
    if (problem !== undefined && problem !== 'none')
      report.fail(`member ${ref} (leaf ${leaf})`, `no consent allows it: ${problem}`);
  }
  for (const ref of cohort.erased)
    report.try(`erased ${ref}`, () => {
      const question = byRef.get(ref);
      must(question !== undefined, 'no majority answered what stands of it');
      const { tombstone } = historyIn(question, { msp, ref }, questions, home);
      must(tombstone !== undefined, 'it has no tombstone');
    });
  return { allowed, named };
}

/** Answers that were read in a state in which the join stood, by the refs that they are about. */
function historiesOf({ msp, study, round }: Asked, { place }: JoinFound, questions: readonly Question[]) {
  const found = new Map<ConsentRef, Question>();
  const key = ledgerKey.join(study, round, msp);
  for (const question of questions.filter(({ name }) => name === 'ConsentContract:cohortHistory')) {
    const read = question.readThroughout.get(key);
    const { refs, ...rest } = question.query as { refs: ConsentRef[] } & Record<string, unknown>;
    const isOfJoin = canonicalText(rest) === canonicalText({ msp, study, round });
    if (!isOfJoin || read?.block !== place.block || read.index !== place.index) continue;
    for (const ref of refs) found.set(ref, question);
  }
  return found;
}
