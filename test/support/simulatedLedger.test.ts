/** The simulated channel against what Fabric does (facts of the ordering and validation of transactions). */
import './quietChaincode.js';
import { describe, expect, test } from '@jest/globals';
import api from 'fabric-contract-api';
import { type Endorsed, SimulatedLedger } from './simulatedLedger.js';

const { Context, Contract, Transaction } = api;

/** What to do, in order, and what with: a key (or a range's start, an event's name), and a value (or the range's end). */
type Step = readonly ['get' | 'put' | 'range' | 'first' | 'event' | 'throw', string, string?];

class StepContext extends Context {}

/** A contract that does what its argument lists, and answers what it read. */
class Steps extends Contract {
  constructor() {
    super('Steps');
  }

  override createContext(): StepContext {
    return new StepContext();
  }

  @Transaction()
  async run({ stub }: StepContext, argument: string): Promise<string> {
    const read: string[] = [];
    for (const [verb, key, value = ''] of JSON.parse(argument) as Step[]) {
      if (verb === 'get') read.push(Buffer.from(await stub.getState(key)).toString());
      if (verb === 'put') await stub.putState(key, Buffer.from(value));
      if (verb === 'event') stub.setEvent(key, Buffer.from(value));
      if (verb === 'throw') throw new Error(key);
      if (verb === 'range' || verb === 'first')
        for await (const entry of stub.getStateByRange(key, value)) {
          read.push(entry.key);
          if (verb === 'first') break;
        }
    }
    return read.join(',');
  }
}

class Bench {
  readonly ledger = new SimulatedLedger({ channel: 'test', contracts: [Steps] });
  #count = 0;

  async simulate(steps: readonly Step[], height?: number): Promise<Endorsed> {
    const proposal = {
      transaction: 'Steps:run',
      argument: JSON.stringify(steps),
      creator: { msp: 'A', role: null, id: 'a' },
      txId: `t${this.#count++}`,
      timestampMs: 0,
    };
    const answer = await this.ledger.simulate(proposal, height === undefined ? {} : { height });
    if (!answer.ok) throw new Error(answer.error);
    return answer;
  }

  commit(...transactions: Endorsed[]): string[] {
    return this.ledger.validateAndCommit(transactions).map(({ code }) => code);
  }

  async write(key: string, value = 'v'): Promise<void> {
    this.commit(await this.simulate([['put', key, value]]));
  }
}

describe('reads', () => {
  test('give what was committed, never what the transaction itself writes', async () => {
    const bench = new Bench();
    await bench.write('k', 'old');
    const { response } = await bench.simulate([
      ['put', 'k', 'new'],
      ['put', 'l', 'new'],
      ['get', 'k'],
      ['get', 'l'],
      ['range', 'a', 'z'],
    ]);
    expect(response).toBe('old,,k');
  });

  test('are blind to what is endorsed and not committed', async () => {
    const bench = new Bench();
    await bench.simulate([['put', 'k', 'v']]);
    expect((await bench.simulate([['get', 'k']])).response).toBe('');
    expect(bench.ledger.read('k')).toBeUndefined();
  });

  test('on a peer that lags give the past', async () => {
    const bench = new Bench();
    await bench.write('k', 'one');
    await bench.write('k', 'two');
    const at = async (height: number) =>
      (
        await bench.simulate(
          [
            ['get', 'k'],
            ['range', 'a', 'z'],
          ],
          height,
        )
      ).response;
    expect([await at(0), await at(1), await at(2)]).toEqual(['', 'one,k', 'two,k']);
    expect([bench.ledger.read('k', 1), bench.ledger.range('a', 'z', 1).length]).toEqual(['one', 1]);
  });

  test('of ranges leave their end out', async () => {
    const bench = new Bench();
    for (const key of ['c', 'a', 'b']) await bench.write(key);
    expect((await bench.simulate([['range', 'a', 'c']])).response).toBe('a,b');
  });
});

describe('validation', () => {
  test('finds a stale read, of an earlier block or earlier in the same one', async () => {
    const bench = new Bench();
    const reader = await bench.simulate([
      ['get', 'k'],
      ['put', 'mine', '1'],
    ]);
    await bench.write('k');
    expect(bench.commit(reader)).toEqual(['MVCC_READ_CONFLICT']);
    const [writer, again] = [
      await bench.simulate([['put', 'k', '2']]),
      await bench.simulate([
        ['get', 'k'],
        ['put', 'mine', '2'],
      ]),
    ];
    expect(bench.commit(writer, again)).toEqual(['VALID', 'MVCC_READ_CONFLICT']);
    expect(bench.ledger.read('mine')).toBeUndefined();
  });

  test('lets the order in the block decide', async () => {
    const bench = new Bench();
    const [writer, reader] = [
      await bench.simulate([['put', 'k', '2']]),
      await bench.simulate([
        ['get', 'k'],
        ['put', 'mine', '2'],
      ]),
    ];
    expect(bench.commit(reader, writer)).toEqual(['VALID', 'VALID']);
  });

  test('does not mind what an invalid transaction would have written', async () => {
    const bench = new Bench();
    const stale = await bench.simulate([
      ['get', 'k'],
      ['put', 'l', '1'],
    ]);
    await bench.write('k');
    const reader = await bench.simulate([
      ['get', 'l'],
      ['put', 'mine', '1'],
    ]);
    expect(bench.commit(stale, reader)).toEqual(['MVCC_READ_CONFLICT', 'VALID']);
  });

  test('lets blind writes of one key both stand, the last one last', async () => {
    const bench = new Bench();
    expect(bench.commit(await bench.simulate([['put', 'k', '1']]), await bench.simulate([['put', 'k', '2']]))).toEqual([
      'VALID',
      'VALID',
    ]);
    expect(bench.ledger.read('k')).toBe('2');
  });

  test('finds phantoms: a key that came into a range, or changed in it', async () => {
    const bench = new Bench();
    await bench.write('b');
    const ranged = () =>
      bench.simulate([
        ['range', 'a', 'm'],
        ['put', 'mine', '1'],
      ]);
    const [first, second] = [await ranged(), await ranged()];
    await bench.write('z');
    expect(bench.commit(first)).toEqual(['VALID']);
    await bench.write('c');
    expect(bench.commit(second)).toEqual(['PHANTOM_READ_CONFLICT']);
    const third = await ranged();
    await bench.write('b', 'changed');
    expect(bench.commit(third)).toEqual(['PHANTOM_READ_CONFLICT']);
  });

  test('minds of a range that was not read to its end only what was read', async () => {
    const bench = new Bench();
    for (const key of ['b', 'd']) await bench.write(key);
    const first = () =>
      bench.simulate([
        ['first', 'a', 'm'],
        ['put', 'mine', '1'],
      ]);
    const [one, two] = [await first(), await first()];
    await bench.write('c');
    expect(bench.commit(one)).toEqual(['VALID']);
    await bench.write('a');
    expect(bench.commit(two)).toEqual(['PHANTOM_READ_CONFLICT']);
  });

  test('counts a transaction once, though it be committed late and twice', async () => {
    const bench = new Bench();
    const transaction = await bench.simulate([['put', 'k', '1']]);
    await bench.write('l');
    expect(bench.commit(transaction)).toEqual(['VALID']);
    await bench.write('k', '2');
    expect(bench.commit(transaction)).toEqual(['DUPLICATE_TXID']);
    expect(bench.ledger.read('k')).toBe('2');
  });
});

describe('endorsement', () => {
  test('has equal fingerprints for equal heights, and others where a peer saw something else', async () => {
    const bench = new Bench();
    await bench.write('k', 'one');
    const at = (height: number) =>
      bench.simulate(
        [
          ['get', 'k'],
          ['put', 'l', '1'],
        ],
        height,
      );
    const [a, b, lagging] = [await at(1), await at(1), await at(0)];
    expect(a.fingerprint).toBe(b.fingerprint);
    expect(lagging.fingerprint).not.toBe(a.fingerprint);
  });

  test('carries the last event, of valid transactions alone', async () => {
    const bench = new Bench();
    const told = await bench.simulate([
      ['get', 'k'],
      ['event', 'first', '1'],
      ['event', 'second', '2'],
    ]);
    expect(bench.ledger.validateAndCommit([told])).toMatchObject([
      { code: 'VALID', event: { name: 'second', payload: '2' } },
    ]);
    const stale = await bench.simulate([
      ['get', 'k'],
      ['event', 'third', '3'],
    ]);
    await bench.write('k');
    expect(bench.ledger.validateAndCommit([stale])).toMatchObject([{ code: 'MVCC_READ_CONFLICT', event: null }]);
  });

  test('is refused where the contract throws, with what it had written', async () => {
    const { ledger } = new Bench();
    const steps = [
      ['put', 'k', '1'],
      ['throw', 'NO: not so'],
    ];
    const proposal = {
      argument: JSON.stringify(steps),
      creator: { msp: 'A', role: null, id: 'a' },
      txId: 't',
      timestampMs: 0,
    };
    expect(await ledger.simulate({ ...proposal, transaction: 'Steps:run' })).toMatchObject({
      ok: false,
      error: 'NO: not so',
      writes: [{ key: 'k', value: '1' }],
    });
    expect(await ledger.simulate({ ...proposal, transaction: 'Steps:getName' })).toMatchObject({
      ok: false,
      error: "You've asked to invoke a function that does not exist: getName",
    });
    expect(await ledger.simulate({ ...proposal, transaction: 'Other:run' })).toMatchObject({
      ok: false,
      error: 'Contract name is not known: Other',
    });
  });
});
