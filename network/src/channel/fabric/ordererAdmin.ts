import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { z } from 'zod';
import { CHANNEL_NAME } from '../../chaincodePackage.js';
import type { HospitalFolder } from '../../pki/hospitalFolder.js';

const CALL_MS_MAX = 15_000;
const ANSWER_BYTES_MAX = 64 * 1024;

/** What an orderer says about a channel that it takes part in. */
const Participation = z.object({ status: z.string(), height: z.int().min(0) });
export type Participation = z.infer<typeof Participation>;

interface Answer {
  readonly status: number;
  readonly body: string;
}

/** The administration of one hospital's orderer: Fabric's channel participation API, over mutual TLS. */
export class OrdererAdmin {
  readonly #port: number;
  readonly #tls: { readonly ca: Buffer; readonly cert: Buffer; readonly key: Buffer };

  /** @param port of the orderer's admin endpoint. */
  constructor(folder: HospitalFolder, port: number) {
    const { certificate, key } = folder.tlsIdentity('orderer');
    this.#port = port;
    this.#tls = {
      ca: readFileSync(folder.tlsAuthority.certificate),
      cert: readFileSync(certificate),
      key: readFileSync(key),
    };
  }

  /** The channel as the orderer knows it, or undefined when it has not joined. @throws Error with its answer */
  async participation(): Promise<Participation | undefined> {
    const { status, body } = await this.#call('GET', `/participation/v1/channels/${CHANNEL_NAME}`);
    if (status === 404) return undefined;
    if (status !== 200) throw new Error(`the orderer answered with status ${status}: ${body}`);
    return Participation.parse(JSON.parse(body));
  }

  /** Has the orderer join the channel of this first block. @throws Error with its answer */
  async join(genesis: Buffer): Promise<void> {
    const boundary = randomUUID();
    const disposition = 'form-data; name="config-block"; filename="config.block"';
    const form = Buffer.concat([
      Buffer.from(`--${boundary}\r\nContent-Disposition: ${disposition}\r\n`),
      Buffer.from('Content-Type: application/octet-stream\r\n\r\n'),
      genesis,
      Buffer.from(`\r\n--${boundary}--\r\n`),
    ]);
    const type = `multipart/form-data; boundary=${boundary}`;
    const { status, body } = await this.#call('POST', '/participation/v1/channels', form, type);
    if (status !== 201) throw new Error(`the orderer answered with status ${status}: ${body}`);
  }

  async #call(method: string, path: string, body?: Buffer, type?: string): Promise<Answer> {
    const headers = body === undefined ? {} : { 'Content-Type': type, 'Content-Length': body.length };
    const target = { host: '127.0.0.1', port: this.#port, servername: 'localhost', method, path, headers };
    return new Promise((resolve, reject) => {
      const call = request({ ...target, ...this.#tls, agent: false, timeout: CALL_MS_MAX }, (response) => {
        const parts: Buffer[] = [];
        let bytes = 0;
        response.on('data', (part: Buffer) => {
          bytes += part.length;
          if (bytes > ANSWER_BYTES_MAX) call.destroy(new Error('the orderer answers too much'));
          parts.push(part);
        });
        response.once('error', reject);
        response.once('end', () =>
          resolve({ status: response.statusCode ?? 0, body: Buffer.concat(parts).toString('utf8') }),
        );
      });
      call.once('timeout', () => call.destroy(new Error(`the orderer did not answer within ${CALL_MS_MAX} ms`)));
      call.once('error', reject);
      call.end(body);
    });
  }
}
