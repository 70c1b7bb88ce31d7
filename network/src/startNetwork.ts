import { existsSync } from 'node:fs';
import type { ChannelKind } from '@consilium/domain';
import { gatewayAddresses, networkAddresses } from './addresses.js';
import { writeJsonAtomic } from './atomicFile.js';
import { REPOSITORY } from './buildOutput.js';
import { chaincodePackage } from './chaincodePackage.js';
import { chaincodePart } from './chaincodePart.js';
import { CHANNELS } from './channel/channels.js';
import { type Engine, gatewayPart, type LogLevel } from './gatewayPart.js';
import { Home } from './home.js';
import { chooseHospitalPorts } from './hospitalPorts.js';
import { takeLauncherLock } from './launcherLock.js';
import { requireMemory } from './memory.js';
import type { NetworkLayout } from './networkLayout.js';
import { completeHospitalPki } from './pki/hospitalPki.js';
import { RunningNetwork } from './runningNetwork.js';
import { endLeftovers } from './stopNetwork.js';
import { HOME_MARKER } from './supervise/orphans.js';
import { PartLog } from './supervise/partLog.js';
import { labelOf, type PartSpec } from './supervise/partSpec.js';
import { SupervisedPart } from './supervise/supervisedPart.js';
import { Supervisor } from './supervise/supervisor.js';
import { type NetworkPlan, readTopology } from './topologyFile.js';

export interface StartOptions {
  /** Path of the topology file. */
  readonly topology: string;
  /** Folder for identities, ledger, logs and what hospitals learn. */
  readonly home: string;
  /** Deletes the network that the folder holds first. */
  readonly fresh?: boolean;
  readonly engine?: Engine;
  readonly logLevel?: LogLevel;
  /** Environment of the started processes. Entries of Fabric's own (`CORE_…`) are left out: they would set options. */
  readonly environment?: NodeJS.ProcessEnv;
  /** Checkout whose builds are run. Absent: the one that this file belongs to. */
  readonly repository?: string;
  readonly clock?: () => Date;
  /** Hears in words what is being done. */
  readonly onProgress?: (text: string) => void;
  /** Aborting it ends the start and stops what was started. */
  readonly signal?: AbortSignal;
  /** Instant on `performance.now()`'s scale from which the set-up time is counted. Absent: the call. */
  readonly startedMs?: number;
}

/**
 * Brings a network up: identities, configuration, channel, chaincode, gateways. Resolves when every part is up.
 *
 * @throws TOPOLOGY_INVALID, TOPOLOGY_DUPLICATE, TOPOLOGY_TOO_FEW, TOPOLOGY_TOO_LARGE, DATA_FILE_MISSING, BUILD_MISSING,
 * NETWORK_RUNNING, HOME_OF_ANOTHER_TOPOLOGY, HOME_FOREIGN, AUTHORITY_LOST, PORT_TAKEN, PART_ENDED, PART_NOT_READY;
 * whatever was started is stopped then.
 */
export async function startNetwork(options: StartOptions): Promise<RunningNetwork> {
  const startedMs = options.startedMs ?? performance.now();
  const clock = options.clock ?? (() => new Date());
  const progress = options.onProgress ?? (() => undefined);
  const signal = options.signal ?? new AbortController().signal;
  const plan = readTopology(options.topology);
  const home = new Home(options.home);
  const releaseLock = takeLauncherLock(home.lockFile);
  try {
    const left = await endLeftovers(home);
    if (left.length > 0) progress(`ended what an earlier launcher had left: ${left.join(', ')}`);
    requireMemory(plan.hospitals.length);
    if (options.fresh === true) home.empty();
    const layout = await prepare(plan, home, options, clock);
    signal.throwIfAborted();
    const supervisor = new Supervisor(
      partsOf(plan.channel, layout, options).map((spec) => supervised(spec, home, clock)),
    );
    const gateways = gatewayAddresses(layout);
    const network = new RunningNetwork({ channel: plan.channel, home, gateways, supervisor, clock, releaseLock });
    try {
      progress(`starting ${supervisor.parts.length} processes for ${plan.hospitals.length} hospitals`);
      await supervisor.startAll(signal);
      const setupSeconds = Math.round(performance.now() - startedMs) / 1000;
      network.becomeReady(setupSeconds);
      writeJsonAtomic(home.addressesFile, networkAddresses(plan.channel, setupSeconds, gateways));
      return network;
    } catch (error) {
      await network.stop();
      throw error;
    }
  } catch (error) {
    releaseLock();
    throw error;
  }
}

/** Identities, ports and the claim: everything that is on disk before a process starts. */
async function prepare(
  plan: NetworkPlan,
  home: Home,
  options: StartOptions,
  clock: () => Date,
): Promise<NetworkLayout> {
  const claim = home.requireFor(plan);
  const repository = options.repository ?? REPOSITORY;
  const chaincode = chaincodePackage(repository);
  const ports = await chooseHospitalPorts(plan.hospitals, claim?.ports ?? {});
  const members = plan.hospitals.map(({ msp, name, slug }) => ({ msp, name, slug }));
  home.writeClaim({ channel: plan.channel, hospitals: members, ports });
  const mayCreateAuthorities = !existsSync(home.channelFolder);
  await Promise.all(
    plan.hospitals.map(({ msp, slug }) =>
      completeHospitalPki(home.hospital(msp), { msp, slug, now: clock(), mayCreateAuthorities }),
    ),
  );
  const environment = environmentOf(options.environment ?? process.env, home);
  return { repository, home, hospitals: plan.hospitals, ports, chaincode, environment };
}

function partsOf(channel: ChannelKind, layout: NetworkLayout, options: StartOptions): PartSpec[] {
  const settings = { engine: options.engine ?? 'auto', logLevel: options.logLevel ?? 'info' } as const;
  return [
    ...CHANNELS[channel](layout),
    ...layout.hospitals.map(({ msp }) => chaincodePart(layout, msp)),
    ...layout.hospitals.map((hospital) => gatewayPart(layout, hospital, settings)),
  ];
}

function supervised(spec: PartSpec, home: Home, clock: () => Date): SupervisedPart {
  return new SupervisedPart(spec, new PartLog(home.logFile(labelOf(spec))), home.root, clock);
}

function environmentOf(environment: NodeJS.ProcessEnv, home: Home): Record<string, string> {
  const kept = Object.entries(environment).flatMap(([name, value]) =>
    value === undefined || name.startsWith('CORE_') ? [] : [[name, value] as const],
  );
  return { ...Object.fromEntries(kept), [HOME_MARKER]: home.root };
}
