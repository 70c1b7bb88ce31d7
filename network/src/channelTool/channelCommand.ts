import { refusal } from '@consilium/domain';
import { Command, InvalidArgumentError, Option } from 'commander';
import { CHAINCODE_NAME } from '../chaincodePackage.js';
import { readConnection } from '../connectionFile.js';
import { Home } from '../home.js';
import type { ChannelReader } from './channelReader.js';
import { BLOCK_HEAD, blockLine, blockText, stateText, transactionText } from './recordText.js';

const BLOCKS_DEFAULT = 20;
const COUNT_MAX = Number.MAX_SAFE_INTEGER;

interface Flags {
  readonly home: string;
  readonly hospital?: string;
  readonly json?: boolean;
}

/**
 * `channel`: what is on the channel, read through one hospital's own peer, as its auditor.
 *
 * @param homeOption makes the option that names the home folder.
 * @param say writes lines.
 */
export function channelCommand(homeOption: () => Option, say: (text: string) => void): Command {
  const channel = new Command('channel').description('look at the running channel, and revoke certificates');
  const add = (name: string, description: string): Command =>
    channel
      .command(name)
      .description(description)
      .addOption(homeOption())
      .option('--hospital <name>', 'whose peer is asked: MSP id, name or short name (default: the first hospital)')
      .option('--json', 'as JSON');
  const show = <T>(value: T, text: (value: T) => string, { json }: Flags): void =>
    say(json === true ? JSON.stringify(value, null, 2) : text(value));

  add('blocks', 'list the newest blocks')
    .addOption(new Option('-n, --count <number>', 'how many').argParser(wholeNumber).default(BLOCKS_DEFAULT))
    .action(async (flags: Flags & { count: number }) =>
      withReader(flags, async (reader) => {
        const start = Math.max(0, (await reader.height()) - flags.count);
        if (flags.json !== true) say(BLOCK_HEAD);
        for await (const block of reader.blocks(start))
          say(flags.json === true ? JSON.stringify(block) : blockLine(block));
      }),
    );
  add('block', 'show one block with its transactions')
    .addArgument(channel.createArgument('<number>', 'the first one is block 0').argParser(wholeNumber))
    .action(async (number: number, flags: Flags) =>
      withReader(flags, async (reader) => show(await reader.block(number), blockText, flags)),
    );
  add('tx', 'show one transaction, and the block it is in')
    .argument('<id>', '64 hexadecimal digits')
    .action(async (id: string, flags: Flags) =>
      withReader(flags, async (reader) => show(await reader.transaction(id), transactionText, flags)),
    );
  add('state', 'show what a key holds, and the transaction that wrote it (reads every block)')
    .argument('<key>', 'as `block` shows it: hospital~ClevelandMSP')
    .addOption(new Option('--namespace <name>', 'chaincode whose key it is').default(CHAINCODE_NAME))
    .action(async (key: string, flags: Flags & { namespace: string }) =>
      withReader(flags, async (reader) => show(await reader.state(flags.namespace, key), stateText, flags)),
    );
  channel
    .command('revoke')
    .description('take a certificate back: from the next block on, every peer and orderer refuses it')
    .argument('<certificate>', "PEM file of a certificate that one of this network's hospitals issued")
    .addOption(homeOption())
    .action(async (file: string, { home }: Flags) => {
      const { revokeCertificate } = await import('./revokeCertificate.js');
      const { msp, serialNumber, revoked } = await revokeCertificate(new Home(home), file, new Date());
      say(`Revoked ${serialNumber} of ${msp}; the hospital's list has ${revoked} now.`);
    });
  return channel;
}

async function withReader(flags: Flags, use: (reader: ChannelReader) => Promise<void>): Promise<void> {
  const home = new Home(flags.home);
  const folder = home.hospital(mspOf(home, flags.hospital));
  // Fabric's client library takes longer to load than the other commands of the launcher take altogether.
  const { PeerAccess } = await import('../peerAccess.js');
  const { ChannelReader } = await import('./channelReader.js');
  const access = new PeerAccess(readConnection(folder.connectionFile), folder.person('auditor'));
  try {
    await use(new ChannelReader(access));
  } finally {
    access.close();
  }
}

function mspOf(home: Home, hospital: string | undefined): string {
  const hospitals = home.readClaim()?.hospitals ?? [];
  const [first] = hospitals;
  if (first === undefined) throw refusal('NETWORK_NOT_RUNNING', {});
  if (hospital === undefined) return first.msp;
  const found = home.member(hospital);
  if (found !== undefined) return found.msp;
  throw refusal('PART_UNKNOWN', {
    what: `hospital ${hospital}`,
    known: hospitals.map(({ msp, name }) => `${name} (${msp})`).join(', '),
  });
}

function wholeNumber(text: string): number {
  const number = Number(text);
  if (!/^\d+$/.test(text) || number > COUNT_MAX) throw new InvalidArgumentError('a whole number from 0 up is needed.');
  return number;
}
