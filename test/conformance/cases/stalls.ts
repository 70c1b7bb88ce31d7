import { type Case, pair } from '../support/case.js';
import { HUNGARY, SWITZERLAND } from '../support/hospitals.js';
import type { Stage } from '../support/stage.js';

/** Real Fabric's peer looks for private values that nobody has for a minute, and commits nothing in the meantime. */
const STALL_MS_MAX = 120_000;

/** Has Hungary's collection written by who is no member: its own peer never gets the values. */
async function writeBlindly({ hungary }: Stage, key: string): Promise<string> {
  const proposal = hungary.contract.newProposal('PrivateValues:put', {
    arguments: [`_implicit_org_${HUNGARY}`, key],
    transientData: { value: 'secret' },
    endorsingOrganizations: [SWITZERLAND],
  });
  const transaction = await proposal.endorse();
  await hungary.order(transaction);
  return transaction.getTransactionId();
}

/** Last of all: what holds a peer up on real Fabric. */
export const STALLS: readonly Case[] = [
  pair(
    'stub.putPrivateData',
    'endorsed by who is no member, it is invalid, at the own peer in the end',
    async (stage) => {
      const id = await writeBlindly(stage, 'sl-blind');
      const statuses = [stage.cleveland, stage.hungary].map((each) =>
        each.statusOf(id).getStatus({ deadline: Date.now() + STALL_MS_MAX }),
      );
      return (await Promise.all(statuses)).map(({ code }) => code);
    },
  ),
];
