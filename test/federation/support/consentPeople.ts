/** What a hospital's people do about consent, over REST. */

import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import type { Role } from '@consilium/domain';
import type { Hospital } from './hospital.js';

/** General research use: what the studies of these tests are for. */
export const PURPOSE = 'DUO:0000042';
const ORDERS_PER_REQUEST = 200;
const ANSWER_MS_MAX = 150_000;

/** An event of a patient, as far as these tests look at it. */
export interface RecordedEvent {
  readonly ref: string;
  readonly seq: number;
  readonly state: 'waiting' | 'committed' | 'refused';
  /** Milliseconds since 1970. */
  readonly effectiveHereAt: number | null;
  readonly ledger: { readonly block: number } | null;
}

export class ConsentPeople {
  readonly #hospital: Hospital;

  constructor(hospital: Hospital) {
    this.#hospital = hospital;
  }

  /** The hospital takes part in research of any kind, and nobody is in it without a word. */
  async publishPolicy(): Promise<void> {
    const policy = {
      title: `What ${this.#hospital.name} lets its patients allow`,
      textHash: 'a'.repeat(64),
      permittedPurposes: [PURPOSE],
      dataClasses: ['laboratory'],
      legalBasis: 'consent',
    };
    await this.#send('compliance-officer', 'POST', '/consents/policies?wait=commit', policy);
  }

  /**
   * Patients consent to research; resolves once all of it stands on the ledger.
   * @returns refs of their records, in the same order
   */
  async grant(patients: readonly string[], validTo: number | null = null): Promise<string[]> {
    const refs: string[] = [];
    for (let k = 0; k < patients.length; k += ORDERS_PER_REQUEST) {
      const orders = patients.slice(k, k + ORDERS_PER_REQUEST).map((patient) => ({
        patient,
        kind: 'grant',
        reason: 'patient-asked',
        terms: [{ code: PURPOSE }],
        validTo,
      }));
      const recorded = await this.#send('data-steward', 'POST', '/consents/events?wait=commit', { orders });
      refs.push(...(recorded as { events: RecordedEvent[] }).events.map(({ ref }) => ref));
    }
    return refs;
  }

  /** Acts at home before it is answered. */
  async withdraw(patient: string): Promise<RecordedEvent> {
    return (await this.#send('patient-desk', 'POST', '/consents/withdrawals', { patient })) as RecordedEvent;
  }

  /** The events of a patient, oldest first, by the record's ref. */
  async history(ref: string): Promise<RecordedEvent[]> {
    const page = (await this.#send('compliance-officer', 'GET', `/consents/records/${ref}/history`)) as {
      items: RecordedEvent[];
    };
    return page.items;
  }

  /** The rounds of a study that were joined with the record. */
  async roundsOf(ref: string, study: string): Promise<number[]> {
    const page = (await this.#send('compliance-officer', 'GET', `/consents/records/${ref}/uses`)) as {
      items: { study: string; round: number; joined: boolean }[];
    };
    return page.items.filter((use) => use.study === study && use.joined).map(({ round }) => round);
  }

  /** @throws Error with what the gateway answered, where that is not a success */
  #send(role: Role, method: 'GET' | 'POST', path: string, body?: unknown): Promise<unknown> {
    const { apiUrl, caFile } = this.#hospital.address;
    const text = body === undefined ? '' : JSON.stringify(body);
    return new Promise((resolve, reject) => {
      const sending = request(
        new URL(`/api/v1${path}`, apiUrl),
        {
          method,
          ca: readFileSync(caFile),
          headers: {
            authorization: `Bearer ${this.#hospital.token(role)}`,
            ...(text ? { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) } : {}),
          },
          signal: AbortSignal.timeout(ANSWER_MS_MAX),
        },
        (response) => {
          const parts: Buffer[] = [];
          response.on('data', (part: Buffer) => parts.push(part));
          response.on('error', reject);
          response.on('end', () => {
            const answer = Buffer.concat(parts).toString('utf8');
            const isDone = (response.statusCode ?? 500) < 300;
            if (isDone) resolve(answer === '' ? undefined : JSON.parse(answer));
            else reject(new Error(`${method} ${path} as ${role}: ${response.statusCode} ${answer}`));
          });
        },
      );
      sending.on('error', reject);
      sending.end(text);
    });
  }
}
