/** Writes the one file that a pack is. Its form is described byte by byte in chaincode/verifier/README.md. */
import { createHash } from 'node:crypto';
import { canonicalJson } from '@consilium/domain';

const FIRST_LINE = 'consilium-evidence 1\n';
const LENGTH_DIGITS = 10;

/** Bytes that stay where they are until they are written: a pack of many large ones never stands in memory whole. */
export type StoredContent = Readonly<{
  bytes: number;
  /** SHA-256, in hexadecimal digits. */
  sha256: string;
  read(): Promise<Uint8Array>;
}>;

/** A pack that is signed: what is left is to write it. */
export type SealedArchive = Readonly<{
  bytes: number;
  /** The whole file in its order, once. @throws Error where stored bytes are not those that were named */
  pieces(): AsyncGenerator<Uint8Array>;
}>;

export class Archive {
  readonly #entries = new Map<string, Uint8Array | StoredContent>();

  /** Replaces nothing: a name stands once. */
  add(name: string, content: Uint8Array | StoredContent): void {
    if (this.#entries.has(name)) throw new Error(`the pack has ${name} already`);
    this.#entries.set(name, content);
  }

  addJson(name: string, value: unknown): void {
    this.add(name, Buffer.from(canonicalJson(value)));
  }

  /** @param sign signs everything up to the end of the manifest */
  async sealed(sign: (message: Uint8Array) => Promise<Uint8Array>): Promise<SealedArchive> {
    const entries = [...this.#entries].sort(([a], [b]) => (a < b ? -1 : 1));
    const list = entries.map(([name, content]) => ({ name, ...sizeAndDigest(content) }));
    const manifest = Buffer.from(canonicalJson(list));
    const length = String(manifest.length).padStart(LENGTH_DIGITS, '0');
    const head = Buffer.concat([Buffer.from(`${FIRST_LINE}${length} ${digest(manifest)}\n`), manifest]);
    const signature = await sign(head);
    async function* pieces(): AsyncGenerator<Uint8Array> {
      yield head;
      for (const [name, content] of entries) yield await read(name, content);
      yield signature;
    }
    return { bytes: list.reduce((sum, { bytes }) => sum + bytes, head.length + signature.length), pieces };
  }
}

/** For packs that are small enough. */
export async function wholePack({ pieces }: SealedArchive): Promise<Buffer> {
  const found: Uint8Array[] = [];
  for await (const piece of pieces()) found.push(piece);
  return Buffer.concat(found);
}

function sizeAndDigest(content: Uint8Array | StoredContent): { bytes: number; sha256: string } {
  if (content instanceof Uint8Array) return { bytes: content.length, sha256: digest(content) };
  return { bytes: content.bytes, sha256: content.sha256 };
}

async function read(name: string, content: Uint8Array | StoredContent): Promise<Uint8Array> {
  if (content instanceof Uint8Array) return content;
  const bytes = await content.read();
  if (bytes.length !== content.bytes || digest(bytes) !== content.sha256)
    throw new Error(`${name} is not what it was when the pack was made`);
  return bytes;
}

function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
