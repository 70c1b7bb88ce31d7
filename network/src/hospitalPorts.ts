import { type ResolvedHospital, refusal, type TopologyPorts } from '@consilium/domain';
import { z } from 'zod';
import { Ports } from './ports.js';

const PARTS = ['peer', 'chaincode', 'api', 'exchange'] as const;
const ORDERER_PARTS = ['orderer', 'ordererAdmin'] as const;

/** Parts that other hospitals' nodes dial: their addresses stand in the configuration of a channel that knows its nodes. */
const NODE_PARTS: readonly string[] = ['peer', 'orderer'];

/** The ports of one hospital's parts on this machine. */
export const HospitalPorts = z.strictObject({
  peer: z.int(),
  chaincode: z.int(),
  api: z.int(),
  exchange: z.int(),
  /** Where the hospital runs an orderer of its own. */
  orderer: z.int().optional(),
  ordererAdmin: z.int().optional(),
});
export type HospitalPorts = z.infer<typeof HospitalPorts>;

/** Ports of hospitals by MSP id. */
export type PortsByHospital = Readonly<Record<string, HospitalPorts>>;

export interface PortRules {
  /** Hospitals with an orderer, by MSP id. */
  readonly orderers: ReadonlySet<string>;
  /** Whether the channel exists and knows its nodes by their addresses, which then stay as they are. */
  readonly nodesFixed: boolean;
}

/** Hospitals with an orderer of their own, by MSP id: the first of the topology, and at a later start those that have one. */
export function hospitalsWithOrderer(
  hospitals: readonly Pick<ResolvedHospital, 'msp'>[],
  before: PortsByHospital,
  orderersMax: number,
): ReadonlySet<string> {
  const present = Object.entries(before).filter(([, { orderer }]) => orderer !== undefined);
  if (present.length > 0) return new Set(present.map(([msp]) => msp));
  return new Set(hospitals.slice(0, orderersMax).map(({ msp }) => msp));
}

interface Wish {
  readonly msp: string;
  readonly name: keyof HospitalPorts;
  readonly part: string;
  readonly given: number | undefined;
  readonly previous: number | undefined;
  readonly isFixed: boolean;
}

/**
 * Finds every hospital's ports: those that its topology gives, else those that it had before, else free ones.
 *
 * @throws PORT_TAKEN, PORT_FIXED
 */
export async function chooseHospitalPorts(
  hospitals: readonly Pick<ResolvedHospital, 'msp' | 'ports'>[],
  before: PortsByHospital,
  rules: PortRules,
): Promise<PortsByHospital> {
  const ports = new Ports();
  const wishes = hospitals.flatMap((hospital) => wishesOf(hospital, before[hospital.msp], rules));
  const order = (wish: Wish) => (wish.given !== undefined ? 0 : wish.previous !== undefined ? 1 : 2);
  const found: Record<string, Record<string, number>> = {};
  for (const wish of wishes.toSorted((a, b) => order(a) - order(b))) {
    const port = await ports.choose(wish);
    if (wish.isFixed && port !== wish.previous) throw fixed(wish, 'which something else listens on now');
    found[wish.msp] = { ...found[wish.msp], [wish.name]: port };
  }
  return z.record(z.string(), HospitalPorts).parse(found);
}

function wishesOf(
  { msp, ports }: { readonly msp: string; readonly ports: TopologyPorts },
  before: HospitalPorts | undefined,
  { orderers, nodesFixed }: PortRules,
): Wish[] {
  return [...PARTS, ...(orderers.has(msp) ? ORDERER_PARTS : [])].map((name) => {
    const previous = before?.[name];
    const isFixed = nodesFixed && previous !== undefined && NODE_PARTS.includes(name);
    const wish: Wish = { msp, name, part: `${name} of ${msp}`, given: ports[name], previous, isFixed };
    if (isFixed && wish.given !== undefined && wish.given !== previous)
      throw fixed(wish, `and the topology asks for ${wish.given}`);
    return isFixed ? { ...wish, given: undefined } : wish;
  });
}

function fixed({ part, previous }: Wish, problem: string): Error {
  return refusal('PORT_FIXED', { part, port: previous ?? '', problem });
}
