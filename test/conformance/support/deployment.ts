import { untilAcquainted } from './acquaintance.js';
import type { Caller } from './caller.js';
import { collections } from './collections.js';
import { CLEVELAND, HUNGARY, VA } from './hospitals.js';
import { type Definition, Lifecycle } from './lifecycle.js';
import { outOf, signaturePolicy } from './policies.js';
import type { Stage } from './stage.js';

/** The same chaincode under another name, endorsed by Hungary and VA. */
export const SECOND = 'second';

/** What the cases need beside the channel's own chaincode: its collections, and a second one with another policy. */
export async function deploy(stage: Stage): Promise<void> {
  await untilAcquainted(stage.callers);
  const { chaincode: name, version } = stage;
  await define(stage, { name, version, sequence: 2, collections: collections() });
  const policy = signaturePolicy(outOf(2, HUNGARY, VA));
  await define(stage, { name: SECOND, version, sequence: 1, policy });
  await untilAcquainted(stage.callers);
}

async function define(stage: Stage, definition: Definition): Promise<void> {
  for (const caller of stage.admins) {
    const code = await new Lifecycle(caller).approve(definition, stage.packageId);
    if (code !== 0) throw new Error(`${caller.msp} could not approve ${definition.name}: code ${code}`);
  }
  const code = await new Lifecycle(stage.admins[0] as Caller).commit(definition, [CLEVELAND, HUNGARY, VA]);
  if (code !== 0) throw new Error(`${definition.name} could not be committed: code ${code}`);
}
