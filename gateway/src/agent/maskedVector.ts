/** Masks a vector for the roster that the channel fixed, and keeps it in the place of the secrets that masked it. */
import { refusal } from '@consilium/domain';
import { vectorBytes } from '../privacy/fixedPoint.js';
import { maskingPlace } from './maskingPlace.js';
import type { StepOf } from './step.js';
import { roundOf, type StepContext } from './stepContext.js';

/**
 * @param vector as it is added up; overwritten
 * @returns the masked vector's bytes, as they are kept now
 * @throws ConsiliumError ROUND_SECRETS_LOST where the dealt secrets are gone, ROUND_KEYS_INVALID where a mask key of the
 *   roster gives no secret
 */
export async function maskedVector(
  step: StepOf<'makeVector'>,
  context: StepContext,
  vector: Int32Array,
): Promise<Uint8Array> {
  const { ports, identity } = context;
  const { study, round } = step;
  const dealt = await ports.secrets.dealt(study, round);
  if (!dealt) throw refusal('ROUND_SECRETS_LOST', { study, round });
  try {
    ports.sealing.mask(vector, maskingPlace(roundOf(context, step), identity.channel), identity.msp, dealt);
  } catch (error) {
    throw refusal(
      'ROUND_KEYS_INVALID',
      { round, problem: 'a mask key of the roster gives no secret' },
      { cause: error },
    );
  }
  const bytes = vectorBytes(vector);
  await ports.secrets.keepMasked(study, round, bytes);
  return bytes;
}
