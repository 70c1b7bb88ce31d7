/** `consilium-verify`: checks an evidence pack, offline. */
import { parseArgs } from 'node:util';
import { readPack } from './pack/packFile.js';
import { pageOf } from './pack/page.js';
import { verifyPack } from './verifyPack.js';

const EXIT = { holds: 0, doesNotHold: 1, usage: 2, notAnchored: 3 } as const;

const HELP = `consilium-verify PACK --genesis HASH

Checks an evidence pack without any network, and prints on one page what it proves and what it does not.
Of a round’s bundle it computes sum, metrics and version again.

  PACK             the file, as a hospital's gateway made it
  --genesis HASH   hash of the channel's first block, 64 hexadecimal digits, from someone whom you trust.
                   Without it the pack may be of a channel that somebody made up.
  --json           prints JSON
  --help           prints this

Exit codes: 0 it holds, 1 it does not, 2 the command was not understood, 3 it holds and --genesis was not given.
`;

process.exitCode = main(process.argv.slice(2));

function main(args: readonly string[]): number {
  const asked = read(args);
  if ('problem' in asked) {
    process.stderr.write(`${asked.problem}\n\n${HELP}`);
    return EXIT.usage;
  }
  if (asked.help) {
    process.stdout.write(HELP);
    return EXIT.holds;
  }
  let file: Buffer;
  try {
    file = readPack(asked.pack);
  } catch {
    process.stderr.write(`${asked.pack} cannot be read\n`);
    return EXIT.usage;
  }
  const report = verifyPack(file, asked.genesis);
  const { genesis = null, about, proven, limits, failures, holds } = report;
  process.stdout.write(
    asked.json
      ? `${JSON.stringify({ holds, genesis, about, failures, proven, limits }, null, 2)}\n`
      : `${pageOf(report, asked.genesis !== undefined)}\n`,
  );
  if (!holds) return EXIT.doesNotHold;
  return asked.genesis === undefined ? EXIT.notAnchored : EXIT.holds;
}

type Asked = { problem: string } | { help: boolean; json: boolean; pack: string; genesis: string | undefined };

function read(args: readonly string[]): Asked {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        genesis: { type: 'string' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    const [pack, ...others] = positionals;
    const { help, json } = values;
    const genesis = values.genesis?.toLowerCase();
    if (!help && (pack === undefined || others.length > 0)) return { problem: 'name one pack' };
    if (genesis !== undefined && !/^[0-9a-f]{64}$/.test(genesis))
      return { problem: '--genesis: 64 hexadecimal digits' };
    return { help, json, pack: pack ?? '', genesis };
  } catch (error) {
    return { problem: (error as Error).message };
  }
}
