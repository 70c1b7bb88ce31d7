import { refusal } from '@consilium/domain';
import { Home } from './home.js';
import { type NetworkRecord, type PartRecord, readRecord } from './networkRecord.js';
import { isRunning } from './supervise/processIdentity.js';

/** What runs in a home folder. */
export interface NetworkStatus {
  readonly home: string;
  readonly channel: NetworkRecord['channel'];
  /** `orphaned`: the launcher was killed, and some of its parts still run. */
  readonly state: NetworkRecord['state'] | 'orphaned';
  readonly startedAt: string;
  readonly launcherPid: number | undefined;
  readonly parts: readonly PartRecord[];
}

/** @throws NETWORK_NOT_RUNNING */
export function networkStatus(folder: string): NetworkStatus {
  const home = new Home(folder);
  const record = readRecord(home.recordFile);
  if (record === undefined) throw refusal('NETWORK_NOT_RUNNING', {});
  const launcherRuns = isRunning(record.launcher);
  const parts = launcherRuns ? record.parts : record.parts.map(asFound);
  if (!launcherRuns && parts.every(({ process }) => process === undefined)) throw refusal('NETWORK_NOT_RUNNING', {});
  return {
    home: home.root,
    channel: record.channel,
    state: launcherRuns ? record.state : 'orphaned',
    startedAt: record.startedAt,
    launcherPid: launcherRuns ? record.launcher.pid : undefined,
    parts,
  };
}

/** Without a launcher the record is as old as its death: what has ended since is looked up. */
function asFound(part: PartRecord): PartRecord {
  if (part.process !== undefined && isRunning(part.process)) return part;
  const { process: _ended, ...rest } = part;
  return { ...rest, state: 'stopped' };
}

/** The status as a table for a terminal. */
export function statusTable(status: NetworkStatus): string {
  const head = ['part', 'pid', 'state', 'address', 'since', 'restarts'];
  const rows = status.parts.map((part) => [
    `${part.owner} ${part.name}`,
    part.process === undefined ? '-' : String(part.process.pid),
    part.lastEnd === undefined || part.state === 'ready' ? part.state : `${part.state} (${part.lastEnd})`,
    shortAddress(part.address),
    part.since,
    String(part.restarts),
  ]);
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  const title =
    status.launcherPid === undefined
      ? `${status.channel} channel: its launcher is gone, npm stop ends what is left`
      : `${status.channel} channel, ${status.state}, launcher ${status.launcherPid}`;
  return [`${title} (${status.home})`, '', line(head), ...rows.map(line)].join('\n');
}

/** Many addresses are shown as the first and their number. */
function shortAddress(address: string): string {
  const [first = '', ...others] = address.split(' ');
  return others.length === 0 ? first : `${first} and ${others.length} more`;
}
