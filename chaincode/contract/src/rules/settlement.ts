/** What a round leaves behind once it is over: read from t named attestations, or from the close that aborted it. */
import {
  type Attestation,
  agreementOf,
  type Close,
  deriveRound,
  type ModelVersion,
  type Msp,
  majority,
  type Phase,
  type Round,
  type RoundState,
  refusal,
  type Settlement,
  type StudyProtocol,
  settleRound,
  type Vote,
} from '@consilium/domain';
import { type Write, write } from './records.js';
import { isCarried } from './votes.js';

export type SettlingFacts = Readonly<{
  round: Round;
  closes: ReadonlyMap<Phase, Close>;
  /** Of the named members, those that attested. */
  attestations: ReadonlyMap<Msp, Attestation>;
  /** Votes against the candidate that this round judges. */
  vetoes: readonly Vote[];
  /** The candidate that this round judges, as it stands. */
  judged: ModelVersion | undefined;
  /** The version of this round, where it is recorded already. */
  recorded: ModelVersion | undefined;
}>;

export type Settled = Readonly<{ state: RoundState; settlement: Settlement; writes: readonly Write[] }>;

/** An attestation stands only after the survivors were fixed: then everyone that no close left out has joined and contributed. */
const EVERYONE = { has: () => true } as const;

/**
 * @param attestedBy t members with equal attestations; empty where a close aborted the round
 * @throws ConsiliumError ROUND_NOT_SETTLED, ATTESTATIONS_DIFFER
 */
export function settle(protocol: StudyProtocol, attestedBy: readonly Msp[], facts: SettlingFacts): Settled {
  const { round, closes, attestations } = facts;
  const aborted = [...closes.values()].some(({ abort }) => abort);
  if (!aborted) requireAgreement(protocol, attestedBy, facts);
  const state = deriveRound(protocol, { round, joins: EVERYONE, contributions: EVERYONE, attestations, closes });
  const settlement = settleRound(protocol, round, state, isCarried(protocol, facts.vetoes));
  return { state, settlement, writes: facts.recorded ? [] : versionWrites(settlement, facts.judged) };
}

function requireAgreement(protocol: StudyProtocol, attestedBy: readonly Msp[], facts: SettlingFacts): void {
  const { study, round } = facts.round;
  const needed = majority(protocol);
  if (attestedBy.length === 0)
    throw refusal('ROUND_NOT_SETTLED', { study, round, stage: 'not aborted, and no attestations were named' });
  const equal =
    new Set(attestedBy).size === needed &&
    attestedBy.length === needed &&
    agreementOf(facts.attestations, needed) !== undefined;
  if (!equal) throw refusal('ATTESTATIONS_DIFFER', { count: attestedBy.length, needed });
}

/** The new version, and the judged one with its status. A status once given stays. */
function versionWrites({ recorded, judged }: Settlement, standing: ModelVersion | undefined): Write[] {
  const writes = recorded ? [write.model(recorded)] : [];
  if (!judged) return writes;
  if (!standing) throw new Error(`the version ${judged.version.version} that is judged is not on the ledger`);
  return [...writes, write.model({ ...standing, status: judged.status })];
}
