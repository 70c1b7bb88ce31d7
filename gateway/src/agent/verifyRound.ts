/**
 * Recomputes a round that was agreed upon, from the vectors on this hospital's disk and, where some are missing, from
 * their holders; and compares sum, result and version with what was attested. A hospital that had attested another
 * outcome may go on once its own recomputation gives the recorded one.
 */
import {
  type Contribution,
  canonicalJson,
  majority,
  type Outcome,
  receiptPayload,
  refusal,
  type StudyId,
  vectorLayout,
} from '@consilium/domain';
import type { AgentIdentity, AgentPorts } from './agentPorts.js';
import { requireVectorsKept } from './maskedRetention.js';
import type { RoundCheck, RoundVerification, RoundVerifier } from './ports.js';
import { isReceiptSignature } from './receiptSignature.js';
import { gatherMaterials, type Materials, recompute } from './recomputeRound.js';
import { excerptOf } from './roundExcerpt.js';
import { isDisputeLifted, journalDisputeLifted, journaledOutcome } from './roundJournal.js';
import { StudyReader } from './studyReader.js';
import type { RoundView, StudyView } from './studyView.js';

export type VerifyPorts = Pick<AgentPorts, 'state' | 'blobs' | 'exchange' | 'arithmetic' | 'sealing' | 'journal'>;

export class VerifyDesk implements RoundVerifier {
  readonly #ports: VerifyPorts;
  readonly #identity: AgentIdentity;
  readonly #reader: StudyReader;

  constructor(ports: VerifyPorts, identity: AgentIdentity) {
    this.#ports = ports;
    this.#identity = identity;
    this.#reader = new StudyReader(ports.state);
  }

  /** @throws ConsiliumError VECTORS_DELETED, and what `gatherMaterials` throws */
  async verify(study: StudyId, number: number, signal?: AbortSignal): Promise<RoundVerification> {
    const view = this.#reader.study(study);
    if (!view) throw refusal('STUDY_UNKNOWN', { study });
    const round = this.#reader.round(study, number);
    if (!round) throw refusal('ROUND_UNKNOWN', { study, round: number });
    const agreed = round.state.agreement?.outcome;
    if (!agreed) throw refusal('ROUND_NOT_SETTLED', { study, round: number, stage: round.state.stage });
    requireVectorsKept(this.#ports.journal, study, number);
    const members = [...view.registered.keys()];
    const materials = await gatherMaterials(this.#ports, this.#identity, round, members, signal);
    const { outcome, file, scores } = recompute(this.#ports.arithmetic, round, materials);
    const checks = [
      ...(materials ? contributionChecks(view, round, materials, this.#identity.channel) : []),
      ...outcomeChecks(round, agreed, outcome),
      ...recordChecks(round, agreed),
    ];
    const ok = checks.every((check) => check.ok);
    const isSame = canonicalJson(outcome) === canonicalJson(agreed);
    const disputeLifted = isSame && this.#isDisputed(round, agreed);
    if (disputeLifted && outcome.kind === 'version') {
      if (file) await this.#ports.blobs.put(file);
      journalDisputeLifted(this.#ports.journal, study, number, outcome.digest);
    }
    const excerpt = materials ? { excerpt: excerptOf(materials) } : {};
    return { study, round: number, ok, checks, disputeLifted, ...(scores ? { scores } : {}), ...excerpt };
  }

  #isDisputed({ facts, number }: RoundView, agreed: Outcome): boolean {
    const { study } = facts.round;
    if (isDisputeLifted(this.#ports.journal, study, number)) return false;
    const own =
      facts.attestations.get(this.#identity.msp)?.outcome ?? journaledOutcome(this.#ports.journal, study, number);
    return own !== undefined && canonicalJson(own) !== canonicalJson(agreed);
  }
}

/** Of every survivor: is what was summed up what it contributed, and did t-1 others sign for it? */
function contributionChecks(view: StudyView, round: RoundView, { vectors }: Materials, channel: string): RoundCheck[] {
  const { length } = vectorLayout(round.protocol, round.facts.round.kind);
  return [...vectors].flatMap(([msp, { digest, bytes }]) => {
    const contribution = round.facts.contributions.get(msp) as Contribution;
    const { signed, needed } = receiptsOf(view, round, contribution, channel);
    return [
      check(`hash of the vector of ${msp}`, digest === contribution.vectorDigest, digest),
      check(
        `length of the vector of ${msp}`,
        bytes === length * 4 && contribution.vectorLength === length,
        `${bytes / 4} elements, ${length} by the protocol`,
      ),
      check(`receipts for the vector of ${msp}`, signed >= needed, `${signed} valid signatures, ${needed} needed`),
    ];
  });
}

function receiptsOf(view: StudyView, round: RoundView, { msp, vectorDigest, receipts }: Contribution, channel: string) {
  const payload = receiptPayload(channel, view.study, round.number, msp, vectorDigest);
  const signers = receipts.filter(
    (receipt) =>
      receipt.msp !== msp &&
      isReceiptSignature(view.registered.get(receipt.msp)?.receiptKey ?? '', payload, receipt.signature),
  );
  return { signed: new Set(signers.map((receipt) => receipt.msp)).size, needed: majority(round.protocol) - 1 };
}

/** Recomputed here against attested by t members. */
function outcomeChecks(round: RoundView, agreed: Outcome, own: Outcome): RoundCheck[] {
  const members = round.state.agreement?.members ?? [];
  const checks = [
    check('attestations', members.length >= majority(round.protocol), `${members.length} members attested one outcome`),
    check('kind of outcome', own.kind === agreed.kind, own.kind),
  ];
  if (agreed.kind === 'sealed') {
    const found = own.kind === 'sealed' ? `${own.reason} ${own.dealer}` : 'a sum that opens';
    return [...checks, check('reason', found === `${agreed.reason} ${agreed.dealer}`, found)];
  }
  const sumDigest = own.kind === 'sealed' ? 'none: it does not open' : own.sumDigest;
  checks.push(check('sum', sumDigest === agreed.sumDigest, sumDigest ?? 'none: computed from the protocol'));
  if (agreed.kind === 'none') {
    const reason = own.kind === 'none' ? own.reason : 'a version';
    return [...checks, check('reason', reason === agreed.reason, reason)];
  }
  const [digest, result] = own.kind === 'version' ? [own.digest, canonicalJson(own.result)] : ['none', 'none'];
  return [
    ...checks,
    check('version', digest === agreed.digest, digest),
    check('result', result === canonicalJson(agreed.result), result),
  ];
}

/** Attested against what stands under the version, once it is recorded. */
function recordChecks({ recorded, number }: RoundView, agreed: Outcome): RoundCheck[] {
  if (!recorded || agreed.kind !== 'version') return [];
  const { digest, sumDigest, result } = recorded;
  const isSame =
    canonicalJson({ digest, sumDigest, result }) ===
    canonicalJson({ digest: agreed.digest, sumDigest: agreed.sumDigest, result: agreed.result });
  return [check('record', isSame, `version ${number} on the ledger is ${digest}`)];
}

function check(name: string, ok: boolean, detail: string): RoundCheck {
  return { name, ok, detail };
}
