import { type Case, pair, pairOfAny } from '../support/case.js';
import { CLEVELAND, HOSPITALS, HUNGARY, SWITZERLAND, VA } from '../support/hospitals.js';
import type { Stage } from '../support/stage.js';

const withoutVa = <Result>(stage: Stage, run: () => Promise<Result>) => stage.withoutChaincode([VA], run);

/** A hospital's peer without its chaincode process. */
export const ABSENT_CHAINCODE: readonly Case[] = [
  pair('chaincode process', 'away at the own hospital, evaluated', (stage) =>
    withoutVa(stage, async () => {
      const answer = await stage.va.evaluate('Proposals:peer');
      return [answer === VA, (HOSPITALS as readonly string[]).includes(answer)];
    }),
  ),
  pair('chaincode process', 'away at the own hospital, endorsed', (stage) =>
    withoutVa(stage, () => stage.va.endorse('State:put', 'ac-own', 'x')),
  ),
  pair('chaincode process', 'away at another hospital, endorsed by the others', (stage) =>
    withoutVa(stage, () => stage.cleveland.submit('State:put', 'ac-others', 'x')),
  ),
  pair('chaincode process', 'away at a named hospital, evaluated', (stage) =>
    withoutVa(stage, () => stage.cleveland.evaluateAt(VA, 'Results:text')),
  ),
  pair('chaincode process', 'away at a named hospital, endorsed', (stage) =>
    withoutVa(stage, () =>
      stage.cleveland.submitWith('State:put', {
        arguments: ['ac-named', 'x'],
        endorsingOrganizations: [CLEVELAND, HUNGARY, VA],
      }),
    ),
  ),
  pairOfAny('chaincode process', 'away at two hospitals, too many for a majority', (stage) =>
    stage.withoutChaincode([SWITZERLAND, VA], () => stage.cleveland.endorse('State:put', 'ac-few', 'x')),
  ),
  pair('chaincode process', 'back again, endorses', async (stage) => {
    await withoutVa(stage, () => stage.va.evaluate('Results:text'));
    return await stage.va.submit('State:put', 'ac-back', 'x');
  }),
];
