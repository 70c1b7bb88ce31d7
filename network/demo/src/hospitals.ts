/** The hospitals of a running network, as their people reach them: over REST, each person with a token of their own. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { GatewayClient } from '@consilium/client';
import { Msp, Role } from '@consilium/domain';
import { z } from 'zod';

/** `addresses.json` in the home folder, as the launcher writes it. */
const Addresses = z.object({
  channel: z.string(),
  setupSeconds: z.number().min(0),
  gateways: z
    .array(
      z.object({
        msp: Msp,
        name: z.string(),
        apiUrl: z.url(),
        caFile: z.string(),
        people: z.partialRecord(Role, z.object({ tokenFile: z.string() })),
      }),
    )
    .min(2),
});
type Address = z.infer<typeof Addresses>['gateways'][number];

export class DemoHospital {
  readonly msp: Msp;
  readonly name: string;
  readonly apiUrl: string;
  readonly #address: Address;
  readonly #clients = new Map<Role, GatewayClient>();

  constructor(address: Address) {
    this.msp = address.msp;
    this.name = address.name;
    this.apiUrl = address.apiUrl;
    this.#address = address;
  }

  /** This hospital's gateway, spoken to as the person with a role. */
  as(role: Role): GatewayClient {
    let client = this.#clients.get(role);
    if (!client) {
      const tokenFile = this.#address.people[role]?.tokenFile;
      if (!tokenFile) throw new Error(`${this.name} has nobody with the role ${role}`);
      const token = readFileSync(tokenFile, 'utf8').trim();
      client = new GatewayClient({ url: this.#address.apiUrl, caFile: this.#address.caFile, token });
      this.#clients.set(role, client);
    }
    return client;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#clients.values()].map((client) => client.close()));
  }
}

export type DemoNetwork = Readonly<{ channel: string; setupSeconds: number; hospitals: readonly DemoHospital[] }>;

/** @throws Error where no network of this home folder is up */
export function readNetwork(home: string): DemoNetwork {
  const file = join(home, 'addresses.json');
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new Error(`no network is up in ${home}: npm start, or npm run demo`, { cause: error });
  }
  const { channel, setupSeconds, gateways } = Addresses.parse(JSON.parse(text));
  return { channel, setupSeconds, hospitals: gateways.map((address) => new DemoHospital(address)) };
}
