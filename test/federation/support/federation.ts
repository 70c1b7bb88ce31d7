/** A whole network on the embedded channel with hospitals of synthetic patients, and what their people do. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Msp, type StudyProtocol, tenDigits } from '@consilium/domain';
import type { RunningNetwork } from '@consilium/network/runningNetwork';
import { startNetwork } from '@consilium/network/startNetwork';
import { eventually } from './eventually.js';
import { Hospital } from './hospital.js';
import { listedSplit, type RowsOptions, syntheticCsv } from './syntheticRows.js';
import { TAMPERING_FILE, type Tampering } from './tampering.js';

const TAMPERED_GATEWAY = join(import.meta.dirname, 'tamperedGateway.mjs');

export class Federation {
  readonly network: RunningNetwork;
  readonly hospitals: readonly Hospital[];
  readonly #folder: string;
  readonly #tampered = new Map<Msp, ChildProcess>();

  private constructor(network: RunningNetwork, hospitals: readonly Hospital[], folder: string) {
    this.network = network;
    this.hospitals = hospitals;
    this.#folder = folder;
  }

  /**
   * Everything up, and every hospital registered on the channel. Names are hospitals', in the order of their MSP ids.
   * @param rows of the synthetic patients, or what gives each hospital's own CSV text
   */
  static async start(
    names: readonly string[],
    rows: RowsOptions | ((name: string) => string) = {},
  ): Promise<Federation> {
    const folder = mkdtempSync(join(tmpdir(), 'federation-'));
    const files = names.map((name) => join(folder, `${name}.csv`));
    const csvOf = (name: string, k: number) =>
      typeof rows === 'function' ? rows(name) : syntheticCsv(name, { older: 3 * k, ...rows });
    for (const [k, file] of files.entries()) writeFileSync(file, csvOf(names[k] as string, k));
    const topology = join(folder, 'topology.json');
    const split = typeof rows === 'function' ? {} : { split: listedSplit(rows) };
    const data = (k: number) => ({ file: files[k] as string, patientColumn: 'patient', ...split });
    writeFileSync(topology, JSON.stringify({ hospitals: names.map((name, k) => ({ name, data: data(k) })) }));
    const home = join(folder, 'home');
    const network = await startNetwork({ topology, home, logLevel: 'debug' });
    const hospitals = network.gateways.map((address, k) => new Hospital(address, home, files[k] as string));
    const federation = new Federation(network, hospitals, folder);
    try {
      await Promise.all(hospitals.map((hospital) => hospital.as('admin').registerHospital({}, { wait: true })));
      return federation;
    } catch (error) {
      await federation.stop();
      throw error;
    }
  }

  get msps(): string[] {
    return this.hospitals.map(({ msp }) => msp);
  }

  /** A hospital by its place, from 0. */
  hospital(place: number): Hospital {
    return this.hospitals[place] as Hospital;
  }

  /** The first hospital's researcher proposes; the compliance officers of those named (absent: all) approve. */
  async begin(
    study: string,
    protocol: StudyProtocol,
    approving: readonly Hospital[] = this.members(protocol),
  ): Promise<void> {
    const proposer = this.members(protocol)[0] as Hospital;
    const { record } = await proposer.researcher.proposeStudy({ study: study as never, protocol }, { wait: true });
    if (!record) throw new Error(`study ${study} was not recorded`);
    await this.approve(study, approving);
  }

  /** Compliance officers approve the protocol that the first hospital shows. */
  async approve(study: string, approving: readonly Hospital[] = this.hospitals): Promise<void> {
    const { version, protocolHash } = await this.hospital(0).study(study);
    await Promise.all(
      approving.map((hospital) =>
        hospital.as('compliance-officer').approveStudy(study, { version, protocolHash }, { wait: true }),
      ),
    );
  }

  members({ members }: StudyProtocol): Hospital[] {
    return this.hospitals.filter(({ msp }) => members.includes(msp));
  }

  /** Compliance officers say yes: a majority of all hospitals, unless others are named. */
  async vote(subject: string, study: string, voters: readonly Hospital[] = this.#majority()): Promise<void> {
    const body = { subject, yes: true, reason: 'tested' } as const;
    await Promise.all(
      voters.map((hospital) => hospital.as('compliance-officer').castVote(study, body, { wait: true })),
    );
  }

  /** Ends a hospital's gateway and runs one in its place that is not honest. It is nobody's to restart. */
  async tamper(hospital: Hospital, tampering: Tampering): Promise<void> {
    await this.network.stopPart(hospital.msp, 'gateway');
    const file = join(hospital.folder, 'gateway.json');
    writeFileSync(join(hospital.folder, TAMPERING_FILE), JSON.stringify(tampering));
    const log = openSync(join(hospital.folder, 'tampered.log'), 'a');
    const child = spawn(process.execPath, [TAMPERED_GATEWAY, '--config', file], { stdio: ['ignore', log, log] });
    this.#tampered.set(hospital.msp, child);
    await eventually(`the tampered gateway of ${hospital.name}`, () => hospital.researcher.health());
  }

  /** Puts the honest program back. */
  async makeHonest(hospital: Hospital): Promise<void> {
    await this.#endTampered(hospital.msp);
    await this.network.startPart(hospital.msp, 'gateway');
  }

  /** Transactions that ended invalid, as the gateways count them since they were started. */
  async invalidTransactions(): Promise<number> {
    const channels = await Promise.all(this.hospitals.map((hospital) => hospital.researcher.channel()));
    return channels.reduce((sum, { transactions }) => sum + transactions.invalid, 0);
  }

  /** Ends everything. With CONSILIUM_TRACE set, logs and ledger stay where it says. */
  async stop(): Promise<void> {
    await Promise.all(this.hospitals.map((hospital) => hospital.close()));
    await Promise.all([...this.#tampered.keys()].map((msp) => this.#endTampered(msp)));
    await this.network.stop();
    if (process.env.CONSILIUM_TRACE) process.stderr.write(`kept: ${this.#folder}\n`);
    else rmSync(this.#folder, { recursive: true, force: true });
  }

  async #endTampered(msp: Msp): Promise<void> {
    const child = this.#tampered.get(msp);
    this.#tampered.delete(msp);
    if (!child || child.exitCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  #majority(): readonly Hospital[] {
    return this.hospitals.slice(0, Math.floor(this.hospitals.length / 2) + 1);
  }
}

/** The subject of a vote on a round. */
export function about(what: 'abort' | 'finish' | 'resume' | 'veto', number: number): string {
  return `${what}~${tenDigits(number)}`;
}
