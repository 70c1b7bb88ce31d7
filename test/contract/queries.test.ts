/** What can be asked of the contract, page by page. */
import { ledgerKey, type QueryName } from '@consilium/domain';
import { describe, expect, test } from '@jest/globals';
import { STAGES, THREE } from '../support/badInput.js';
import { type ContractChannel, HOSPITALS, STUDY, versionOutcome } from '../support/contractChannel.js';

/** All keys of an answer, and how many came on each page. */
async function pages(channel: ContractChannel, name: QueryName, query: object, items: number) {
  const [keys, sizes]: [string[], number[]] = [[], []];
  let cursor: string | null = null;
  do {
    const asked: object = { study: STUDY, ...query, items, ...(cursor === null ? {} : { cursor }) };
    const page: Awaited<ReturnType<ContractChannel['query']>> = await channel.query(name, asked as never);
    keys.push(...page.items.map(({ key }) => key));
    sizes.push(page.items.length);
    cursor = page.cursor;
  } while (cursor !== null);
  return { keys, sizes };
}

describe('a query', () => {
  test('tells a study with its version, approvals, keys and votes', async () => {
    const channel = await STAGES.ended();
    const { keys } = await pages(channel, 'StudyContract:readStudy', {}, 200);
    expect(keys).toEqual([
      ledgerKey.study(STUDY),
      ledgerKey.studyVersion(STUDY, 1),
      ...HOSPITALS.map((msp) => ledgerKey.approval(STUDY, 1, msp)),
      ...HOSPITALS.map((msp) => ledgerKey.member(STUDY, msp)),
      ...THREE.map((msp) => ledgerKey.vote(STUDY, 'end', msp)),
    ]);
  });

  test('tells a round with its facts and closes, and nothing of other rounds', async () => {
    const channel = await STAGES.attestingWithoutVa();
    const { keys } = await pages(channel, 'RoundContract:roundFacts', { round: 1 }, 200);
    expect(keys).toEqual([
      ledgerKey.round(STUDY, 1),
      ...HOSPITALS.map((msp) => ledgerKey.join(STUDY, 1, msp)),
      ...THREE.map((msp) => ledgerKey.contribution(STUDY, 1, msp)),
      ledgerKey.close(STUDY, 1, 'contributing'),
    ]);
  });

  test('tells what a round rests on, and nothing that another round needs', async () => {
    const channel = await STAGES.attestingWithoutVa();
    await channel.vote('end', THREE);
    const { keys } = await pages(channel, 'RoundContract:roundGrounds', { round: 1 }, 200);
    expect(keys).toEqual([
      ledgerKey.studyVersion(STUDY, 1),
      ...HOSPITALS.map((msp) => ledgerKey.approval(STUDY, 1, msp)),
      ...HOSPITALS.map((msp) => ledgerKey.member(STUDY, msp)),
      ledgerKey.model(STUDY, 0),
    ]);
    const paged = await pages(channel, 'RoundContract:roundGrounds', { round: 1 }, 3);
    expect(paged.keys).toEqual(keys);
    await expect(channel.query('RoundContract:roundGrounds', { study: STUDY, round: 9 })).rejects.toThrow(
      'ROUND_UNKNOWN',
    );
  });

  test('tells the lineage of models, oldest first, with values as they stand', async () => {
    const channel = await STAGES.agreed();
    await channel.open(2, THREE);
    const { items, cursor } = await channel.query('ModelContract:lineage', { study: STUDY });
    expect(items.map(({ value }) => value)).toMatchObject([
      { version: 0, kind: 'initial' },
      { version: 1, kind: 'statistics', digest: (versionOutcome('statistics') as { digest: string }).digest },
    ]);
    expect(cursor).toBeNull();
  });

  test.each([1, 2, 3, 5, 7, 100])('gives the same in pages of %d', async (items) => {
    const channel = await STAGES.attestingWithoutVa();
    const whole = await pages(channel, 'RoundContract:roundFacts', { round: 1 }, 200);
    const paged = await pages(channel, 'RoundContract:roundFacts', { round: 1 }, items);
    expect(paged.keys).toEqual(whole.keys);
    expect(paged.sizes.slice(0, -1).every((size) => size === items)).toBe(true);
    expect(paged.sizes.at(-1)).toBeGreaterThan(0);
  });
});
