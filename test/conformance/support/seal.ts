import type { Evidence } from './golden.js';
import { HOSPITALS } from './hospitals.js';
import type { Stage } from './stage.js';
import { first } from './streams.js';

/** Key that the digest of all answers is written to. */
export const SEAL_KEY = 'conformance-seal';

/**
 * Has the channel sign a digest: every hospital's peer endorses a transaction that writes it, and the orderers sign the
 * block with that transaction. The keys of all of them end with the network, so nobody can sign another digest later.
 */
export async function seal({ cleveland }: Stage, digest: string): Promise<Evidence> {
  const options = { arguments: [SEAL_KEY, digest], endorsingOrganizations: [...HOSPITALS] };
  const transaction = await cleveland.contract.newProposal('State:put', options).endorse();
  const { blockNumber, successful } = await (await cleveland.order(transaction)).getStatus();
  if (!successful) throw new Error('the digest of the answers was not committed');
  const [configuration, sealing] = await Promise.all(
    [0n, blockNumber].map(async (startBlock) => first(await cleveland.network.getBlockEvents({ startBlock }))),
  );
  const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
  return { configuration: text(configuration!.serializeBinary()), seal: text(sealing!.serializeBinary()) };
}
