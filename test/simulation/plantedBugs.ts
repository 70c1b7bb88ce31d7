/** Bugs that were planted to see whether the simulation finds them: each breaks one promise of the protocol. */
import type { Attestation, Digest, Outcome } from '@consilium/domain';
import { keyRange } from '@consilium/domain';
import type { AgentPorts } from '../../gateway/src/agent/agentPorts.js';
import type { Aggregated, Blobs, CohortSelection, ConsentDesk, Journal } from '../../gateway/src/agent/ports.js';
import { STUDY } from './studyName.js';
import { REAL, type Variant } from './variant.js';

export type PlantedBug = Readonly<{ name: string; variant: Variant; found: RegExp }>;

export const planted = (name: string, changes: Partial<Variant>, found: RegExp): PlantedBug => ({
  name,
  variant: { ...REAL, ...changes },
  found,
});

export const PLANTED_BUGS: readonly PlantedBug[] = [
  planted(
    'an agent attests what others attested, without recomputing it',
    { ports: (_msp, ports) => copying(ports) },
    /attested of round \d+ what it cannot have recomputed|is not what was summed up/,
  ),
  planted(
    'an agent keeps the vector that it made in memory only',
    { ports: (_msp, ports) => ({ ...ports, journal: forgetting(ports.journal, 'vector') }) },
    /showed two different vectors/,
  ),
  planted(
    'an agent keeps in memory only that it joined, and does not sit the round out',
    { ports: (_msp, ports) => ({ ...ports, journal: pretending(ports.journal, 'join') }) },
    /has forgotten its join/,
  ),
  planted(
    'an agent begins before its mirror has caught up',
    { startsBeforeCatchingUp: true },
    /has forgotten its join|showed two different vectors|revealed two different things/,
  ),
  planted(
    'a hospital signs for vectors that it does not keep',
    { deskPorts: (ports) => ({ ...ports, blobs: { ...ports.blobs, put: async () => '' as Digest } }) },
    /signed for the vector of \w+, and has it not/,
  ),
  planted(
    'an agent goes on from a version that it disputes',
    { ports: (_msp, ports) => ({ ...ports, journal: pretending(ports.journal, 'dispute-lifted') }) },
    /that it disputes/,
  ),
  planted(
    'a hospital forgets its own tensors',
    { ports: (_msp, ports) => ({ ...ports, personal: { ...ports.personal, get: () => undefined } }) },
    /starts round \d+ from own tensor/,
  ),
  planted(
    'no member waits for its rank',
    {
      ports: (_msp, ports) => ({
        ...ports,
        clock: { ...ports.clock, monotonic: () => 1_000 * ports.clock.monotonic() },
      }),
    },
    /is invalid \(MVCC_READ_CONFLICT\)/,
  ),
  planted(
    'an agent looks only when the ledger has changed',
    {
      ports: (_msp, ports) => ({
        ...ports,
        timers: { after: (ms, run) => (ms >= 5_000 ? () => undefined : ports.timers.after(ms, run)) },
      }),
    },
    /has not ended/,
  ),
  planted(
    'an agent that was away cannot fetch a version',
    {
      ports: (_msp, ports) => ({
        ...ports,
        exchange: { ...ports.exchange, fetch: () => Promise.reject(new Error('not implemented')) },
      }),
    },
    /not implemented/,
  ),
  planted(
    'facts do not read whether their phase was closed',
    {
      channel: {
        change: (endorsed) => {
          const { reads } = endorsed.readWriteSet;
          const kept = reads.filter(({ key }) => !key.startsWith('close~'));
          return { ...endorsed, readWriteSet: { ...endorsed.readWriteSet, reads: kept, ranges: [] } };
        },
      },
    },
    /the (?:roster|survivors) of round \d+ changed|after its \w+ was closed/,
  ),
];

/** Where patients withdraw: found in the small studies that ask for consent. */
export const PLANTED_CONSENT_BUGS: readonly PlantedBug[] = [
  planted(
    'an agent does not ask again whether its cohort may be used',
    { ports: (_msp, ports) => ({ ...ports, consent: altered(ports.consent, { isStillAllowed: () => true }) }) },
    /(?:joins|trains|shares|contributes|reports).* who withdrew/,
  ),
  planted(
    'an agent does not hear of withdrawals while it is at work',
    {
      ports: (_msp, ports) => ({ ...ports, consent: altered(ports.consent, { onRestriction: () => () => undefined }) }),
    },
    /(trains|contributes to round \d+ with) .* who withdrew/,
  ),
  planted(
    'an agent does not look when a validity ends',
    { ports: (_msp, ports) => ({ ...ports, consent: altered(ports.consent, { allowedUntil: () => undefined }) }) },
    /whose consent has ended/,
  ),
  planted(
    'an agent joins with whom it selected first, under the epoch of today',
    { ports: (_msp, ports) => ({ ...ports, consent: selectingOnce(ports.consent) }) },
    /who withdrew/,
  ),
  planted(
    'an agent trains on whom it selects anew after its join',
    { ports: (_msp, ports) => ({ ...ports, learner: retraining(ports) }) },
    /on other patients than it joined with/,
  ),
  planted(
    'an agent keeps the vector of a round that it gave up',
    { ports: (_msp, ports) => ({ ...ports, blobs: hiding(ports.blobs) }) },
    /has kept its vector/,
  ),
  planted(
    'an agent tells nobody which versions a withdrawal has touched',
    {
      ports: (_msp, ports) => ({
        ...ports,
        consent: altered(ports.consent, { unreportedWithdrawals: () => undefined }),
      }),
    },
    /has not reported that version/,
  ),
  planted(
    'a join does not read the restriction epoch',
    {
      channel: {
        change: (endorsed) => {
          const reads = endorsed.readWriteSet.reads.filter(({ key }) => !key.startsWith('epoch~'));
          return { ...endorsed, readWriteSet: { ...endorsed.readWriteSet, reads } };
        },
      },
    },
    /joined round \d+ under epoch \d+, while \d+ was current/,
  ),
];

/** A desk whose methods are others in part; a class's own are not spread. */
function altered(consent: ConsentDesk, changes: Partial<ConsentDesk>): ConsentDesk {
  return {
    select: (asked, signal) => consent.select(asked, signal),
    selection: (study, round) => consent.selection(study, round),
    isStillAllowed: (study, round) => consent.isStillAllowed(study, round),
    allowedUntil: (study, round) => consent.allowedUntil(study, round),
    allowedNow: (asked) => consent.allowedNow(asked),
    unreportedWithdrawals: (study) => consent.unreportedWithdrawals(study),
    onRestriction: (listener) => consent.onRestriction(listener),
    ...changes,
  };
}

/** Says that what it was to remove is gone. */
function hiding(blobs: Blobs): Blobs {
  const hidden = new Set<Digest>();
  return {
    ...blobs,
    has: async (digest) => !hidden.has(digest) && blobs.has(digest),
    remove: async (digest) => void hidden.add(digest),
  };
}

/** Keeps in memory whom it selected first, and gives them for each round, with today's epoch: nobody withdraws there. */
function selectingOnce(consent: ConsentDesk): ConsentDesk {
  let first: CohortSelection | undefined;
  const kept = new Map<number, CohortSelection>();
  return altered(consent, {
    select: async (asked, signal) => {
      const selected = await consent.select(asked, signal);
      first ??= selected;
      const { restrictionEpoch, policyVersion } = selected.commitment;
      const again = { ...first, commitment: { ...first.commitment, restrictionEpoch, policyVersion } };
      kept.set(asked.round, again);
      return again;
    },
    selection: (study, round) => kept.get(round) ?? consent.selection(study, round),
    isStillAllowed: () => true,
  });
}

function retraining({ learner, consent, patients }: AgentPorts): AgentPorts['learner'] {
  return {
    makeVector: async (task, signal) => {
      const { study, protocol, round } = task;
      if (!protocol.consent) return learner.makeVector(task, signal);
      const usable = [...(await patients.patients(protocol)).keys()];
      const selection = await consent.select({ study, protocol, round, patients: usable });
      return learner.makeVector({ ...task, selection }, signal);
    },
  };
}

/** Attests what stands on the ledger already, where there is something. */
function copying(ports: AgentPorts): AgentPorts {
  const copied = new WeakMap<Uint8Array, Digest>();
  const aggregate: AgentPorts['arithmetic']['aggregate'] = (round) => {
    const made = ports.arithmetic.aggregate(round);
    const { start, end } = keyRange('attestation', STUDY, round.round);
    const outcome = (ports.state.range(start, end)[0]?.value as Attestation | undefined)?.outcome;
    if (outcome?.kind !== 'version' || !made.file) return made;
    copied.set(made.file, outcome.digest);
    return { ...made, outcome: outcome as Outcome } as Aggregated;
  };
  const put: AgentPorts['blobs']['put'] = async (bytes) => {
    const digest = await ports.blobs.put(bytes);
    return copied.get(bytes) ?? digest;
  };
  return { ...ports, arithmetic: { ...ports.arithmetic, aggregate }, blobs: { ...ports.blobs, put } };
}

/** A journal that holds one name in memory only: it is gone with the process. */
function forgetting(journal: Journal, forgotten: string): Journal {
  const kept = new Map<string, string>();
  return {
    get: (study, round, name) => (name === forgotten ? kept.get(`${study} ${round}`) : journal.get(study, round, name)),
    set: (study, round, name, value) => {
      if (name === forgotten) kept.set(`${study} ${round}`, value);
      else journal.set(study, round, name, value);
    },
  };
}

/** A journal that always has something under a name. */
function pretending(journal: Journal, claimed: string): Journal {
  return {
    get: (study, round, name) => journal.get(study, round, name) ?? (name === claimed ? '0'.repeat(64) : undefined),
    set: (study, round, name, value) => journal.set(study, round, name, value),
  };
}
