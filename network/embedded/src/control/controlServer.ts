import { chmodSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { z } from 'zod';

/** Longest time that a commit may be delayed. */
const DELAY_MS_MAX = 60_000;

const OfPeer = { msp: z.string().min(1) };

/** One line of the control interface. */
export const ControlRequest = z.discriminatedUnion('do', [
  z.strictObject({ do: z.literal('stop'), ...OfPeer }),
  z.strictObject({ do: z.literal('start'), ...OfPeer }),
  z.strictObject({ do: z.literal('cutOff'), ...OfPeer, isOn: z.boolean() }),
  z.strictObject({ do: z.literal('delayCommits'), ...OfPeer, ms: z.int().min(0).max(DELAY_MS_MAX) }),
  z.strictObject({ do: z.literal('answerDifferently'), ...OfPeer, isOn: z.boolean() }),
]);
export type ControlRequest = z.infer<typeof ControlRequest>;

/**
 * Takes faults for tests, over a Unix socket that only this user can open: a line of JSON each, answered by `{}` or
 * `{"error": ...}`. It is there only where the configuration names it.
 */
export class ControlServer {
  readonly #path: string;
  readonly #server: Server;

  constructor(path: string, carryOut: (request: ControlRequest) => Promise<void>) {
    this.#path = path;
    this.#server = createServer((socket) => serve(socket, carryOut));
  }

  async start(): Promise<void> {
    // Left behind by a process that was killed.
    rmSync(this.#path, { force: true });
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(this.#path, resolve);
    });
    chmodSync(this.#path, 0o600);
  }

  stop(): void {
    this.#server.close();
  }
}

function serve(socket: Socket, carryOut: (request: ControlRequest) => Promise<void>): void {
  socket.on('error', () => {});
  socket.unref();
  const answer = async (line: string): Promise<object> => {
    try {
      await carryOut(ControlRequest.parse(JSON.parse(line)));
      return {};
    } catch (error) {
      return { error: (error as Error).message };
    }
  };
  createInterface({ input: socket }).on('line', (line) => {
    void answer(line).then((result) => socket.write(`${JSON.stringify(result)}\n`));
  });
}
