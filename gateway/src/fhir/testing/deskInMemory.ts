/** A consent store in memory, with the rules of kinds that the real one has. It is not built. */
import {
  type ConsentContent,
  type ConsentEventInput,
  type ConsentKind,
  type ConsentRef,
  canonicalDigest,
  type Digest,
  type Instant,
  type Msp,
  refusal,
  type StudyId,
} from '@consilium/domain';
import type { FhirRoom } from '../operations.js';
import type {
  By,
  ConsentOrder,
  DecisionList,
  DisclosureKept,
  EventKept,
  EventRecorded,
  FhirDesk,
  FhirHospital,
  ReadKept,
  Who,
} from '../ports.js';

export const CLEVELAND: FhirHospital = {
  msp: 'ClevelandMSP' as Msp,
  name: 'Cleveland',
  patientSystem: 'urn:consilium:patient:ClevelandMSP',
};
export const NOW = Date.UTC(2026, 10, 24, 12) as Instant;
export const STEWARD: By = { name: 'data-steward', role: 'data-steward' };
export const POLICIES = 2;

export class DeskInMemory implements FhirDesk {
  readonly events: EventKept[] = [];
  readonly lists: DecisionList[] = [];
  readonly logged: Parameters<FhirDesk['logRead']>[0][] = [];
  readonly #patients = new Map<ConsentRef, string>();
  readonly #disclosures: DisclosureKept[] = [];
  readonly #reads: ReadKept[] = [];

  get room(): FhirRoom {
    return { desk: this, hospital: CLEVELAND, now: () => NOW };
  }

  async record(orders: readonly ConsentOrder[], by: By): Promise<{ events: EventRecorded[] }> {
    const kinds = new Map<string, ConsentKind | undefined>();
    for (const { patient, kind, policyVersion = POLICIES, effectiveFrom = NOW } of orders) {
      const last = kinds.has(patient) ? kinds.get(patient) : this.#last(patient);
      const isOver = last === undefined || ['withdraw', 'expire', 'opt-out'].includes(last);
      if ((kind === 'change' || kind === 'withdraw') && isOver) throw refusal('CONSENT_PATIENT_UNKNOWN', {});
      if (policyVersion > POLICIES)
        throw refusal('CONSENT_POLICY_UNKNOWN', { msp: CLEVELAND.msp, version: policyVersion });
      if (effectiveFrom > NOW) throw refusal('CONSENT_EVENT_BACKDATED', { kind, problem: 'in the future' });
      kinds.set(patient, kind);
    }
    return { events: orders.map((order) => this.#keep(order, by)) };
  }

  /** The channel has taken in whatever waits. */
  commit(): void {
    for (const [at, event] of this.events.entries())
      if (event.state === 'waiting')
        this.events[at] = {
          ...event,
          state: 'committed',
          ledger: { block: 7, transactionId: 'ab'.repeat(32), recordedAt: NOW },
        };
  }

  refsOf(patient: string): ConsentRef[] {
    return [...this.#patients].filter(([, of]) => of === patient).map(([ref]) => ref);
  }

  patientOf(ref: ConsentRef): string | undefined {
    return this.#patients.get(ref);
  }

  history(who: Who): EventKept[] {
    const ref = this.#refOf(who);
    return this.events.filter((event) => event.ref === ref);
  }

  decisions({ study, round, day }: { study?: StudyId; round?: number; day?: string }) {
    const items = this.lists.filter(
      (list) =>
        (study === undefined || list.study === study) &&
        (round === undefined || list.round === round) &&
        (day === undefined || new Date(list.at).toISOString().startsWith(day)),
    );
    return { items, cursor: null, total: items.length };
  }

  decisionList(id: number): DecisionList {
    const list = this.lists.find((one) => one.id === id);
    if (!list) throw refusal('CONSENT_COHORT_UNKNOWN', { study: 'heart', round: 0 });
    return list;
  }

  usesOf(who: Who) {
    const ref = this.#refOf(who);
    return this.lists.filter(({ groups }) => groups.some(({ refs }) => refs.includes(ref)));
  }

  reads({ ref }: { ref?: ConsentRef }) {
    const items = this.#reads.filter((read) => read.ref === ref);
    return { items, cursor: null, total: items.length };
  }

  logRead(entry: Parameters<FhirDesk['logRead']>[0]): void {
    this.logged.push(entry);
    const { by, kind, ref = null } = entry;
    const hash = canonicalDigest({ at: this.#reads.length });
    this.#reads.push({ at: NOW, by: { name: by.name, role: by.role ?? null }, kind, ref, hash });
  }

  recordDisclosure({ patient, ...disclosure }: Parameters<FhirDesk['recordDisclosure']>[0], by: By) {
    const ref = this.refsOf(patient).at(-1);
    if (!ref) throw refusal('CONSENT_PATIENT_UNKNOWN', {});
    const id = this.#disclosures.length + 1;
    this.#disclosures.push({ ...disclosure, id, ref, by: { name: by.name, role: by.role ?? null } });
    return { id, ref };
  }

  disclosures(who: Who) {
    const ref = this.#refOf(who);
    const items = this.#disclosures.filter((one) => one.ref === ref);
    return { items, cursor: null, total: items.length };
  }

  #refOf(who: Who): ConsentRef {
    const ref = 'ref' in who ? who.ref : this.refsOf(who.patient).at(-1);
    if (ref === undefined || !this.#patients.has(ref)) throw refusal('CONSENT_PATIENT_UNKNOWN', {});
    return ref;
  }

  #last(patient: string): ConsentKind | undefined {
    const ref = this.refsOf(patient).at(-1);
    return this.events.filter((event) => event.ref === ref).at(-1)?.kind;
  }

  #keep(order: ConsentOrder, by: By): EventRecorded {
    const { patient, kind, reason, meaning = 'recorded', policyVersion = POLICIES, effectiveFrom = NOW } = order;
    const ref = this.refsOf(patient).at(-1) ?? ((this.#patients.size + 1).toString(16).padStart(32, '0') as ConsentRef);
    this.#patients.set(ref, patient);
    const seq = this.events.filter((event) => event.ref === ref).length;
    const shared = {
      ref,
      seq,
      kind,
      policyVersion,
      validFrom: order.validFrom ?? null,
      validTo: order.validTo ?? null,
      effectiveFrom,
    };
    const content: ConsentContent = {
      ...shared,
      schemaVersion: 1,
      msp: CLEVELAND.msp,
      subject: canonicalDigest(patient),
      terms: order.terms ?? [],
      dataClasses: order.dataClasses ?? [],
      evidence: order.evidence ?? null,
    };
    const commitment: Digest = canonicalDigest(content);
    const input: ConsentEventInput = {
      ...shared,
      commitment,
      codes: content.terms.map(({ code }) => code),
      narrows: false,
      meaning,
      reason,
    };
    this.events.push({
      ref,
      seq,
      kind,
      content,
      input,
      fhir: order.fhir ?? null,
      recordedBy: { name: by.name, role: by.role ?? null },
      recordedHereAt: NOW,
      state: 'waiting',
      ledger: null,
    });
    const ends = kind === 'withdraw' || kind === 'opt-out';
    return { ref, seq, kind, state: 'waiting', effectiveHereAt: ends ? NOW : null };
  }
}

/** A selection of a round that allowed some records and denied others. */
export function decisionList(id: number, allow: readonly ConsentRef[], deny: readonly ConsentRef[]): DecisionList {
  return {
    id,
    study: 'heart' as StudyId,
    round: id,
    at: (NOW - id * 1_000) as Instant,
    commitment: {
      root: canonicalDigest(['root', id]),
      sizeBucket: '10-19',
      restrictionEpoch: 3,
      policyVersion: 2,
      purposes: ['DUO:0000006'],
    },
    listHash: canonicalDigest(['list', id]),
    allowed: allow.length,
    denied: deny.length,
    abstained: 0,
    withoutRecord: 4,
    groups: [
      { answer: 'allow', reasons: [{ code: 'PERMITTED', text: 'health research is allowed' }], refs: allow },
      { answer: 'deny', reasons: [{ code: 'PURPOSE', text: 'this disease is not named' }], refs: deny },
    ],
  };
}
