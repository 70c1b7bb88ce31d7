import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { FOLDER_MODE } from '../atomicFile.js';
import type { Readiness } from './partSpec.js';

/** How often a part that starts is asked whether it is up. */
const READY_PROBE_MS = 40;
const PROBE_CONNECT_MS_MAX = 1_000;

/** Prepares a folder for the file and takes an earlier process's file away, lest it be taken for that of the next. */
export function prepareReadiness(readiness: Readiness): void {
  if (readiness.kind !== 'file') return;
  mkdirSync(dirname(readiness.path), { recursive: true, mode: FOLDER_MODE });
  rmSync(readiness.path, { force: true });
}

/** Resolves when the process is up; rejects with the signal's reason when that is aborted first. */
export async function untilReady(readiness: Readiness, pid: number, signal: AbortSignal): Promise<void> {
  while (!(await isReady(readiness, pid))) await pause(READY_PROBE_MS, signal);
  signal.throwIfAborted();
}

async function isReady(readiness: Readiness, pid: number): Promise<boolean> {
  if (readiness.kind === 'file') return writtenBy(readiness.path, pid);
  return readiness.kind === 'port' ? accepts(readiness.port) : greets(readiness.port, readiness.authorityFile);
}

function writtenBy(path: string, pid: number): boolean {
  try {
    const content: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return typeof content === 'object' && content !== null && 'pid' in content && content.pid === pid;
  } catch {
    return false;
  }
}

function accepts(port: number): Promise<boolean> {
  return opens(connect({ host: 'localhost', port, timeout: PROBE_CONNECT_MS_MAX }), 'connect');
}

function greets(port: number, authorityFile: string): Promise<boolean> {
  const options = { host: 'localhost', port, servername: 'localhost', timeout: PROBE_CONNECT_MS_MAX };
  return opens(connectTls({ ...options, ca: readFileSync(authorityFile), ALPNProtocols: ['h2'] }), 'secureConnect');
}

async function opens(socket: Socket, event: 'connect' | 'secureConnect'): Promise<boolean> {
  return new Promise((resolve) => {
    const fail = (): void => {
      socket.destroy();
      resolve(false);
    };
    socket.once(event, () => {
      // The end of a handshake is still on its way: cut off here, it would stand in the server's log as a failure.
      socket.end();
      resolve(true);
    });
    socket.once('error', fail);
    socket.once('timeout', fail);
  });
}

/** Waits, or rejects with the signal's reason as soon as it is aborted. */
export async function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(signal.reason);
      return;
    }
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, milliseconds);
    signal?.addEventListener('abort', stop, { once: true });
  });
}
