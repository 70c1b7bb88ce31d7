import { type Case, pair } from '../support/case.js';
import { HUNGARY, SWITZERLAND } from '../support/stage.js';

/** Last of all: on real Fabric they hold a peer up for a minute. */
export const STALLS: readonly Case[] = [
  pair(
    'stub.putPrivateData',
    "endorsed by who is no member, the collection's peer never gets it",
    async ({ hungary }) => {
      const proposal = hungary.contract.newProposal('PrivateValues:put', {
        arguments: [`_implicit_org_${HUNGARY}`, 'sl-blind'],
        transientData: { value: 'secret' },
        endorsingOrganizations: [SWITZERLAND],
      });
      const commit = await (await proposal.endorse()).submit();
      return (await commit.getStatus({ deadline: Date.now() + 20_000 })).code;
    },
  ),
];
