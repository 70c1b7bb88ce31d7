import { join } from 'node:path';
import { tenDigits } from '../../chaincode/domain/dist/index.js';
import { openDatabase } from '../../network/sqlite/dist/index.js';

const FACTS = ['join', 'contribution', 'reveal', 'attestation'];

/**
 * What each round of a study left on the channel of a network that is stopped, beside the embedded channel's blocks.
 * @param home of the network
 * @returns of each round that was joined: its kind, mean bytes of the facts' values and keys a hospital, and bytes of its blocks
 */
export function roundBytes(home, hospital) {
  const mirror = openDatabase(join(home, 'hospitals', hospital, 'gateway', 'home', 'gateway.db'));
  const chain = openDatabase(join(home, 'channel', 'ledger', 'chain.db'));
  try {
    const written = mirror.prepare('SELECT key, value, block FROM mirror').all();
    const blockBytes = new Map(
      chain
        .prepare('SELECT number, length(content) AS bytes FROM blocks')
        .all()
        .map(({ number, bytes }) => [number, bytes]),
    );
    const opened = written.filter(({ key }) => key.startsWith('round~'));
    const kinds = new Map(opened.map(({ key, value }) => [key.split('~').slice(1).join(' '), JSON.parse(value).kind]));
    const rounds = new Map();
    for (const { key, value, block } of written) {
      const [noun, study, number] = key.split('~');
      if (!FACTS.includes(noun)) continue;
      const round = rounds.get(`${study} ${number}`) ?? {
        kind: kinds.get(`${study} ${number}`),
        values: 0,
        keys: 0,
        joins: 0,
        blocks: new Set(),
      };
      round.values += Buffer.byteLength(value);
      round.keys += Buffer.byteLength(key);
      if (noun === 'join') round.joins += 1;
      round.blocks.add(block);
      // The next share key is written by the join, under its own key.
      const index = noun === 'join' ? JSON.parse(value).keys?.next.index : undefined;
      const shareKey = `sharekey~${study}~${key.split('~')[3]}~${index === undefined ? '' : tenDigits(index)}`;
      const beside = index === undefined ? undefined : written.find((each) => each.key === shareKey);
      round.values += Buffer.byteLength(beside?.value ?? '');
      round.keys += Buffer.byteLength(beside?.key ?? '');
      rounds.set(`${study} ${number}`, round);
    }
    return [...rounds.values()]
      .filter(({ joins }) => joins > 0)
      .map(({ kind, values, keys, joins, blocks }) => ({
        kind,
        values: values / joins,
        keys: keys / joins,
        blocks: [...blocks].reduce((sum, number) => sum + (blockBytes.get(number) ?? 0), 0),
      }));
  } finally {
    mirror.close();
    chain.close();
  }
}
