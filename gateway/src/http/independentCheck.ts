/** A second implementation's look at a round, in the name of who asks: signatures, certificates, blocks, and the sum again. */
import type { IndependentCheck } from '@consilium/client/resources';
import { ConsiliumError, type StudyId } from '@consilium/domain';
import type { ApiParts } from './ports.js';

/** The hospital's own recomputation stands without it: where peers are away, it says so and no more. */
export async function independentCheck(
  { evidence, independent }: Pick<ApiParts, 'evidence' | 'independent'>,
  person: string,
  asked: Readonly<{ study: StudyId; round: number }>,
  signal: AbortSignal,
): Promise<IndependentCheck> {
  const packs = evidence?.as(person);
  if (!packs) return { ran: false, why: 'who asks has no identity on the channel at this gateway' };
  try {
    return await independent.check(await packs.recomputation(asked, { signal }), signal);
  } catch (error) {
    if (error instanceof ConsiliumError) return { ran: false, why: error.message };
    throw error;
  }
}
