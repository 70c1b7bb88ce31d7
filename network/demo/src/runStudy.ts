/** One study from proposal to figures. */
import type { ModelResource, RoundResource, StudyResource } from '@consilium/client';
import { type Metrics, majority, type RoundSeconds, roundSeconds, type StudyProtocol } from '@consilium/domain';
import { type Arms, collectArms } from './arms.js';
import { type Comparison, compareArms } from './comparison.js';
import { followStudy } from './followStudy.js';
import type { DemoHospital } from './hospitals.js';
import { freeStudyId, proposeAndApprove } from './playStudy.js';
import { equalAttestations } from './proof.js';
import type { Say } from './say.js';
import type { DemoStudy } from './studyFile.js';
import { watchFailures } from './watchFailures.js';

export type FinishedRound = Readonly<{
  round: RoundResource;
  attestations: number;
  seconds: RoundSeconds | undefined;
}>;

export type FinishedStudy = Readonly<{
  study: string;
  protocol: StudyProtocol;
  rounds: readonly FinishedRound[];
  models: readonly ModelResource[];
  released: ModelResource;
  arms: Arms;
  comparison: Comparison;
  /** Differential privacy: what each member has spent, as the channel says. */
  spent: StudyResource['spent'];
}>;

/** Attestations that come after the t-th are waited for this long before the proof is drawn up. */
const LATE_ATTESTATIONS_MS_MAX = 10_000;
const POLL_MS = 100;

/** @throws Error where the study pauses, cannot go on, or ends without an evaluated version */
export async function runStudy(
  hospitals: readonly DemoHospital[],
  { id, protocol, alone }: DemoStudy,
  say: Say,
  signal: AbortSignal,
): Promise<FinishedStudy> {
  const first = hospitals[0] as DemoHospital;
  const study = await freeStudyId(first, id);
  await proposeAndApprove(hospitals, study, protocol, say);
  const over = new AbortController();
  const following = AbortSignal.any([signal, over.signal]);
  try {
    // Watching ends by itself only to say that the study cannot go on.
    await Promise.race([
      followStudy(hospitals, study, protocol, say, following),
      watchFailures(hospitals, study, protocol, say, following).then(() => new Promise<never>(() => undefined)),
    ]);
  } finally {
    over.abort();
  }
  const rounds = await finishedRounds(hospitals, study, protocol);
  const researcher = first.as('researcher');
  const models = await researcher.all((page) => researcher.models(study, page));
  const released = releasedVersion(models);
  say.line();
  say.line('Each hospital trains alone on its own rows, for comparison…');
  const arms = await collectArms(hospitals, study, released.version, alone, signal);
  const comparison = compareArms(arms, protocol, attestedTest(models, released));
  const { spent } = await researcher.study(study);
  return { study, protocol, rounds, models, released, arms, comparison, spent };
}

/** The evaluated version; its parent where the evaluation rejected it. */
function releasedVersion(models: readonly ModelResource[]): ModelResource {
  const last = models.at(-1);
  const released = last?.status === 'accepted' ? last : models.findLast(({ status }) => status === 'accepted');
  if (!released) throw new Error('the study ended without an accepted version');
  return released;
}

function attestedTest(models: readonly ModelResource[], released: ModelResource): Metrics | null {
  const test = models.at(-1)?.result.test;
  if (!test) return null;
  return released.version === models.at(-1)?.version ? test.base : (test.parent ?? null);
}

async function finishedRounds(
  hospitals: readonly DemoHospital[],
  study: string,
  protocol: StudyProtocol,
): Promise<FinishedRound[]> {
  const first = (hospitals[0] as DemoHospital).as('researcher');
  const summaries = await first.all((page) => first.rounds(study, page));
  const finished: FinishedRound[] = [];
  for (const { round } of summaries) {
    const seen = await withLateAttestations(hospitals, study, round);
    const timings = seen.map((resource) => resource.timings).filter((timing) => timing !== null);
    const own = seen[0] as RoundResource;
    finished.push({
      round: own,
      attestations: equalAttestations(own),
      seconds: roundSeconds(timings, majority(protocol)),
    });
  }
  return finished;
}

/** A round as every gateway shows it, once all that joined have attested, or after a while without them. */
async function withLateAttestations(
  hospitals: readonly DemoHospital[],
  study: string,
  round: number,
): Promise<RoundResource[]> {
  const until = Date.now() + LATE_ATTESTATIONS_MS_MAX;
  for (;;) {
    const seen = await Promise.all(hospitals.map((hospital) => hospital.as('researcher').round(study, round)));
    const own = seen[0] as RoundResource;
    const expected = own.roster?.length ?? own.opened.available.length;
    if (own.stage === 'aborted' || Object.keys(own.attested).length >= expected || Date.now() > until) return seen;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
