import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ChannelKind, refusal } from '@consilium/domain';
import { z } from 'zod';
import { PRIVATE_FILE_MODE, writeJsonAtomic } from './atomicFile.js';
import { HospitalPorts } from './hospitalPorts.js';
import { HospitalFolder } from './pki/hospitalFolder.js';
import type { NetworkPlan } from './topologyFile.js';

/** What of a network outlives its processes: whose folder it is, and what must be the same at the next start. */
export const HomeClaim = z.strictObject({
  channel: ChannelKind,
  hospitals: z.array(z.strictObject({ msp: z.string(), name: z.string(), slug: z.string() })),
  ports: z.record(z.string(), HospitalPorts),
});
export type HomeClaim = z.infer<typeof HomeClaim>;

/** What the launcher makes in a home folder. It deletes nothing else there. */
const OWN_ENTRIES = ['claim.json', 'network.json', 'addresses.json', 'hospitals', 'channel', 'run', 'logs'];

/** Entries that only a network makes: where they lie without a claim, the folder is somebody else's. */
const TELLING_ENTRIES = ['hospitals', 'channel'];

/** Names of the files in a home folder. */
export class Home {
  readonly root: string;

  constructor(root: string) {
    this.root = resolve(root);
  }

  get claimFile(): string {
    return join(this.root, 'claim.json');
  }

  /** Processes of the running network; gone when none runs. */
  get recordFile(): string {
    return join(this.root, 'network.json');
  }

  /** Addresses and tokens of the running network, for programs that speak to it. */
  get addressesFile(): string {
    return join(this.root, 'addresses.json');
  }

  /** Blocks and state of the channel, and its configuration. */
  get channelFolder(): string {
    return join(this.root, 'channel');
  }

  get logFolder(): string {
    return join(this.root, 'logs');
  }

  /** Where the embedded channel takes faults from tests, if it does. */
  get controlSocket(): string {
    return join(this.root, 'control.sock');
  }

  get lockFile(): string {
    return join(this.root, 'launcher.lock');
  }

  hospital(msp: string): HospitalFolder {
    return new HospitalFolder(join(this.root, 'hospitals', msp));
  }

  /** Where a part says that it is up. */
  readyFile(label: string): string {
    return join(this.root, 'run', `${label}.json`);
  }

  logFile(label: string): string {
    return join(this.logFolder, `${label}.log`);
  }

  /**
   * The claim of the network that this folder holds, if it holds one.
   *
   * @throws CONFIGURATION_INVALID
   */
  readClaim(): HomeClaim | undefined {
    if (!existsSync(this.claimFile)) return undefined;
    try {
      return HomeClaim.parse(JSON.parse(readFileSync(this.claimFile, 'utf8')));
    } catch {
      throw refusal('CONFIGURATION_INVALID', {
        file: this.claimFile,
        problems: 'it was changed or cut off: start with --fresh',
      });
    }
  }

  /** The hospital of this folder that is meant: by MSP id, name or short name, in any case. */
  member(hospital: string): HomeClaim['hospitals'][number] | undefined {
    const wanted = hospital.toLowerCase();
    return this.readClaim()?.hospitals.find((known) =>
      [known.msp, known.name, known.slug].some((id) => id.toLowerCase() === wanted),
    );
  }

  writeClaim(claim: HomeClaim): void {
    writeJsonAtomic(this.claimFile, claim, PRIVATE_FILE_MODE);
  }

  /**
   * Makes sure that the folder may hold this network.
   *
   * @returns the claim of its earlier start, if there was one.
   * @throws HOME_OF_ANOTHER_TOPOLOGY, HOME_FOREIGN, CONFIGURATION_INVALID
   */
  requireFor(plan: NetworkPlan): HomeClaim | undefined {
    const claim = this.readClaim();
    if (claim === undefined) {
      this.#requireOwn();
      return undefined;
    }
    if (claim.channel === plan.channel && membersOf(claim.hospitals) === membersOf(plan.hospitals)) return claim;
    const names = claim.hospitals.map(({ name }) => name).join(', ');
    const found = claim.channel === plan.channel ? names : `${names} (channel ${claim.channel})`;
    throw refusal('HOME_OF_ANOTHER_TOPOLOGY', { home: this.root, found });
  }

  /**
   * Deletes the network that the folder holds, with its ledger, its identities and what its hospitals learned.
   *
   * @throws HOME_FOREIGN
   */
  empty(): void {
    if (!existsSync(this.claimFile)) this.#requireOwn();
    for (const entry of OWN_ENTRIES) rmSync(join(this.root, entry), { recursive: true, force: true });
  }

  #requireOwn(): void {
    if (TELLING_ENTRIES.some((entry) => existsSync(join(this.root, entry))))
      throw refusal('HOME_FOREIGN', { home: this.root });
  }
}

function membersOf(
  hospitals: readonly { readonly msp: string; readonly name: string; readonly slug: string }[],
): string {
  return JSON.stringify(hospitals.map(({ msp, name, slug }) => [msp, name, slug]).toSorted());
}
