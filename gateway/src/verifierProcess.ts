/** Runs `consilium-verify` on a pack: another program, which shares nothing with this one but the vocabulary. */
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { IndependentCheck } from '@consilium/client/resources';
import { refusal } from '@consilium/domain';
import type { SealedArchive } from './exports/evidence/archive.js';
import type { IndependentVerifier } from './http/ports.js';

/** The longest that it may take, of the largest round. */
const VERIFIER_MS_MAX = 30 * 60_000;
/** Its exit codes where it has looked: it holds, it does not, it holds and no genesis was given. */
const LOOKED: readonly (number | null)[] = [0, 1, 3];
const OWNER_ONLY = 0o600;

export class VerifierProcess implements IndependentVerifier {
  readonly #folder: string;

  /** @param folder for packs while they are looked at; what another process left in it is removed */
  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async in(folder: string): Promise<VerifierProcess> {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    return new VerifierProcess(folder);
  }

  async check(pack: SealedArchive, signal: AbortSignal): Promise<Extract<IndependentCheck, { ran: true }>> {
    const folder = await mkdtemp(join(this.#folder, 'round-'));
    try {
      const file = join(folder, 'round.evidence');
      await write(pack, file, signal);
      return await lookAt(file, AbortSignal.any([signal, AbortSignal.timeout(VERIFIER_MS_MAX)]));
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
}

async function write(pack: SealedArchive, file: string, signal: AbortSignal): Promise<void> {
  const target = await open(file, 'wx', OWNER_ONLY);
  try {
    for await (const piece of pack.pieces()) {
      signal.throwIfAborted();
      await target.writeFile(piece);
    }
  } finally {
    await target.close();
  }
}

async function lookAt(file: string, signal: AbortSignal): Promise<Extract<IndependentCheck, { ran: true }>> {
  const command = fileURLToPath(import.meta.resolve('@consilium/verifier/command'));
  const child = spawn(process.execPath, [command, file, '--json'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {},
    signal,
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const [status, told, problem] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  if (!LOOKED.includes(status))
    throw refusal('VERIFIER_FAILED', { problem: problem.trim() || `it ended with ${status}` });
  const found = IndependentCheck.parse({ ran: true, ...(JSON.parse(told) as object) });
  if (!found.ran) throw refusal('VERIFIER_FAILED', { problem: 'it says nothing' });
  return found;
}
