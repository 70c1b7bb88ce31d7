/** Which gateway is spoken to, and as whom. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { GatewayClient } from '@consilium/client';
import { type Command, InvalidArgumentError } from 'commander';
import { z } from 'zod';

type ConnectionOptions = Readonly<{
  url?: string;
  ca?: string;
  tokenFile?: string;
  home?: string;
  hospital?: string;
  as: string;
}>;

/** The part of the launcher's `addresses.json` that names gateways. */
const Addresses = z.object({
  gateways: z.array(
    z.object({
      msp: z.string(),
      name: z.string(),
      apiUrl: z.string(),
      caFile: z.string(),
      people: z.record(z.string(), z.object({ tokenFile: z.string() })),
    }),
  ),
});

export function withConnectionOptions(program: Command): Command {
  return program
    .option('--url <url>', 'the gateway (or CONSILIUM_URL)', process.env.CONSILIUM_URL)
    .option(
      '--ca <file>',
      'certificate of the CA that signed its certificate (or CONSILIUM_CA)',
      process.env.CONSILIUM_CA,
    )
    .option('--token-file <file>', 'your token (or CONSILIUM_TOKEN_FILE)', process.env.CONSILIUM_TOKEN_FILE)
    .option(
      '--home <folder>',
      'instead of these three: the home of a network on this machine (or CONSILIUM_HOME)',
      process.env.CONSILIUM_HOME,
    )
    .option('--hospital <name>', 'with --home: whose gateway, by name or MSP; the first one if absent')
    .option('--as <role>', 'with --home: as whom', 'researcher');
}

/** @throws InvalidArgumentError that says which option is missing */
export function connect(options: ConnectionOptions): GatewayClient {
  if (options.url !== undefined) {
    const token = options.tokenFile === undefined ? {} : { token: secretIn(options.tokenFile) };
    return new GatewayClient({
      url: options.url,
      ...token,
      ...(options.ca === undefined ? {} : { caFile: options.ca }),
    });
  }
  const home = options.home ?? '.consilium';
  const { gateways } = Addresses.parse(JSON.parse(fileText(join(home, 'addresses.json'))));
  const wanted = options.hospital?.toLowerCase();
  const gateway = gateways.find(
    ({ msp, name }) => wanted === undefined || [msp.toLowerCase(), name.toLowerCase()].includes(wanted),
  );
  if (!gateway)
    throw new InvalidArgumentError(
      `no hospital ${options.hospital}: there are ${gateways.map(({ name }) => name).join(', ')}`,
    );
  const person = gateway.people[options.as];
  if (!person)
    throw new InvalidArgumentError(
      `nobody with the role ${options.as}: there are ${Object.keys(gateway.people).join(', ')}`,
    );
  return new GatewayClient({ url: gateway.apiUrl, caFile: gateway.caFile, token: secretIn(person.tokenFile) });
}

function secretIn(file: string): string {
  return fileText(file).trim();
}

function fileText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw new InvalidArgumentError(
      `${file} cannot be read. Is the network up, and are --url, --ca and --token-file right?`,
    );
  }
}
