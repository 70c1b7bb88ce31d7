import type { ResolvedHospital } from '@consilium/domain';
import { z } from 'zod';
import { Ports } from './ports.js';

const PARTS = ['peer', 'chaincode', 'api', 'exchange'] as const;

/** The ports of one hospital's parts on this machine. */
export const HospitalPorts = z.strictObject({ peer: z.int(), chaincode: z.int(), api: z.int(), exchange: z.int() });
export type HospitalPorts = z.infer<typeof HospitalPorts>;

/**
 * Finds every hospital's ports: those that its topology gives, else those that it had before, else free ones.
 *
 * @throws PORT_TAKEN
 */
export async function chooseHospitalPorts(
  hospitals: readonly ResolvedHospital[],
  before: Readonly<Record<string, HospitalPorts>>,
): Promise<Record<string, HospitalPorts>> {
  const ports = new Ports();
  const wishes = hospitals.flatMap((hospital) =>
    PARTS.map((name) => ({
      msp: hospital.msp as string,
      name,
      part: `${name} of ${hospital.msp}`,
      given: hospital.ports[name],
      previous: before[hospital.msp]?.[name],
    })),
  );
  const order = (wish: (typeof wishes)[number]) => (wish.given !== undefined ? 0 : wish.previous !== undefined ? 1 : 2);
  const found: Record<string, Record<string, number>> = {};
  for (const wish of wishes.toSorted((a, b) => order(a) - order(b))) {
    found[wish.msp] = { ...found[wish.msp], [wish.name]: await ports.choose(wish) };
  }
  return z.record(z.string(), HospitalPorts).parse(found);
}
