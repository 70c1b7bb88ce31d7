/** What evidence packs are made from. The composition root hands in the ledger's client and the consent store. */
import type {
  ConsentContent,
  ConsentEventInput,
  ConsentRef,
  ConsentSalt,
  Digest,
  Msp,
  QueryInput,
  QueryName,
  StudyId,
} from '@consilium/domain';

/** A page of an answer that a majority of hospitals signed, in Fabric's own bytes. */
export type EndorsedPage = Readonly<{
  proposal: Uint8Array;
  signature: Uint8Array;
  payload: Uint8Array;
  endorsements: readonly Readonly<{ endorser: Uint8Array; signature: Uint8Array }>[];
  records: readonly Readonly<{ key: string; value: unknown; place: Readonly<{ block: number; index: number }> }>[];
}>;

/** Asks as one person, whose certificate the answer names. */
export interface EndorsedQuestions {
  ask<Name extends QueryName>(
    name: Name,
    query: Omit<QueryInput<Name>, 'cursor' | 'items'>,
    signal?: AbortSignal,
  ): Promise<readonly EndorsedPage[]>;
}

export type ChainBlock = Readonly<{
  number: number;
  /** Hash of the block before, in hexadecimal digits; empty for the first. */
  previousHash: string;
  bytes: Uint8Array;
  /** Header and the orderers' signatures alone. */
  seal: Uint8Array;
  lastConfiguration: number;
  transactions: readonly Readonly<{ id: string; bytes: Uint8Array }>[];
}>;

/** The channel's blocks, as the own peer has them. */
export interface Chain {
  height(): Promise<number>;
  block(number: number): Promise<ChainBlock>;
}

/** Who has the pack made, and signs it. */
export type PackSigner = Readonly<{
  msp: Msp;
  /** PEM. */
  certificate: Uint8Array;
  /** ECDSA over SHA-256 of the message, DER, low s. */
  sign(message: Uint8Array): Promise<Uint8Array>;
}>;

/** An event as the hospital keeps it. */
export type KeptEvent = Readonly<{
  content: ConsentContent;
  /** The batch whose root stands for it, where events stay at home. */
  batch: number | null;
}>;

/** A member of a cohort, opened. */
export type CohortMember = Readonly<{
  ref: ConsentRef;
  salt: ConsentSalt;
  /** Null where the patient numbers were not asked for. */
  patient: string | null;
  events: readonly KeptEvent[];
}>;

export type CohortOpening = Readonly<{
  members: readonly CohortMember[];
  /** All of the tree, those of erased members too. */
  positions: readonly Digest[];
  /** Members whose salts are destroyed. */
  erased: readonly ConsentRef[];
}>;

/** The part of the consent store that evidence is made from. */
export interface EvidenceStore {
  /** @throws ConsiliumError CONSENT_COHORT_UNKNOWN */
  cohortOpening(study: StudyId, round: number, options?: Readonly<{ withPatients?: boolean }>): CohortOpening;
  /** @throws ConsiliumError CONSENT_COHORT_UNKNOWN */
  cohortProof(
    who: Readonly<{ ref: ConsentRef }>,
    study: StudyId,
    round: number,
  ): Readonly<{ presence: 'present' | 'absent'; proof: string }>;
  patientOf(ref: ConsentRef): string | undefined;
  opening(ref: ConsentRef): Readonly<{ salt: ConsentSalt }> | undefined;
  /** @throws ConsiliumError CONSENT_RECORD_UNKNOWN */
  history(who: Readonly<{ ref: ConsentRef }>): readonly KeptEvent[];
  batchProof(
    ref: ConsentRef,
    seq: number,
  ): Readonly<{ batch: number; index: number; leaf: ConsentEventInput; path: readonly Digest[] }> | undefined;
  /** In the order of the leaves; of erased records the leaf's hash alone. */
  batchLeaves(batch: number): readonly (ConsentEventInput | Digest)[];
}
