import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { refusal } from '@consilium/domain';

/**
 * Ports are chosen from here: below the range that Linux gives to outgoing connections and to port 0, so that nothing
 * takes one between its choice and its use by chance.
 */
const PORT_MIN = 20_000;
const PORT_MAX = 32_767;

const TRIES_MAX = 200;

/** Both of what `localhost` may mean. */
const LOOPBACKS = ['127.0.0.1', '::1'];

/** A port to be found for one part. */
export interface PortWish {
  /** Names the part in an error: `api of ClevelandMSP`. */
  readonly part: string;
  /** The port that the topology asks for. */
  readonly given?: number | undefined;
  /** The port that it had before, kept if it is still free. */
  readonly previous?: number | undefined;
}

/** Gives out ports, each once. Whoever was promised a port is to be asked for first, before any is chosen. */
export class Ports {
  readonly #taken = new Set<number>();

  /** @throws PORT_TAKEN if the port that was asked for is in use, or if no free one is found. */
  async choose({ part, given, previous }: PortWish): Promise<number> {
    if (given !== undefined) {
      if (await this.#claim(given)) return given;
      throw refusal('PORT_TAKEN', { port: given, part });
    }
    if (previous !== undefined && (await this.#claim(previous))) return previous;
    for (let attempt = 0; attempt < TRIES_MAX; attempt += 1) {
      const port = randomInt(PORT_MIN, PORT_MAX + 1);
      if (await this.#claim(port)) return port;
    }
    throw refusal('PORT_TAKEN', { port: `${PORT_MIN}-${PORT_MAX}`, part });
  }

  async #claim(port: number): Promise<boolean> {
    if (this.#taken.has(port)) return false;
    this.#taken.add(port);
    if (await isFree(port)) return true;
    this.#taken.delete(port);
    return false;
  }
}

/** Whether a server could listen on the port now, on every address of the loopback that this machine has. */
export async function isFree(port: number): Promise<boolean> {
  const answers = await Promise.all(LOOPBACKS.map((host) => canListen(port, host)));
  return answers.every(Boolean);
}

async function canListen(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code === 'EADDRNOTAVAIL' || error.code === 'EAFNOSUPPORT'),
    );
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
