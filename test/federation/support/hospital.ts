/** One hospital of a running federation: its people over REST, its files, its events. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type AgentEvent, GatewayClient, type RoundResource, type StudyResource } from '@consilium/client';
import type { Msp, Role } from '@consilium/domain';
import type { GatewayAddress } from '@consilium/network/addresses';
import { eventually, WAIT_MS_MAX } from './eventually.js';

export class Hospital {
  readonly msp: Msp;
  readonly name: string;
  /** Its CSV file: a test may write another one. */
  readonly file: string;
  /** Its folder in the network's home. */
  readonly folder: string;
  readonly address: GatewayAddress;
  readonly #logFile: string;
  readonly #clients = new Map<Role, GatewayClient>();

  constructor(address: GatewayAddress, home: string, file: string) {
    this.msp = address.msp as Msp;
    this.name = address.name;
    this.address = address;
    this.file = file;
    this.folder = join(home, 'hospitals', address.msp);
    this.#logFile = join(home, 'logs', `${address.msp}-gateway.log`);
  }

  /** The gateway, spoken to as the person with a role. */
  as(role: Role): GatewayClient {
    const known = this.#clients.get(role);
    if (known) return known;
    const { apiUrl: url, caFile } = this.address;
    const client = new GatewayClient({ url, caFile, token: this.token(role) });
    this.#clients.set(role, client);
    return client;
  }

  token(role: Role): string {
    return readFileSync(this.address.tokens[role] as string, 'utf8').trim();
  }

  get researcher(): GatewayClient {
    return this.as('researcher');
  }

  /** All that the gateway has logged, over its restarts. */
  log(): string {
    return readFileSync(this.#logFile, 'utf8');
  }

  study(study: string): Promise<StudyResource> {
    return this.researcher.study(study);
  }

  round(study: string, round: number): Promise<RoundResource> {
    return this.researcher.round(study, round);
  }

  /** Every round of a study, in full. */
  async rounds(study: string): Promise<RoundResource[]> {
    const summaries = await this.researcher.all((page) => this.researcher.rounds(study, page));
    return Promise.all(summaries.map(({ round }) => this.round(study, round)));
  }

  untilStage(study: string, stage: StudyResource['stage'], msMax?: number): Promise<StudyResource> {
    return eventually(
      `stage ${stage} of ${study} at ${this.name}`,
      async () => {
        const resource = await this.study(study);
        return resource.stage === stage && resource;
      },
      msMax,
    );
  }

  /** Waits until its own people are told what keeps it from going on. */
  untilFailing(study: string, code: string, msMax?: number): Promise<StudyResource> {
    return eventually(
      `${code} in ${study} at ${this.name}`,
      async () => {
        const resource = await this.study(study);
        return resource.failures.some((failure) => failure.code === code) && resource;
      },
      msMax,
    );
  }

  /** Waits until a round that fits is shown. */
  untilRound(
    study: string,
    round: number,
    fits: (round: RoundResource) => boolean,
    msMax?: number,
  ): Promise<RoundResource> {
    return eventually(
      `round ${round} of ${study} at ${this.name}`,
      async () => {
        const resource = await this.round(study, round);
        return fits(resource) && resource;
      },
      msMax,
    );
  }

  /** Resolves with the first step of its agent that fits. Listens from the call on. */
  async untilAgent(study: string, fits: (event: AgentEvent) => boolean, msMax = WAIT_MS_MAX): Promise<AgentEvent> {
    for await (const event of this.researcher.events(study, AbortSignal.timeout(msMax)))
      if (event.type === 'agent' && fits(event)) return event;
    throw new Error(`the agent of ${this.name} did nothing of the kind within ${msMax} ms`);
  }

  /** Resolves when a key that fits is written to this hospital's mirror of the ledger. Listens from the call on. */
  async untilWritten(study: string, fits: (key: string) => boolean, msMax = WAIT_MS_MAX): Promise<string> {
    for await (const event of this.researcher.events(study, AbortSignal.timeout(msMax)))
      if (event.type === 'ledger') {
        const found = event.writes.find(({ key }) => fits(key));
        if (found) return found.key;
      }
    throw new Error(`nothing of the kind was written at ${this.name} within ${msMax} ms`);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#clients.values()].map((client) => client.close()));
  }
}
