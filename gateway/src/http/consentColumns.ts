/** Columns of the desk's lists, for whoever takes them as a table. Times in UTC, RFC 3339. */
import type {
  CohortUse,
  ConsentEventResource,
  ConsentRecordHead,
  HistoryEvent,
  PatientUse,
  PolicyResource,
  ReadResource,
  RoundsAfterResource,
  SelectionDecision,
  SelectionResource,
  WithdrawalResource,
} from '@consilium/client/resources';
import type { Cell, Column } from '../exports/csv.js';

const time = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString());
const joined = (values: readonly string[]): string => values.join(' ');
const reasons = (list: readonly Readonly<{ text: string }>[]): string => list.map(({ text }) => text).join('; ');

/** One column a member, in this order. */
function columns<Item>(cells: Readonly<Record<string, (item: Item) => Cell>>): Column<Item>[] {
  return Object.entries(cells).map(([name, value]) => ({ name, value }));
}

export const EVENT_COLUMNS = columns<ConsentEventResource>({
  hospital: ({ msp }) => msp,
  ref: ({ ref }) => ref,
  seq: ({ seq }) => seq,
  kind: ({ kind }) => kind,
  reason: ({ reason }) => reason,
  meaning: ({ meaning }) => meaning,
  codes: ({ codes }) => joined(codes),
  policyVersion: ({ policyVersion }) => policyVersion,
  validFrom: ({ validFrom }) => time(validFrom),
  validTo: ({ validTo }) => time(validTo),
  effectiveFrom: ({ effectiveFrom }) => time(effectiveFrom),
  restricts: ({ restricts }) => restricts,
  recordedBy: ({ recordedBy }) => recordedBy.id,
  role: ({ recordedBy }) => recordedBy.role,
  recordedAt: ({ recordedAt }) => time(recordedAt),
  block: ({ record }) => record.block,
  position: ({ record }) => record.position,
  transaction: ({ record }) => record.transactionId,
  commitment: ({ commitment }) => commitment,
});

export const HISTORY_COLUMNS = columns<HistoryEvent>({
  ref: ({ ref }) => ref,
  seq: ({ seq }) => seq,
  kind: ({ kind }) => kind,
  reason: ({ reason }) => reason,
  meaning: ({ meaning }) => meaning,
  actor: ({ actor }) => actor.name,
  role: ({ actor }) => actor.role,
  ledgerActor: ({ actor }) => actor.ledgerId,
  basis: ({ basis }) => basis,
  policyVersion: ({ policy }) => policy?.version ?? null,
  policyChanges: ({ policy }) => joined(policy?.changes.map(({ field }) => field) ?? []),
  terms: ({ terms }) => terms.map(({ code, values }) => [code, ...values].join(':')).join(' '),
  dataClasses: ({ dataClasses }) => joined(dataClasses),
  validFrom: ({ validFrom }) => time(validFrom),
  validTo: ({ validTo }) => time(validTo),
  effectiveFrom: ({ effectiveFrom }) => time(effectiveFrom),
  changes: ({ changes }) => joined(changes.map(({ field }) => field)),
  note: ({ note }) => note,
  claimedAt: ({ claimedAt }) => time(claimedAt),
  effectiveHereAt: ({ effectiveHereAt }) => time(effectiveHereAt),
  state: ({ state }) => state,
  recordedAt: ({ ledger }) => time(ledger?.recordedAt ?? null),
  block: ({ ledger }) => ledger?.block ?? null,
  position: ({ ledger }) => ledger?.position ?? null,
  transaction: ({ ledger }) => ledger?.transactionId ?? null,
});

export const RECORD_COLUMNS = columns<ConsentRecordHead>({
  ref: ({ ref }) => ref,
  madeAt: ({ madeAt }) => time(madeAt),
  events: ({ events }) => events,
});

export const POLICY_COLUMNS = columns<PolicyResource>({
  hospital: ({ msp }) => msp,
  version: ({ version }) => version,
  title: ({ title }) => title,
  textHash: ({ textHash }) => textHash,
  permittedPurposes: ({ permittedPurposes }) => joined(permittedPurposes),
  dataClasses: ({ dataClasses }) => joined(dataClasses),
  legalBasis: ({ legalBasis }) => legalBasis,
  silence: ({ silence }) => silence,
  placement: ({ placement }) => placement,
  retentionDays: ({ retentionDays }) => retentionDays,
  restricts: ({ restricts }) => restricts,
  changes: ({ changes }) => joined(changes.map(({ field }) => field)),
  publishedBy: ({ publishedBy }) => publishedBy.id,
  publishedAt: ({ publishedAt }) => time(publishedAt),
  block: ({ record }) => record.block,
  transaction: ({ record }) => record.transactionId,
});

export const COHORT_COLUMNS = columns<CohortUse>({
  study: ({ study }) => study,
  round: ({ round }) => round,
  hospital: ({ msp }) => msp,
  root: ({ cohort }) => cohort.root,
  sizeBucket: ({ cohort }) => cohort.sizeBucket,
  restrictionEpoch: ({ cohort }) => cohort.restrictionEpoch,
  policyVersion: ({ cohort }) => cohort.policyVersion,
  purposes: ({ cohort }) => joined(cohort.purposes),
  joinedAt: ({ joinedAt }) => time(joinedAt),
  contributed: ({ contributed }) => contributed,
  version: ({ version }) => version?.version ?? null,
  versionDigest: ({ version }) => version?.digest ?? null,
  versionStatus: ({ version }) => version?.status ?? null,
  block: ({ record }) => record.block,
  transaction: ({ record }) => record.transactionId,
});

export const USE_COLUMNS = columns<PatientUse>({
  study: ({ study }) => study,
  round: ({ round }) => round,
  selectedAt: ({ selectedAt }) => time(selectedAt),
  root: ({ root }) => root,
  policyVersion: ({ policyVersion }) => policyVersion,
  purposes: ({ purposes }) => joined(purposes),
  joined: (use) => use.joined,
  contributed: ({ contributed }) => contributed,
  version: ({ version }) => version?.version ?? null,
  versionDigest: ({ version }) => version?.digest ?? null,
  versionStatus: ({ version }) => version?.status ?? null,
  block: ({ record }) => record?.block ?? null,
  transaction: ({ record }) => record?.transactionId ?? null,
});

const round = (first: WithdrawalResource['firstRoundAfterHere']) => (first ? `${first.study} ${first.round}` : null);

export const WITHDRAWAL_COLUMNS = columns<WithdrawalResource>({
  ended: ({ ended }) => ended,
  ref: ({ ref }) => ref,
  seq: ({ seq }) => seq,
  kind: ({ kind }) => kind,
  reason: ({ reason }) => reason,
  effectiveHereAt: ({ effectiveHereAt }) => time(effectiveHereAt),
  state: ({ state }) => state,
  recordedAt: ({ ledger }) => time(ledger?.recordedAt ?? null),
  block: ({ ledger }) => ledger?.block ?? null,
  transaction: ({ ledger }) => ledger?.transactionId ?? null,
  firstRoundAfterHere: ({ firstRoundAfterHere }) => round(firstRoundAfterHere),
  firstRoundAfterLedger: ({ firstRoundAfterLedger }) => round(firstRoundAfterLedger),
});

export const ROUNDS_AFTER_COLUMNS = columns<RoundsAfterResource>({
  study: ({ study }) => study,
  firstRoundAfterHere: ({ firstRoundAfterHere }) => firstRoundAfterHere?.round ?? null,
  joinedAtAfterHere: ({ firstRoundAfterHere }) => time(firstRoundAfterHere?.joinedAt ?? null),
  firstRoundAfterLedger: ({ firstRoundAfterLedger }) => firstRoundAfterLedger?.round ?? null,
  joinedAtAfterLedger: ({ firstRoundAfterLedger }) => time(firstRoundAfterLedger?.joinedAt ?? null),
});

export const SELECTION_COLUMNS = columns<SelectionResource>({
  id: ({ id }) => id,
  study: ({ study }) => study,
  round: (selection) => selection.round,
  at: ({ at }) => time(at),
  policyVersion: ({ commitment }) => commitment.policyVersion,
  restrictionEpoch: ({ commitment }) => commitment.restrictionEpoch,
  purposes: ({ commitment }) => joined(commitment.purposes),
  root: ({ commitment }) => commitment.root,
  listHash: ({ listHash }) => listHash,
  allowed: ({ allowed }) => allowed,
  denied: ({ denied }) => denied,
  abstained: ({ abstained }) => abstained,
  withoutRecord: ({ withoutRecord }) => withoutRecord,
});

export const DECISION_COLUMNS = columns<SelectionDecision>({
  ref: ({ ref }) => ref,
  answer: ({ answer }) => answer,
  codes: ({ reasons: why }) => joined(why.map(({ code }) => code)),
  reasons: ({ reasons: why }) => reasons(why),
});

export const READ_COLUMNS = columns<ReadResource>({
  day: ({ day }) => day,
  at: ({ at }) => time(at),
  by: ({ by }) => by.name,
  role: ({ by }) => by.role,
  kind: ({ kind }) => kind,
  ref: ({ ref }) => ref,
  query: ({ query }) => query,
  hash: ({ hash }) => hash,
});
