import { closeSync, existsSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { refusal } from '@consilium/domain';
import { Home } from './home.js';
import { PartLog } from './supervise/partLog.js';
import { labelOf } from './supervise/partSpec.js';
import { pause } from './supervise/readiness.js';

const FOLLOW_MS = 200;
const CHUNK_BYTES = 64 * 1024;

/**
 * The log of one part, running or not. A hospital is found by its MSP id, name or short name, in any case.
 *
 * @throws PART_UNKNOWN
 */
export function partLog(folder: string, hospital: string, part: string): PartLog {
  const home = new Home(folder);
  const path = home.logFile(labelOf({ owner: ownerOf(home, hospital), name: plain(part) }));
  if (!existsSync(path)) throw refusal('PART_UNKNOWN', { what: `log of ${hospital} ${part}`, known: knownLogs(home) });
  return new PartLog(path);
}

function ownerOf(home: Home, hospital: string): string {
  // A hospital that is not known may still be `channel`; the caller checks that the log exists.
  return home.member(hospital)?.msp ?? plain(hospital);
}

/** Names of parts are letters alone: nothing that a person types leads to another folder. */
function plain(text: string): string {
  return text.toLowerCase().replace(/[^a-z0-9]/g, '');
}

function knownLogs(home: Home): string {
  if (!existsSync(home.logFolder)) return 'none yet';
  const logs = readdirSync(home.logFolder).filter((name) => name.endsWith('.log'));
  return logs.map((name) => name.replace(/\.log$/, '').replace(/-([^-]+)$/, ' $1')).join(', ') || 'none yet';
}

/** Hands on what is appended to a log from now on, until the signal is aborted. A log that was cut is read from its start. */
export async function followLog(path: string, onText: (text: string) => void, signal: AbortSignal): Promise<void> {
  const decoder = new TextDecoder();
  const buffer = Buffer.alloc(CHUNK_BYTES);
  let position = statSync(path).size;
  while (!signal.aborted) {
    const { size } = statSync(path);
    if (size < position) position = 0;
    if (size > position) {
      const file = openSync(path, 'r');
      const read = readSync(file, buffer, 0, CHUNK_BYTES, position);
      closeSync(file);
      position += read;
      onText(decoder.decode(buffer.subarray(0, read), { stream: true }));
    } else await pause(FOLLOW_MS, signal).catch(() => undefined);
  }
}
