import { CHAINCODE_NAME } from '../../chaincodePackage.js';
import { connectionOf } from '../../connectionFile.js';
import { type NetworkLayout, portsOf } from '../../networkLayout.js';
import { PeerAccess } from '../../peerAccess.js';
import type { StartStep } from '../../supervise/supervisor.js';
import { type Definition, Lifecycle } from './lifecycle.js';
import { OrdererAdmin } from './ordererAdmin.js';
import { untilDone } from './patience.js';
import { PeerAdmin } from './peerAdmin.js';

/** A query that every chaincode of Fabric's contract library answers. */
const METADATA_QUERY = 'org.hyperledger.fabric:GetMetadata';

/** One hospital's admin, at its own peer. */
interface Hospital {
  readonly msp: string;
  readonly access: PeerAccess;
  readonly peer: PeerAdmin;
  readonly lifecycle: Lifecycle;
}

/**
 * What a Fabric channel needs once its nodes run: every one of them in the channel, the chaincode installed, approved
 * by each hospital and committed by one; then, once the chaincode processes run too, peers that endorse for each other.
 * Each step looks at what is there first, so that a start that was cut off is taken up where it was.
 */
export function bringUpSteps(layout: NetworkLayout, genesis: Buffer, say: (text: string) => void): StartStep[] {
  return [
    {
      startStage: 0,
      run: async (parts, signal) => {
        await withHospitals(layout, async (hospitals) => {
          const heights = await Promise.all(
            hospitals.map(async (hospital) => {
              const height = await joinOrderer(layout, hospital.msp, genesis, parts, signal);
              await preparePeer(layout, hospital, genesis, parts, signal);
              return height;
            }),
          );
          await Promise.all(hospitals.map((hospital) => untilHeight(hospital, Math.max(...heights), signal)));
          await define(layout, hospitals, signal, say);
        });
      },
    },
    {
      startStage: 1,
      run: async (_, signal) => withHospitals(layout, async (hospitals) => untilEndorsing(hospitals, signal)),
    },
  ];
}

async function withHospitals(layout: NetworkLayout, use: (hospitals: Hospital[]) => Promise<void>): Promise<void> {
  const hospitals = layout.hospitals.map(({ msp }) => {
    const access = new PeerAccess(connectionOf(layout, msp), layout.home.hospital(msp).person('admin'));
    return { msp, access, peer: new PeerAdmin(access), lifecycle: new Lifecycle(access) };
  });
  try {
    await use(hospitals);
  } finally {
    for (const { access } of hospitals) access.close();
  }
}

type Parts = Parameters<StartStep['run']>[0];

/** @returns how many blocks the hospital's orderer has; none where it has no orderer. */
async function joinOrderer(
  layout: NetworkLayout,
  msp: string,
  genesis: Buffer,
  parts: Parts,
  signal: AbortSignal,
): Promise<number> {
  const { ordererAdmin } = portsOf(layout, msp);
  if (ordererAdmin === undefined) return 0;
  await parts.untilReady(msp, 'orderer', signal);
  const orderer = new OrdererAdmin(layout.home.hospital(msp), ordererAdmin);
  const joined = await untilDone(`joining the orderer of ${msp}`, signal, async () => {
    const found = await orderer.participation();
    if (found === undefined) await orderer.join(genesis);
    return found ?? orderer.participation();
  });
  return joined.height;
}

async function preparePeer(
  layout: NetworkLayout,
  { msp, peer }: Hospital,
  genesis: Buffer,
  parts: Parts,
  signal: AbortSignal,
): Promise<void> {
  await parts.untilReady(msp, 'peer', signal);
  await untilDone(`joining the peer of ${msp}`, signal, async () => {
    if (!(await peer.hasJoined())) await peer.join(genesis);
    return true;
  });
  await untilDone(`installing the chaincode on the peer of ${msp}`, signal, async () => {
    if (!(await peer.hasInstalled(layout.chaincode.packageId))) await peer.install(layout.chaincode);
    return true;
  });
}

/** A peer that was killed fetches what it lacks; what is asked of it before that would be answered from the past. */
async function untilHeight({ msp, access }: Hospital, height: number, signal: AbortSignal): Promise<void> {
  await untilDone(`waiting for ${height} blocks on the peer of ${msp}`, signal, async () =>
    (await access.height()) >= height ? true : undefined,
  );
}

/** Has every hospital approve the chaincode as it is built, and one of them commit it, if that was not done before. */
async function define(
  layout: NetworkLayout,
  hospitals: readonly Hospital[],
  signal: AbortSignal,
  say: (text: string) => void,
): Promise<void> {
  const { digest: version, packageId } = layout.chaincode;
  const [first] = hospitals;
  const { definition: before } = await untilDone("asking for the chaincode's definition", signal, async () => ({
    definition: await first?.lifecycle.committed(CHAINCODE_NAME),
  }));
  const isCommitted = before?.version === version;
  const sequence = isCommitted ? before.sequence : (before?.sequence ?? 0) + 1;
  const definition: Definition = { name: CHAINCODE_NAME, version, sequence };
  await Promise.all(
    hospitals.map(({ msp, lifecycle }) =>
      untilDone(`approving the chaincode for ${msp}`, signal, async () => {
        if (await lifecycle.hasApproved(definition, packageId)) return true;
        await lifecycle.approve(definition, packageId);
        return true;
      }),
    ),
  );
  if (!isCommitted) await commit(definition, hospitals, signal);
  if (before !== undefined && !isCommitted)
    say(`the chaincode is another one: its definition has sequence ${sequence}`);
}

async function commit(definition: Definition, hospitals: readonly Hospital[], signal: AbortSignal): Promise<void> {
  const [first] = hospitals;
  const isThere = async ({ lifecycle }: Hospital): Promise<true | undefined> => {
    const found = await lifecycle.committed(definition.name);
    return found !== undefined && found.sequence >= definition.sequence ? true : undefined;
  };
  await untilDone('committing the chaincode', signal, async () => {
    if (first === undefined || (await isThere(first))) return true;
    await first.lifecycle.commit(definition);
    return undefined;
  });
  await Promise.all(
    hospitals.map((hospital) =>
      untilDone(`waiting for the chaincode's definition on the peer of ${hospital.msp}`, signal, () =>
        isThere(hospital),
      ),
    ),
  );
}

/** Waits until each hospital's peer finds a majority that endorses: peers tell each other what they run by gossip. */
async function untilEndorsing(hospitals: readonly Hospital[], signal: AbortSignal): Promise<void> {
  await Promise.all(
    hospitals.map(({ msp, access }) =>
      untilDone(`waiting for endorsements for ${msp}`, signal, async () => {
        await access.network.getContract(access.chaincode).newProposal(METADATA_QUERY).endorse();
        return true;
      }),
    ),
  );
}
