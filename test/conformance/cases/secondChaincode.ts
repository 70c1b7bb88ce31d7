import { text } from '../support/caller.js';
import { type Case, pair } from '../support/case.js';
import { SECOND } from '../support/deployment.js';
import { CLEVELAND, HUNGARY, SWITZERLAND, VA } from '../support/hospitals.js';
import { endorsersOf, envelopeOf } from '../support/messages.js';
import type { Stage } from '../support/stage.js';
import { first } from '../support/streams.js';

function second({ cleveland }: Stage) {
  return cleveland.network.getContract(SECOND);
}

/** A chaincode with a signature policy of its own; the processes are those of the first one. */
export const SECOND_CHAINCODE: readonly Case[] = [
  pair('chaincode policy', 'the gateway finds who must endorse', async (stage) => {
    const transaction = await second(stage)
      .newProposal('State:put', { arguments: ['se-a', 'x'] })
      .endorse();
    return [endorsersOf(envelopeOf(transaction.getBytes())), (await stage.cleveland.commit(transaction)).code];
  }),
  pair('chaincode policy', 'endorsed by too few of those it names', async (stage) => {
    const options = { arguments: ['se-b', 'x'], endorsingOrganizations: [CLEVELAND, SWITZERLAND, VA] };
    const transaction = await second(stage).newProposal('State:put', options).endorse();
    return (await stage.cleveland.commit(transaction)).code;
  }),
  pair('chaincode policy', 'endorsed by more than it names', async (stage) => {
    const options = { arguments: ['se-c', 'x'], endorsingOrganizations: [CLEVELAND, HUNGARY, VA] };
    const transaction = await second(stage).newProposal('State:put', options).endorse();
    return (await stage.cleveland.commit(transaction)).code;
  }),
  pair('chaincode', 'sees only its own keys', async (stage) => {
    await stage.cleveland.submit('State:put', 'se-own', 'of the first');
    return text(await second(stage).evaluateTransaction('State:get', 'se-own'));
  }),
  pair('Network.getChaincodeEvents', 'none of another chaincode', async (stage) => {
    const { cleveland, chaincode } = stage;
    const transaction = await second(stage)
      .newProposal('Events:say', { arguments: ['se-second', 'x'] })
      .endorse();
    const { blockNumber: startBlock } = await cleveland.commit(transaction);
    await cleveland.submit('Events:say', 'se-first', 'x');
    const names = [chaincode, SECOND].map(async (name) =>
      first(await cleveland.network.getChaincodeEvents(name, { startBlock })),
    );
    return (await Promise.all(names)).map((event) => event?.eventName);
  }),
  pair('stub.invokeChaincode', 'another chaincode of the same process', ({ cleveland }) =>
    cleveland.evaluateJson('Calls:call', SECOND, '', '["State:get","se-read"]'),
  ),
];
