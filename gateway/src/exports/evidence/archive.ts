/** Writes the one file that a pack is. Its form is described byte by byte in chaincode/verifier/README.md. */
import { createHash } from 'node:crypto';
import { canonicalJson } from '@consilium/domain';

const FIRST_LINE = 'consilium-evidence 1\n';
const LENGTH_DIGITS = 10;

export class Archive {
  readonly #entries = new Map<string, Uint8Array>();

  /** Replaces nothing: a name stands once. */
  add(name: string, content: Uint8Array): void {
    if (this.#entries.has(name)) throw new Error(`the pack has ${name} already`);
    this.#entries.set(name, content);
  }

  addJson(name: string, value: unknown): void {
    this.add(name, Buffer.from(canonicalJson(value)));
  }

  /** @param sign signs everything up to the end of the manifest */
  async bytes(sign: (message: Uint8Array) => Promise<Uint8Array>): Promise<Buffer> {
    const entries = [...this.#entries].sort(([a], [b]) => (a < b ? -1 : 1));
    const manifest = Buffer.from(
      canonicalJson(entries.map(([name, content]) => ({ name, bytes: content.length, sha256: digest(content) }))),
    );
    const length = String(manifest.length).padStart(LENGTH_DIGITS, '0');
    const head = Buffer.concat([Buffer.from(`${FIRST_LINE}${length} ${digest(manifest)}\n`), manifest]);
    return Buffer.concat([head, ...entries.map(([, content]) => content), await sign(head)]);
  }
}

function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
