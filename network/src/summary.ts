import { dirname, join } from 'node:path';
import type { NetworkAddresses } from './addresses.js';

/** What a person is told when the network is up: where each gateway is, and how to speak to it. */
export function networkSummary(addresses: NetworkAddresses, foreground: boolean): string {
  const { channel, gateways, setupSeconds } = addresses;
  if (gateways.length === 0)
    return `The ${channel} channel is up, without gateways, ${setupSeconds.toFixed(1)} s: hospitals/<MSP>/connection.json says where.`;
  const width = Math.max(...gateways.map(({ name }) => name.length));
  const lines = gateways.map(
    ({ name, apiUrl, people }) => `  ${name.padEnd(width)}  ${apiUrl}  tokens: ${tokenPattern(people)}`,
  );
  return [
    `The network is up: ${gateways.length} hospitals, ${channel} channel, ${setupSeconds.toFixed(1)} s.`,
    ...lines,
    ...notes(addresses),
    ...example(addresses),
    `${foreground ? 'Ctrl-C stops it' : 'npm stop stops it'}; npm run status and npm run logs -- HOSPITAL PART look at it.`,
  ].join('\n');
}

function notes({ channel, gateways }: NetworkAddresses): string[] {
  const honest = 'The embedded channel is one process with one orderer: for development and demonstration only.';
  const two = 'Two hospitals: both must be up for any transaction, and rounds run in open mode only.';
  return [...(channel === 'embedded' ? [honest] : []), ...(gateways.length === 2 ? [two] : [])];
}

function example({ gateways }: NetworkAddresses): string[] {
  const [first] = gateways;
  const token = first?.people.researcher?.tokenFile;
  if (first === undefined || token === undefined) return [];
  return [
    `  curl --cacert ${first.caFile} -H "Authorization: Bearer $(cat ${token})" ${first.apiUrl}/api/v1/hospitals`,
  ];
}

/** All tokens of a hospital lie side by side: `…/people/<role>/token`. */
function tokenPattern(people: NetworkAddresses['gateways'][number]['people']): string {
  const [first] = Object.values(people);
  return first === undefined ? '-' : join(dirname(dirname(first.tokenFile)), '<role>', 'token');
}
