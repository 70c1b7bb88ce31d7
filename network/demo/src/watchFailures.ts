/** What keeps hospitals from going on, as their own gateways tell their own people. */
import { setTimeout as pause } from 'node:timers/promises';
import type { FailureResource, StudyResource } from '@consilium/client';
import { ERRORS, type ErrorCode, quorum, type StudyProtocol } from '@consilium/domain';
import type { Say } from './say.js';

/** What of a hospital is asked here. */
export type Watched = Readonly<{
  name: string;
  as(role: 'researcher'): Readonly<{ study(study: string): Promise<Pick<StudyResource, 'failures'>> }>;
}>;

const ASK_MS = 2_000;
/** What may pass by itself is told only when it has failed this often. */
const PASSING_TIMES_MIN = 3;

/**
 * Tells each failure once, until the signal aborts.
 * @throws Error where fewer hospitals than a round needs can go on without somebody correcting something
 */
export async function watchFailures(
  hospitals: readonly Watched[],
  study: string,
  protocol: StudyProtocol,
  say: Pick<Say, 'line'>,
  signal: AbortSignal,
  askMs = ASK_MS,
): Promise<void> {
  const told = new Set<string>();
  while (!signal.aborted) {
    const held = new Map<string, FailureResource>();
    for (const { hospital, failure } of await failuresOf(hospitals, study)) {
      const about = `${hospital} ${failure.step} ${failure.code}`;
      const isLasting = needsCorrection(failure);
      if (isLasting) held.set(hospital, failure);
      if (told.has(about) || !(isLasting || failure.times >= PASSING_TIMES_MIN)) continue;
      told.add(about);
      say.line(`  ${hospital}: ${failure.step} of round ${failure.round}: ${failure.code}: ${failure.detail}`);
    }
    if (hospitals.length - held.size < quorum(protocol)) throw new Error(`the study cannot go on: ${byCause(held)}`);
    await pause(askMs, undefined, { signal }).catch(() => undefined);
  }
}

async function failuresOf(hospitals: readonly Watched[], study: string) {
  const asked = hospitals.map(async (hospital) => {
    // A gateway that does not answer is told of by the others.
    const { failures } = await hospital
      .as('researcher')
      .study(study)
      .catch(() => ({ failures: [] }));
    return failures.map((failure) => ({ hospital: hospital.name, failure }));
  });
  return (await Promise.all(asked)).flat();
}

/** Each cause once, with the hospitals that have it. */
function byCause(held: ReadonlyMap<string, FailureResource>): string {
  const hospitals = new Map<string, string[]>();
  for (const [hospital, { code, detail }] of held) {
    const cause = `${code}: ${detail}`;
    hospitals.set(cause, [...(hospitals.get(cause) ?? []), hospital]);
  }
  return [...hospitals].map(([cause, names]) => `${names.join(', ')}: ${cause}`).join('; ');
}

function needsCorrection({ code }: FailureResource): boolean {
  const kind = Object.hasOwn(ERRORS, code) ? ERRORS[code as ErrorCode].kind : 'unavailable';
  return kind === 'invalid' || kind === 'limit' || code === 'DATA_FILE_MISSING';
}
