import { existsSync } from 'node:fs';
import type { ChannelKind } from '@consilium/domain';
import { gatewayAddresses, networkAddresses } from './addresses.js';
import { writeJsonAtomic } from './atomicFile.js';
import { REPOSITORY } from './buildOutput.js';
import { chaincodePackage } from './chaincodePackage.js';
import { chaincodePart } from './chaincodePart.js';
import type { ChannelPlan } from './channel/channel.js';
import { CHANNELS } from './channel/channels.js';
import { writeConnections } from './connectionFile.js';
import { type Engine, gatewayPart, type LogLevel } from './gatewayPart.js';
import { Home } from './home.js';
import { chooseHospitalPorts, hospitalsWithOrderer } from './hospitalPorts.js';
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
  /** Kind of channel, instead of what the topology says. */
  readonly channel?: ChannelKind;
  /** Deletes the network that the folder holds first. */
  readonly fresh?: boolean;
  /** Brings up channel and chaincode, and no gateways. */
  readonly channelOnly?: boolean;
  /** Lets tests make the embedded channel fail: see the network's `faults`. */
  readonly faults?: boolean;
  readonly engine?: Engine;
  readonly logLevel?: LogLevel;
  /**
   * Environment of the started processes. Entries of Fabric's own (`CORE_…`, `ORDERER_…`) are left out: they would set
   * options.
   */
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
 * NETWORK_RUNNING, HOME_OF_ANOTHER_TOPOLOGY, HOME_FOREIGN, AUTHORITY_LOST, CONSENTER_LOST, PORT_TAKEN, PORT_FIXED,
 * FABRIC_COMMANDS_MISSING, FABRIC_VERSION_WRONG, CHANNEL_FAILED, PART_ENDED, PART_NOT_READY; whatever was started is
 * stopped then.
 */
export async function startNetwork(options: StartOptions): Promise<RunningNetwork> {
  const startedMs = options.startedMs ?? performance.now();
  const clock = options.clock ?? (() => new Date());
  const progress = options.onProgress ?? (() => undefined);
  const signal = options.signal ?? new AbortController().signal;
  const topology = readTopology(options.topology);
  const plan = { ...topology, channel: options.channel ?? topology.channel };
  const channel = CHANNELS[plan.channel];
  const home = new Home(options.home);
  const releaseLock = takeLauncherLock(home.lockFile);
  try {
    const left = await endLeftovers(home);
    if (left.length > 0) progress(`ended what an earlier launcher had left: ${left.join(', ')}`);
    requireMemory(plan.hospitals.length, channel.memoryMiB(plan.hospitals.length));
    await channel.check(options.environment ?? process.env);
    if (options.fresh === true) home.empty();
    const layout = await prepare(plan, home, options, clock);
    signal.throwIfAborted();
    const channelPlan = await channel.plan(layout, progress);
    const supervisor = new Supervisor(
      partsOf(channelPlan, layout, options).map((spec) => supervised(spec, home, clock)),
    );
    const gateways = options.channelOnly === true ? [] : gatewayAddresses(layout);
    const network = new RunningNetwork({
      ...{ channel: plan.channel, home, gateways, supervisor, clock, releaseLock },
      controlSocket: layout.controlSocket,
    });
    try {
      progress(`starting ${supervisor.parts.length} processes for ${plan.hospitals.length} hospitals`);
      await supervisor.startAll(signal, channelPlan.steps);
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
  const channelExists = existsSync(home.channelFolder);
  const nodesFixed = channelExists && CHANNELS[plan.channel].knowsNodes;
  const portsBefore = claim?.ports ?? {};
  const orderers = hospitalsWithOrderer(plan.hospitals, portsBefore, CHANNELS[plan.channel].orderersMax);
  const ports = await chooseHospitalPorts(plan.hospitals, portsBefore, { orderers, nodesFixed });
  const members = plan.hospitals.map(({ msp, name, slug }) => ({ msp, name, slug }));
  home.writeClaim({ channel: plan.channel, hospitals: members, ports });
  await Promise.all(
    plan.hospitals.map(({ msp, slug }) =>
      completeHospitalPki(home.hospital(msp), {
        msp,
        slug,
        now: clock(),
        mayCreateAuthorities: !channelExists,
        ordererFixed: nodesFixed && orderers.has(msp),
      }),
    ),
  );
  const environment = environmentOf(options.environment ?? process.env, home);
  const layout: NetworkLayout = {
    ...{ repository, home, hospitals: plan.hospitals, ports, chaincode, environment },
    ...(options.faults === true && plan.channel === 'embedded' ? { controlSocket: home.controlSocket } : {}),
  };
  writeConnections(layout);
  return layout;
}

function partsOf(channel: ChannelPlan, layout: NetworkLayout, options: StartOptions): PartSpec[] {
  const settings = { engine: options.engine ?? 'auto', logLevel: options.logLevel ?? 'info' } as const;
  const withGateway = options.channelOnly === true ? [] : layout.hospitals;
  return [
    ...channel.parts,
    ...layout.hospitals.map(({ msp }) => chaincodePart(layout, msp)),
    ...withGateway.map((hospital) => gatewayPart(layout, hospital, settings)),
  ];
}

function supervised(spec: PartSpec, home: Home, clock: () => Date): SupervisedPart {
  return new SupervisedPart(spec, new PartLog(home.logFile(labelOf(spec))), home.root, clock);
}

/** Fabric's programs and its chaincode library take every option from the environment, too. */
const FABRIC_OPTION = /^(?:CORE|ORDERER|CONFIGTX)_/;

function environmentOf(environment: NodeJS.ProcessEnv, home: Home): Record<string, string> {
  const kept = Object.entries(environment).flatMap(([name, value]) =>
    value === undefined || FABRIC_OPTION.test(name) ? [] : [[name, value] as const],
  );
  return { ...Object.fromEntries(kept), [HOME_MARKER]: home.root };
}
