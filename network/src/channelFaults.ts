import { connect } from 'node:net';
import { createInterface } from 'node:readline';

const CALL_MS_MAX = 10_000;

/** Faults of the embedded channel, for tests: there only where the network was started with `faults`. */
export class ChannelFaults {
  readonly #socket: string;

  /** @param socket of the channel's control interface. */
  constructor(socket: string) {
    this.#socket = socket;
  }

  /** Closes a hospital's peer; its chaincode and gateway run on. */
  async stopPeer(msp: string): Promise<void> {
    await this.#ask({ do: 'stop', msp });
  }

  /** Opens it again, at the same address; it takes up the blocks that it missed. */
  async startPeer(msp: string): Promise<void> {
    await this.#ask({ do: 'start', msp });
  }

  /** Lets a peer neither have blocks nor speak with other peers and the orderer; its own clients still reach it. */
  async cutOff(msp: string, isOn = true): Promise<void> {
    await this.#ask({ do: 'cutOff', msp, isOn });
  }

  /** Has a peer wait before it commits each block. */
  async delayCommits(msp: string, ms: number): Promise<void> {
    await this.#ask({ do: 'delayCommits', msp, ms });
  }

  /** Has a hospital's chaincode answer with another result than the others'. */
  async answerDifferently(msp: string, isOn = true): Promise<void> {
    await this.#ask({ do: 'answerDifferently', msp, isOn });
  }

  async #ask(request: object): Promise<void> {
    const socket = connect(this.#socket);
    socket.setTimeout(CALL_MS_MAX, () =>
      socket.destroy(new Error('the channel does not answer its control interface')),
    );
    try {
      const line = await new Promise<string>((resolve, reject) => {
        socket.once('error', reject);
        socket.once('close', () => reject(new Error('the channel closed its control interface')));
        createInterface({ input: socket }).once('line', resolve);
        socket.write(`${JSON.stringify(request)}\n`);
      });
      const { error } = JSON.parse(line) as { error?: string };
      if (error !== undefined) throw new Error(error);
    } finally {
      socket.destroy();
    }
  }
}
