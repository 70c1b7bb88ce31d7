/** Makes this hospital's vector of a round: once, whatever happens to the process meanwhile. */
import { ConsiliumError, canonicalJson, type Digest, refusal, type VersionRef, vectorLayout } from '@consilium/domain';
import { vectorBytes } from '../privacy/fixedPoint.js';
import { digestOf } from './digestOf.js';
import { maskedVector } from './maskedVector.js';
import { personalOf } from './personalOf.js';
import type { CohortSelection, VectorMade, VersionInHand } from './ports.js';
import {
  journalAbstention,
  journalEvaluation,
  journaledVector,
  journaledVectorFile,
  journalVector,
  journalVectorFile,
} from './roundJournal.js';
import type { StepOf } from './step.js';
import { roundOf, type StepContext } from './stepContext.js';
import { whileAllowed } from './whileAllowed.js';

export async function makeVector(step: StepOf<'makeVector'>, context: StepContext): Promise<void> {
  const { ports, timings } = context;
  const { study, round: number } = step;
  const { protocol, facts } = roundOf(context, step);
  const { kind, base, candidateParent } = facts.round;
  if (kind === 'initial' || !base) throw new RangeError(`round ${number} of kind ${kind} has no vector`);
  const from = ports.clock.monotonic();
  const bases = {
    base: await inHand(context, base),
    candidateParent: candidateParent ? await inHand(context, candidateParent) : undefined,
  };
  const isMasked = facts.round.shareKeys !== undefined;
  await whileAllowed(context, step, async (during) => {
    const masked = isMasked ? await ports.secrets.masked(study, number) : undefined;
    if (masked) return journalVector(ports.journal, study, number, await ports.blobs.put(masked));
    const selection = protocol.consent && committedSelection(step, context);
    const made = await ports.learner.makeVector({ study, protocol, round: number, kind, ...bases, selection }, during);
    const { length } = vectorLayout(protocol, kind);
    if (made.vector.length !== length)
      throw refusal('VECTOR_LENGTH_WRONG', { round: number, expected: length, found: made.vector.length });
    during.throwIfAborted();
    // With the masked vector the secrets are gone that could make another: what belongs to it is kept before.
    if (isMasked) keepOwn(step, context, made);
    const bytes = isMasked ? await maskedVector(step, context, made.vector) : vectorBytes(made.vector);
    during.throwIfAborted();
    const digest = await write(step, context, bytes);
    during.throwIfAborted();
    keep(step, context, made, digest);
  });
  timings.span(study, number, 'training', from, ports.clock.monotonic());
}

/**
 * The patients whose cohort the own join commits to.
 * @throws ConsiliumError CONSENT_WITHDRAWN where another selection is kept here by now
 */
function committedSelection(step: StepOf<'makeVector'>, context: StepContext): CohortSelection {
  const { ports, identity } = context;
  const { study, round } = step;
  const selection = ports.consent.selection(study, round);
  const committed = roundOf(context, step).facts.joins.get(identity.msp)?.cohort?.root;
  if (!selection || selection.commitment.root !== committed) throw refusal('CONSENT_WITHDRAWN', { study, round });
  return selection;
}

/** Where consent applies, the file's name is written down before the file: should a patient withdraw, it is found again. */
async function write(step: StepOf<'makeVector'>, context: StepContext, bytes: Uint8Array): Promise<Digest> {
  const { blobs, journal } = context.ports;
  const { study, round } = step;
  if (roundOf(context, step).protocol.consent) {
    const earlier = journaledVectorFile(journal, study, round);
    const digest = digestOf(bytes);
    if (earlier !== undefined && earlier !== digest && earlier !== journaledVector(journal, study, round))
      await blobs.remove(earlier);
    journalVectorFile(journal, study, round, digest);
  }
  return blobs.put(bytes);
}

/**
 * The digest is written down last: whoever finds it finds all that belongs to it. A vector that was lost and comes out
 * otherwise is never sent: the round is sat out.
 */
function keep(step: StepOf<'makeVector'>, context: StepContext, made: VectorMade, digest: Digest): void {
  const { study, round } = step;
  const { journal, log } = context.ports;
  const before = journaledVector(journal, study, round);
  if (before !== undefined && before !== digest) {
    journalAbstention(journal, study, round, 'the vector was lost and could not be made again');
    log.error({ study, round }, 'this round is sat out: the vector was lost, and making it again gave another one');
    return;
  }
  keepOwn(step, context, made);
  journalVector(journal, study, round, digest);
  log.info({ study, round, seconds: made.seconds, clipped: made.clipped }, 'the vector of this round is made');
}

/** What a vector leaves in this hospital: its own tensors, and its own figures. */
function keepOwn(step: StepOf<'makeVector'>, { ports }: StepContext, made: VectorMade): void {
  const { study, round } = step;
  if (made.personal) ports.personal.set(study, round, made.personal);
  if (!made.evaluation) return;
  const { base, parent } = made.evaluation;
  const { trainingPatients } = made;
  journalEvaluation(ports.journal, { study, round, trainingPatients, base, ...(parent ? { parent } : {}) });
}

async function inHand({ ports, view, identity }: StepContext, version: VersionRef): Promise<VersionInHand> {
  const file = await ports.blobs.get(version.digest);
  if (!file) throw new ConsiliumError('VERSION_FILE_INVALID', `version ${canonicalJson(version)} is not on this disk`);
  const personal = personalOf(ports.personal, view, identity.msp, version);
  return { version: version.version, file, personal };
}
