/** Work that outlasts a request. Kept in memory: a gateway that restarts has no jobs. */
import { randomUUID } from 'node:crypto';
import type { JobResource } from '@consilium/client/resources';
import { refusal } from '@consilium/domain';
import type { Clock, Log } from '../agent/ports.js';
import { JOB_MS_MAX, JOBS_KEPT_MAX, JOBS_RUNNING_MAX } from './apiLimits.js';
import { problemOf } from './problem.js';

type Job = { resource: JobResource; stop: AbortController };

export type JobWork = (signal: AbortSignal, onProgress: (share: number) => void) => Promise<unknown>;

export class Jobs {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #jobs = new Map<string, Job>();

  constructor(clock: Clock, log: Log) {
    this.#clock = clock;
    this.#log = log;
  }

  /**
   * Starts work in the name of a person, who alone may see it: its result can hold what only some roles may read.
   * @throws ConsiliumError JOBS_TOO_MANY
   */
  start(kind: JobResource['kind'], startedBy: string, work: JobWork): JobResource {
    const running = [...this.#jobs.values()].filter(({ resource }) => resource.state === 'running');
    if (running.length >= JOBS_RUNNING_MAX) throw refusal('JOBS_TOO_MANY', { jobsMax: JOBS_RUNNING_MAX });
    this.#forgetOldest();
    const id = randomUUID();
    const startedAt = this.#clock.now();
    const job: Job = {
      resource: {
        id,
        kind,
        state: 'running',
        progress: 0,
        startedBy,
        startedAt,
        finishedAt: null,
        result: null,
        problem: null,
      },
      stop: new AbortController(),
    };
    this.#jobs.set(id, job);
    void this.#run(job, work);
    return job.resource;
  }

  /** @throws ConsiliumError JOB_UNKNOWN, for another person's too */
  of(id: string, person: string): JobResource {
    return this.#find(id, person).resource;
  }

  /** Stops a job. One that is over stays what it is. */
  cancel(id: string, person: string): JobResource {
    const job = this.#find(id, person);
    if (job.resource.state === 'running') {
      this.#finish(job, { state: 'cancelled', problem: problemOf(refusal('JOB_CANCELLED', { job: id }), this.#log) });
      job.stop.abort();
    }
    return job.resource;
  }

  /** Stops all that is running. */
  close(): void {
    for (const { stop } of this.#jobs.values()) stop.abort();
  }

  async #run(job: Job, work: JobWork): Promise<void> {
    const signal = AbortSignal.any([job.stop.signal, AbortSignal.timeout(JOB_MS_MAX)]);
    const onProgress = (share: number): void => {
      if (job.resource.state !== 'running') return;
      job.resource = { ...job.resource, progress: Math.min(1, Math.max(0, share)) };
    };
    try {
      const result = await work(signal, onProgress);
      this.#finish(job, { state: 'succeeded', progress: 1, result });
    } catch (error) {
      if (job.resource.state === 'running')
        this.#finish(job, { state: 'failed', problem: problemOf(error, this.#log) });
    }
  }

  /** What it came to first stands. */
  #finish(job: Job, outcome: Partial<JobResource>): void {
    if (job.resource.state !== 'running') return;
    job.resource = { ...job.resource, ...outcome, finishedAt: this.#clock.now() };
  }

  #find(id: string, person: string): Job {
    const job = this.#jobs.get(id);
    if (!job || job.resource.startedBy !== person) throw refusal('JOB_UNKNOWN', { job: id });
    return job;
  }

  #forgetOldest(): void {
    for (const [id, { resource }] of this.#jobs) {
      if (this.#jobs.size < JOBS_KEPT_MAX) return;
      if (resource.state !== 'running') this.#jobs.delete(id);
    }
  }
}
