/** Consents of one hospital, as its compliance officer, its stewards and its patient desk ask for them. */
import { z } from 'zod';
import { type Asking, part, type Waiting, waitingOptions } from './requestOptions.js';
import {
  BackupMade,
  BackupResource,
  CohortUsePage,
  ConsentEventResource,
  type ConsentOrdersBody,
  ConsentRecordHead,
  ConsentRecordResource,
  DecisionResource,
  EffectiveResource,
  type ErasureBody,
  ErasureReceipt,
  type EventsQuery,
  HistoryPage,
  type HoldBody,
  HoldResource,
  JobResource,
  LedgerEffectiveResource,
  type OpenedRecordBody,
  type PageAtHeight,
  type PageQuery,
  PatientUsePage,
  type PermitBody,
  PermitResource,
  type PolicyBody,
  PolicyResource,
  pageAtHeight,
  QueueResource,
  ReadLogResource,
  ReadPage,
  RecordingResource,
  type RecordName,
  type RestoreBody,
  RestoreReport,
  RotationResource,
  RoundsAfterPage,
  SelectionDecisionPage,
  SelectionPage,
  type Submission,
  submissionOf,
  TakenOver,
  type WithdrawalBody,
  WithdrawalPage,
  type WithdrawalResource,
  WithdrawnResource,
} from './resources/index.js';
import type { Query, Transport } from './transport.js';

/** How a list is taken as a file. */
export type FileFormat = 'csv' | 'ndjson' | 'json';
/** What an upload is written in. */
export type UploadType = 'text/csv' | 'application/x-ndjson' | 'application/json';

const EventPage = pageAtHeight(ConsentEventResource);
const RecordPage = pageAtHeight(ConsentRecordResource);
const HeadPage = pageAtHeight(ConsentRecordHead);
const PolicyPage = pageAtHeight(PolicyResource);
const BackupPage = pageAtHeight(BackupResource);

/** A record of any hospital as the channel has it. */
export const LedgerRecord = z.object({
  msp: z.string(),
  ref: z.string(),
  height: z.int().min(0),
  events: z.array(ConsentEventResource),
  hold: z.unknown(),
  tombstone: z.unknown(),
});
export type LedgerRecord = z.infer<typeof LedgerRecord>;

export type WithdrawalsFilter = Readonly<{
  from?: number;
  to?: number;
  ended?: WithdrawalResource['ended'];
  study?: string;
}>;

type Filter = Readonly<Record<string, string | number | boolean | readonly (string | number)[] | undefined>>;

/** Every method throws `ApiError`. Patient numbers go in bodies alone: paths and queries name refs. */
export class ConsentClient {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Newest first; of another hospital too. */
  policies(filter: Readonly<{ msp?: string }> & PageQuery = {}, asking: Asking = {}) {
    return this.#get(PolicyPage, '/policies', filter, asking);
  }

  /** Role compliance-officer. */
  publishPolicy(body: PolicyBody, waiting: Waiting = {}): Promise<Submission<PolicyResource>> {
    return this.#submit(PolicyResource, '/policies', body, waiting);
  }

  /** Role compliance-officer. */
  recordPermit(body: PermitBody, waiting: Waiting = {}): Promise<Submission<PermitResource>> {
    return this.#submit(PermitResource, '/permits', body, waiting);
  }

  /** Events as the channel has them, of all patients. */
  events(query: EventsQuery & PageQuery = {}, asking: Asking = {}): Promise<PageAtHeight<ConsentEventResource>> {
    return this.#get(EventPage, '/events', query, asking);
  }

  /** Records grants, changes and ends. Roles data-steward, patient-desk. */
  record(body: ConsentOrdersBody, waiting: Waiting = {}): Promise<RecordingResource> {
    return this.#post(RecordingResource, '/events', body, waiting);
  }

  /** Acts in the hospital before it is answered. Roles data-steward, patient-desk. */
  withdraw(body: WithdrawalBody, waiting: Waiting = {}): Promise<WithdrawnResource> {
    return this.#post(WithdrawnResource, '/withdrawals', body, waiting);
  }

  /** What ended or narrowed what was allowed, in the order in which it took effect; first rounds of `study`, else of all. */
  withdrawals(filter: WithdrawalsFilter & PageQuery = {}, asking: Asking = {}) {
    return this.#get(WithdrawalPage, '/withdrawals', filter, asking);
  }

  /** The first rounds after a withdrawal, study by study. */
  roundsAfter(
    ref: string,
    seq: number,
    filter: Pick<WithdrawalsFilter, 'ended'> & PageQuery = {},
    asking: Asking = {},
  ) {
    return this.#get(RoundsAfterPage, `/records/${part(ref)}/withdrawals/${seq}/rounds`, filter, asking);
  }

  /** An upload: the job's result is an `ImportResult`. */
  import(bytes: Uint8Array, type: UploadType, asking: Asking = {}): Promise<JobResource> {
    return this.#transport.json(JobResource, 'POST', '/consents/imports', { ...asking, upload: { bytes, type } });
  }

  /** All records, without who they are of. */
  records(page: PageQuery = {}, asking: Asking = {}) {
    return this.#get(HeadPage, '/records', page, asking);
  }

  /** The records of a patient, oldest first: the last one is in use. */
  recordsOf(name: RecordName, asking: Asking = {}): Promise<PageAtHeight<ConsentRecordResource>> {
    return this.#transport.json(RecordPage, 'POST', '/consents/records/searches', { ...asking, body: name });
  }

  recordOf(ref: string, asking: Asking = {}): Promise<ConsentRecordResource> {
    return this.#get(ConsentRecordResource, `/records/${part(ref)}`, {}, asking);
  }

  history(ref: string, page: PageQuery = {}, asking: Asking = {}) {
    return this.#get(HistoryPage, `/records/${part(ref)}/history`, page, asking);
  }

  /** What was allowed at one instant, as it was known at another; now where they are left out. */
  effective(
    ref: string,
    at: Readonly<{ effectiveAt?: number; knownAt?: number }> = {},
    asking: Asking = {},
  ): Promise<EffectiveResource> {
    return this.#get(EffectiveResource, `/records/${part(ref)}/effective`, at, asking);
  }

  /** Rounds and versions that a record was selected for. */
  usesOf(ref: string, page: PageQuery = {}, asking: Asking = {}) {
    return this.#get(PatientUsePage, `/records/${part(ref)}/uses`, page, asking);
  }

  /** What a selection would say now, or what that of a round said. */
  decisionOf(
    ref: string,
    study: string,
    at: Readonly<{ round?: number }> = {},
    asking: Asking = {},
  ): Promise<DecisionResource> {
    return this.#get(DecisionResource, `/records/${part(ref)}/decisions/${part(study)}`, at, asking);
  }

  /** Who consulted a record. Roles compliance-officer, auditor. */
  readsOf(ref: string, page: PageQuery = {}, asking: Asking = {}) {
    return this.#get(ReadPage, `/records/${part(ref)}/reads`, page, asking);
  }

  /** Role compliance-officer. */
  holdRecord(ref: string, body: HoldBody, waiting: Waiting = {}): Promise<Submission<HoldResource>> {
    return this.#submit(HoldResource, `/records/${part(ref)}/holds`, body, waiting);
  }

  /** Role compliance-officer. Acts at once; `state` of the receipt says how far it is. */
  erase(ref: string, body: ErasureBody, asking: Asking = {}): Promise<ErasureReceipt> {
    return this.#post(ErasureReceipt, `/records/${part(ref)}/erasure`, body, asking);
  }

  erasure(ref: string, asking: Asking = {}): Promise<ErasureReceipt> {
    return this.#get(ErasureReceipt, `/records/${part(ref)}/erasure`, {}, asking);
  }

  /** A record as the channel has it. Another hospital's: role auditor. */
  ledgerRecord(msp: string, ref: string, asking: Asking = {}): Promise<LedgerRecord> {
    return this.#get(LedgerRecord, `/hospitals/${part(msp)}/records/${part(ref)}`, {}, asking);
  }

  /** What stood of a record by the channel alone. Another hospital's: role auditor. */
  ledgerEffective(
    msp: string,
    ref: string,
    at: Readonly<{ effectiveAt?: number; knownAt?: number }> = {},
    asking: Asking = {},
  ): Promise<LedgerEffectiveResource> {
    const path = `/hospitals/${part(msp)}/records/${part(ref)}/effective`;
    return this.#get(LedgerEffectiveResource, path, at, asking);
  }

  /** The same with what its hospital opened; with `study`, what that may do with it too. */
  openedEffective(
    msp: string,
    ref: string,
    body: OpenedRecordBody,
    asking: Asking = {},
  ): Promise<LedgerEffectiveResource> {
    return this.#post(LedgerEffectiveResource, `/hospitals/${part(msp)}/records/${part(ref)}/effective`, body, asking);
  }

  /** Cohorts that hospitals committed, and what came of their rounds. Roles compliance-officer, auditor. */
  uses(
    filter: Readonly<{ msp?: string; study?: string; round?: number; root?: string; policyVersion?: number }> &
      PageQuery = {},
    asking: Asking = {},
  ) {
    return this.#get(CohortUsePage, '/uses', filter, asking);
  }

  /** Selections of patients, of a day of UTC or of a round. Roles compliance-officer, auditor. */
  selections(filter: Readonly<{ day?: string; study?: string; round?: number }> & PageQuery = {}, asking: Asking = {}) {
    return this.#get(SelectionPage, '/selections', filter, asking);
  }

  /** Each decision of a selection, with its reasons. */
  decisions(
    selection: number,
    filter: Readonly<{ answer?: 'allow' | 'deny' | 'abstain' }> & PageQuery = {},
    asking: Asking = {},
  ) {
    return this.#get(SelectionDecisionPage, `/selections/${selection}/decisions`, filter, asking);
  }

  /** The log of who consulted what. Roles compliance-officer, auditor. */
  reads(filter: Readonly<{ ref?: string; from?: number; to?: number }> & PageQuery = {}, asking: Asking = {}) {
    return this.#get(ReadPage, '/reads', filter, asking);
  }

  /** Recomputes the log of reads. @throws ApiError READ_LOG_BROKEN */
  verifyReads(asking: Asking = {}): Promise<ReadLogResource> {
    return this.#post(ReadLogResource, '/reads/verification', {}, asking);
  }

  queue(asking: Asking = {}): Promise<QueueResource> {
    return this.#get(QueueResource, '/queue', {}, asking);
  }

  /** Sends as the caller what somebody recorded whose identity signs no more. Role data-steward. */
  takeOver(from: string, asking: Asking = {}): Promise<Readonly<{ events: number }>> {
    return this.#post(TakenOver, '/queue/take-overs', { from }, asking);
  }

  /** Role admin, as the next three. */
  backups(asking: Asking = {}): Promise<PageAtHeight<BackupResource>> {
    return this.#get(BackupPage, '/backups', {}, asking);
  }

  backUp(asking: Asking = {}): Promise<BackupMade> {
    return this.#post(BackupMade, '/backups', {}, asking);
  }

  /** Also reads back what the own peer has private copies of, which takes minutes for many records. */
  restore(body: RestoreBody, asking: Asking = {}): Promise<RestoreReport> {
    const options = { ...asking, body, requestMsMax: FILE_MS_MAX };
    return this.#transport.json(RestoreReport, 'POST', '/consents/restores', options);
  }

  /** @param key 64 hexadecimal digits */
  rotateKey(key: string, asking: Asking = {}): Promise<RotationResource> {
    return this.#post(RotationResource, '/key-rotations', { key }, asking);
  }

  /** The patient's own page: HTML. Roles patient-desk, compliance-officer. */
  patientPage(ref: string, asking: Asking = {}): Promise<Uint8Array> {
    return this.#bytes(`/records/${part(ref)}/page`, {}, asking);
  }

  /**
   * `receipts.json`, `disclosures.json`, `disclosures.csv`, `access.json`, `access.html`, `portable.json`, `bundle.json`
   * of a patient. Roles patient-desk, compliance-officer.
   */
  patientFile(ref: string, name: string, asking: Asking = {}): Promise<Uint8Array> {
    return this.#bytes(`/records/${part(ref)}/files/${part(name)}`, {}, asking);
  }

  /** `activities.json`, `activities.csv`, `activities.html`. Roles compliance-officer, auditor. */
  officeFile(name: string, asking: Asking = {}): Promise<Uint8Array> {
    return this.#bytes(`/files/${part(name)}`, {}, asking);
  }

  /** A whole list as a file; `list` as its path has it below `/consents`: `events`, `withdrawals`, `uses`… */
  listFile(list: string, format: FileFormat, filter: Filter = {}, asking: Asking = {}): Promise<Uint8Array> {
    return this.#bytes(`/${list.split('/').map(part).join('/')}`, { ...filter, format }, asking);
  }

  #get<Shape extends z.ZodType>(
    shape: Shape,
    path: string,
    filter: Filter | PageQuery,
    asking: Asking,
  ): Promise<z.infer<Shape>> {
    return this.#transport.json(shape, 'GET', `/consents${path}`, { ...asking, query: queryOf(filter) });
  }

  #post<Shape extends z.ZodType>(shape: Shape, path: string, body: unknown, waiting: Waiting): Promise<z.infer<Shape>> {
    return this.#transport.json(shape, 'POST', `/consents${path}`, { body, ...waitingOptions(waiting) });
  }

  #submit<Item>(record: z.ZodType<Item>, path: string, body: unknown, waiting: Waiting): Promise<Submission<Item>> {
    const options = { body, ...waitingOptions(waiting) };
    return this.#transport.json(submissionOf(record), 'POST', `/consents${path}`, options);
  }

  async #bytes(path: string, filter: Filter, asking: Asking): Promise<Uint8Array> {
    const options = { ...asking, query: queryOf(filter), requestMsMax: FILE_MS_MAX };
    return (await this.#transport.bytes('GET', `/consents${path}`, options)).bytes;
  }
}

/** A file of a million lines takes its time. */
const FILE_MS_MAX = 600_000;

function queryOf(filter: Filter | PageQuery): Query {
  return Object.fromEntries(
    Object.entries(filter as Filter).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(',') : typeof value === 'boolean' ? String(value) : (value as string | number),
    ]),
  );
}
