/** The REST interface of one hospital's gateway, one method a route. */
import { setTimeout as wait } from 'node:timers/promises';
import type { z } from 'zod';
import { ApiError } from './apiError.js';
import { ConsentClient } from './consentClient.js';
import { readEvents } from './eventStream.js';
import { type Asking, part, type Waiting, waitingOptions } from './requestOptions.js';
import {
  type ApprovalBody,
  ApprovalResource,
  type BaselineBody,
  ChannelResource,
  DataReportResource,
  EvaluationResource,
  type GatewayEvent,
  HealthResource,
  type HospitalBody,
  HospitalResource,
  JobResource,
  ModelResource,
  NoiseResource,
  type NoiseTarget,
  type Page,
  type PageQuery,
  PredictionsResource,
  pageOf,
  RoundResource,
  RoundSummary,
  SpendingResource,
  type StudyBody,
  StudyResource,
  StudySummary,
  type Submission,
  submissionOf,
  TableResource,
  type TableSettings,
  TransactionResource,
  type VoteBody,
  VoteTally,
} from './resources/index.js';
import { type GatewayAddress, type RequestOptions, Transport } from './transport.js';

/** What goes into a pack: `blocks`, every block of the channel too. */
export type PackQuery = Readonly<{ blocks?: boolean; signal?: AbortSignal }>;

const JOB_POLL_MS = 200;
/** A cohort of 100,000 patients is thousands of questions to the peers. */
const PACK_REQUEST_MS_MAX = 60 * 60_000;
const PACK_BYTES_MAX = 2 * 1024 * 1024 * 1024;

/**
 * Speaks to one gateway as one person.
 *
 * @example
 * const cleveland = new GatewayClient({ url: 'https://localhost:8443', caFile: 'ca.crt', token });
 * const { record } = await cleveland.proposeStudy({ study: 'heart', protocol }, { wait: true });
 * for await (const event of cleveland.events('heart', signal)) show(event);
 *
 * Every method throws `ApiError`: with the gateway's code where it refuses, GATEWAY_UNREACHABLE where it does not answer.
 */
export class GatewayClient {
  readonly consents: ConsentClient;
  readonly #transport: Transport;

  constructor(address: GatewayAddress) {
    this.#transport = new Transport(address);
    this.consents = new ConsentClient(this.#transport);
  }

  /** Answers without a token too. */
  health(asking: Asking = {}): Promise<HealthResource> {
    return this.#get(HealthResource, '/health', asking);
  }

  channel(asking: Asking = {}): Promise<ChannelResource> {
    return this.#get(ChannelResource, '/channel', asking);
  }

  hospitals(page: PageQuery = {}, asking: Asking = {}): Promise<Page<HospitalResource>> {
    return this.#page(HospitalResource, '/hospitals', page, asking);
  }

  /** Registers the gateway's own hospital, as its configuration names it. Role admin. */
  registerHospital(body: HospitalBody = {}, waiting: Waiting = {}): Promise<Submission<HospitalResource>> {
    return this.#submit(HospitalResource, '/hospitals', body, waiting);
  }

  studies(page: PageQuery = {}, asking: Asking = {}): Promise<Page<StudySummary>> {
    return this.#page(StudySummary, '/studies', page, asking);
  }

  study(study: string, asking: Asking = {}): Promise<StudyResource> {
    return this.#get(StudyResource, `/studies/${part(study)}`, asking);
  }

  /** Role researcher. */
  proposeStudy(body: StudyBody, waiting: Waiting = {}): Promise<Submission<StudyResource>> {
    return this.#submit(StudyResource, '/studies', body, waiting);
  }

  /** Signs the hash of a protocol for the hospital. Role compliance-officer. */
  approveStudy(study: string, body: ApprovalBody, waiting: Waiting = {}): Promise<Submission<ApprovalResource>> {
    return this.#submit(ApprovalResource, `/studies/${part(study)}/approvals`, body, waiting);
  }

  castVote(study: string, body: VoteBody, waiting: Waiting = {}): Promise<Submission<VoteTally>> {
    return this.#submit(VoteTally, `/studies/${part(study)}/votes`, body, waiting);
  }

  /** Oldest first. */
  rounds(study: string, page: PageQuery = {}, asking: Asking = {}): Promise<Page<RoundSummary>> {
    return this.#page(RoundSummary, `/studies/${part(study)}/rounds`, page, asking);
  }

  round(study: string, round: number, asking: Asking = {}): Promise<RoundResource> {
    return this.#get(RoundResource, `/studies/${part(study)}/rounds/${round}`, asking);
  }

  /** Recomputes a round from the vectors on the gateway's disk. The job's result is a `VerificationReport`. */
  verifyRound(study: string, round: number, asking: Asking = {}): Promise<JobResource> {
    return this.#post(JobResource, `/studies/${part(study)}/rounds/${round}/verification`, {}, asking);
  }

  /** Oldest first: the lineage. */
  models(study: string, page: PageQuery = {}, asking: Asking = {}): Promise<Page<ModelResource>> {
    return this.#page(ModelResource, `/studies/${part(study)}/models`, page, asking);
  }

  model(study: string, version: number, asking: Asking = {}): Promise<ModelResource> {
    return this.#get(ModelResource, `/studies/${part(study)}/models/${version}`, asking);
  }

  /** The version's file: safetensors. */
  async modelFile(study: string, version: number, asking: Asking = {}): Promise<Uint8Array> {
    const answer = await this.#transport.bytes('GET', `/studies/${part(study)}/models/${version}/file`, asking);
    return answer.bytes;
  }

  /** What hospitals reported of themselves, where the protocol lets them. */
  evaluations(study: string, page: PageQuery = {}, asking: Asking = {}): Promise<Page<EvaluationResource>> {
    return this.#page(EvaluationResource, `/studies/${part(study)}/evaluations`, page, asking);
  }

  /** Score and label of this hospital's own test rows. Roles researcher, compliance-officer, clinical-approver. */
  predictions(study: string, version: number, asking: Asking = {}): Promise<PredictionsResource> {
    return this.#get(PredictionsResource, `/studies/${part(study)}/models/${version}/predictions`, asking);
  }

  /** Trains the study's model on this hospital's rows alone. The job's result is a `BaselineResult`. Role researcher. */
  startBaseline(study: string, body: BaselineBody = {}, asking: Asking = {}): Promise<JobResource> {
    return this.#post(JobResource, `/studies/${part(study)}/baselines`, body, asking);
  }

  /** How this hospital's source was read for a study: what was dropped and why. */
  dataReport(study: string, asking: Asking = {}): Promise<DataReportResource> {
    return this.#get(DataReportResource, `/studies/${part(study)}/data-report`, asking);
  }

  /** Everything about a record as an evidence pack, for `consilium-verify`. Roles compliance-officer, auditor. */
  recordEvidence(
    msp: string,
    ref: string,
    { open, ...pack }: PackQuery & Readonly<{ open?: 'contents' | 'patient' }> = {},
  ): Promise<Uint8Array> {
    return this.#pack(`/records/${part(msp)}/${part(ref)}`, open, pack);
  }

  /** A round's facts as an evidence pack. */
  roundEvidence(study: string, round: number, pack: PackQuery = {}): Promise<Uint8Array> {
    return this.#pack(`/studies/${part(study)}/rounds/${round}`, undefined, pack);
  }

  /**
   * All that a round was computed from, as an evidence pack: `consilium-verify` computes it again, offline. The bytes come
   * as they are read. Roles admin, researcher, compliance-officer, auditor.
   */
  roundBundle(study: string, round: number, { blocks, signal }: PackQuery = {}): AsyncIterable<Uint8Array> {
    const query = { blocks: blocks === true ? 'all' : undefined };
    const path = `/audits/studies/${part(study)}/rounds/${round}/recomputation`;
    return this.#transport.pieces(path, { query, signal, requestMsMax: PACK_REQUEST_MS_MAX });
  }

  /**
   * Opens this hospital's cohort of a round to an auditor: salts, contents, and patient numbers where `patients` is true
   * (role compliance-officer). The file tells about patients.
   */
  cohortAudit(
    study: string,
    round: number,
    { patients, ...pack }: PackQuery & Readonly<{ patients?: boolean }> = {},
  ): Promise<Uint8Array> {
    return this.#pack(
      `/studies/${part(study)}/rounds/${round}/cohort`,
      patients === true ? 'patients' : undefined,
      pack,
    );
  }

  /** Whether a record was in this hospital's cohorts of a study, as an evidence pack. */
  membershipEvidence(
    study: string,
    ref: string,
    { patient, ...pack }: PackQuery & Readonly<{ patient?: boolean }> = {},
  ): Promise<Uint8Array> {
    return this.#pack(
      `/studies/${part(study)}/memberships/${part(ref)}`,
      patient === true ? 'patient' : undefined,
      pack,
    );
  }

  /** The least noise that keeps DP-SGD within a target of epsilon and delta. */
  noiseFor(target: NoiseTarget, asking: Asking = {}): Promise<NoiseResource> {
    return this.#get(NoiseResource, '/privacy/noise', { ...asking, query: target });
  }

  /** What a study of such settings spends after each of its rounds: the table of its protocol. */
  privacyTable(settings: TableSettings, asking: Asking = {}): Promise<TableResource> {
    return this.#get(TableResource, '/privacy/table', { ...asking, query: settings });
  }

  /** What this hospital has spent of epsilon, by study and together. */
  privacySpending(asking: Asking = {}): Promise<SpendingResource> {
    return this.#get(SpendingResource, '/privacy/spending', asking);
  }

  transaction(transactionId: string, asking: Asking = {}): Promise<TransactionResource> {
    return this.#get(TransactionResource, `/transactions/${part(transactionId)}`, asking);
  }

  job(id: string, asking: Asking = {}): Promise<JobResource> {
    return this.#get(JobResource, `/jobs/${part(id)}`, asking);
  }

  /** Stops a job that is still running. */
  cancelJob(id: string, asking: Asking = {}): Promise<JobResource> {
    return this.#transport.json(JobResource, 'DELETE', `/jobs/${part(id)}`, asking);
  }

  /**
   * Waits until a job is over and gives back its parsed result.
   * @throws ApiError with the job's own problem where it failed or was cancelled
   */
  async jobResult<Shape extends z.ZodType>(
    shape: Shape,
    started: JobResource,
    asking: Asking = {},
  ): Promise<z.infer<Shape>> {
    let job = started;
    while (job.state === 'running') {
      await wait(JOB_POLL_MS, undefined, asking);
      job = await this.job(job.id, asking);
    }
    if (job.problem) throw ApiError.of(job.problem);
    return shape.parse(job.result);
  }

  /** What happens, as it happens; taken up again after an interruption. Ends when the signal aborts. */
  events(study?: string, signal?: AbortSignal): AsyncGenerator<GatewayEvent, void, void> {
    return readEvents(this.#transport, study, signal);
  }

  /** Every item of a list, page by page. */
  async all<Item>(list: (page: PageQuery) => Promise<Page<Item>>): Promise<Item[]> {
    const items: Item[] = [];
    let cursor: string | undefined;
    do {
      const page = await list(cursor === undefined ? {} : { cursor });
      items.push(...page.items);
      cursor = page.next ?? undefined;
    } while (cursor !== undefined);
    return items;
  }

  /** Ends the connections that are kept. */
  close(): Promise<void> {
    return this.#transport.close();
  }

  #get<Shape extends z.ZodType>(shape: Shape, path: string, asking: RequestOptions): Promise<z.infer<Shape>> {
    return this.#transport.json(shape, 'GET', path, asking);
  }

  #post<Shape extends z.ZodType>(shape: Shape, path: string, body: unknown, asking: Asking): Promise<z.infer<Shape>> {
    return this.#transport.json(shape, 'POST', path, { ...asking, body });
  }

  async #pack(path: string, open: string | undefined, { blocks, signal }: PackQuery): Promise<Uint8Array> {
    const query = { open, blocks: blocks === true ? 'all' : undefined };
    const options = { query, signal, requestMsMax: PACK_REQUEST_MS_MAX, answerBytesMax: PACK_BYTES_MAX };
    return (await this.#transport.bytes('GET', `/audits${path}`, options)).bytes;
  }

  async #page<Item extends z.ZodType>(
    item: Item,
    path: string,
    { limit, cursor }: PageQuery,
    asking: Asking,
  ): Promise<Page<z.infer<Item>>> {
    return this.#transport.json(pageOf(item), 'GET', path, { ...asking, query: { limit, cursor } });
  }

  #submit<Item>(record: z.ZodType<Item>, path: string, body: unknown, waiting: Waiting): Promise<Submission<Item>> {
    return this.#transport.json(submissionOf(record), 'POST', path, { body, ...waitingOptions(waiting) });
  }
}
