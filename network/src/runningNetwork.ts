import { rmSync } from 'node:fs';
import type { ChannelKind } from '@consilium/domain';
import type { GatewayAddress } from './addresses.js';
import { ChannelFaults } from './channelFaults.js';
import type { Home } from './home.js';
import { removeRecord, writeRecord } from './networkRecord.js';
import { identityOf } from './supervise/processIdentity.js';
import type { PartStatus } from './supervise/supervisedPart.js';
import type { Supervisor } from './supervise/supervisor.js';

export interface RunningNetworkOptions {
  readonly channel: ChannelKind;
  readonly home: Home;
  readonly gateways: readonly GatewayAddress[];
  readonly supervisor: Supervisor;
  readonly clock: () => Date;
  /** Of the embedded channel's control interface, where there is one. */
  readonly controlSocket?: string | undefined;
  /** Gives the home folder's lock back. */
  readonly releaseLock: () => void;
}

/**
 * A network whose processes this process supervises. Beside stopping all of it, single parts can be stopped, killed
 * and started again, by MSP id (or `channel`) and name: `gateway`, `chaincode`, `embedded`.
 */
export class RunningNetwork {
  readonly channel: ChannelKind;
  readonly home: string;
  readonly gateways: readonly GatewayAddress[];
  /** Makes the embedded channel fail, if the network was started with `faults`. */
  readonly faults: ChannelFaults | undefined;
  readonly #options: RunningNetworkOptions;
  readonly #startedAt: Date;
  #state: 'starting' | 'ready' | 'stopping' = 'starting';
  #stopped: Promise<void> | undefined;
  #setupSeconds = 0;

  constructor(options: RunningNetworkOptions) {
    this.#options = options;
    this.channel = options.channel;
    this.home = options.home.root;
    this.gateways = options.gateways;
    this.faults = options.controlSocket === undefined ? undefined : new ChannelFaults(options.controlSocket);
    this.#startedAt = options.clock();
    options.supervisor.onChange(() => this.#write());
    this.#write();
  }

  /** From nothing running to every gateway up. */
  get setupSeconds(): number {
    return this.#setupSeconds;
  }

  /** Notes that every part is up. */
  becomeReady(setupSeconds: number): void {
    this.#setupSeconds = setupSeconds;
    this.#state = 'ready';
    this.#write();
  }

  status(): PartStatus[] {
    return this.#options.supervisor.statuses;
  }

  /** Stops everything in order, and leaves no process behind. A second call waits for the first. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stopAll();
    return this.#stopped;
  }

  /** Kills every process without waiting for a clean end. */
  async killEverything(): Promise<void> {
    this.#options.supervisor.killAll();
    await this.stop();
  }

  /** Stops one part; it stays down until it is started. @throws PART_UNKNOWN */
  async stopPart(msp: string, name: string): Promise<void> {
    await this.#options.supervisor.part(msp, name).stop();
  }

  /** Starts a stopped part. Resolves when it is up. @throws PART_UNKNOWN, PART_ENDED, PART_NOT_READY */
  async startPart(msp: string, name: string): Promise<void> {
    await this.#options.supervisor.part(msp, name).start();
  }

  /** Stops one part cleanly and starts it again. Resolves when it is up. */
  async restart(msp: string, name: string): Promise<void> {
    await this.stopPart(msp, name);
    await this.startPart(msp, name);
  }

  /**
   * Ends one part as `kill -9` would. It comes back after the usual pause, unless it is told to stay down; then
   * `startPart` brings it back. Resolves when its process is gone.
   */
  async kill(msp: string, name: string, { stayDown = false }: { stayDown?: boolean } = {}): Promise<void> {
    const part = this.#options.supervisor.part(msp, name);
    const killed = part.kill();
    if (stayDown) await part.stop();
    await killed;
  }

  /** Resolves when one part is up; the caller sets the limit. */
  async untilReady(msp: string, name: string, signal?: AbortSignal): Promise<void> {
    await this.#options.supervisor.part(msp, name).untilReady(signal);
  }

  async #stopAll(): Promise<void> {
    const { home, supervisor, releaseLock } = this.#options;
    this.#state = 'stopping';
    this.#write();
    rmSync(home.addressesFile, { force: true });
    await supervisor.stopAll();
    removeRecord(home.recordFile);
    releaseLock();
  }

  #write(): void {
    const launcher = identityOf(process.pid);
    if (launcher === undefined) return;
    const parts = this.#options.supervisor.parts.map(({ spec, status }) => ({
      ...status,
      since: status.since.toISOString(),
      stopStage: spec.stopStage,
    }));
    const startedAt = this.#startedAt.toISOString();
    const record = { launcher, channel: this.channel, state: this.#state, startedAt, parts };
    try {
      writeRecord(this.#options.home.recordFile, record);
    } catch {
      // A full disk must not end the supervision; what the record misses is found by the processes' mark.
    }
  }
}
