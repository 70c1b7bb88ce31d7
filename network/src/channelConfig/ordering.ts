import { Client, credentials } from '@grpc/grpc-js';
import { common, orderer } from '@hyperledger/fabric-protos';

const CALL_MS_MAX = 15_000;

/** Addresses of the hospitals' orderers as a configuration names them; none on a channel whose peers take envelopes. */
export function ordererAddresses(config: common.Config): string[] {
  const groups = config.getChannelGroup()?.getGroupsMap().get('Orderer')?.getGroupsMap();
  return [...(groups?.entries() ?? [])].flatMap(([, group]) => {
    const endpoints = group.getValuesMap().get('Endpoints');
    if (endpoints === undefined) return [];
    return common.OrdererAddresses.deserializeBinary(endpoints.getValue_asU8()).getAddressesList();
  });
}

/**
 * Has an envelope ordered by any of the orderers: all of them are given it, since each may be the one that fails.
 *
 * @param tlsRoots PEM of the authorities behind their TLS certificates.
 * @throws Error with what they answered, if none takes it.
 */
export async function order(envelope: common.Envelope, addresses: readonly string[], tlsRoots: Buffer): Promise<void> {
  const answers = await Promise.all(
    addresses.map((address) =>
      broadcast(envelope, address, tlsRoots).catch((error: Error) => `${address}: ${error.message}`),
    ),
  );
  if (answers.every((answer) => answer !== undefined)) throw new Error([...new Set(answers)].join('; '));
}

/** @returns why the orderer refuses; undefined where it does not. */
async function broadcast(envelope: common.Envelope, address: string, tlsRoots: Buffer): Promise<string | undefined> {
  const client = new Client(address, credentials.createSsl(tlsRoots), { 'grpc.ssl_target_name_override': 'localhost' });
  try {
    const call = client.makeBidiStreamRequest(
      '/orderer.AtomicBroadcast/Broadcast',
      (message: common.Envelope) => Buffer.from(message.serializeBinary()),
      (bytes) => orderer.BroadcastResponse.deserializeBinary(bytes),
      { deadline: Date.now() + CALL_MS_MAX },
    );
    const response = await new Promise<orderer.BroadcastResponse>((resolve, reject) => {
      call.once('data', resolve);
      call.once('error', reject);
      call.once('end', () => reject(new Error('it answered nothing')));
      call.write(envelope);
    });
    call.on('error', () => undefined);
    call.end();
    const status = response.getStatus();
    return status === common.Status.SUCCESS ? undefined : response.getInfo() || `status ${status}`;
  } finally {
    client.close();
  }
}
