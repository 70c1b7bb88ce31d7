/** Reads a pack from its file. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** One read of Node's takes less than 2 GiB; a bundle of a large model and many hospitals is larger. */
const READ_BYTES_MAX = 2 ** 30;

/** @throws Error where it cannot be read */
export function readPack(path: string): Buffer {
  const file = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(fstatSync(file).size);
    for (let at = 0; at < bytes.length; ) {
      const read = readSync(file, bytes, at, Math.min(READ_BYTES_MAX, bytes.length - at), at);
      if (read === 0) throw new Error(`${path} became shorter while it was read`);
      at += read;
    }
    return bytes;
  } finally {
    closeSync(file);
  }
}
