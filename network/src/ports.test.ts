import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { type ResolvedHospital, resolveHospitals, Topology } from '@consilium/domain';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { chooseHospitalPorts } from './hospitalPorts.js';
import { isFree, Ports } from './ports.js';

let server: Server;
let taken: number;

beforeEach(async () => {
  server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  taken = (server.address() as AddressInfo).port;
});

afterEach(() => {
  server.close();
});

const hospitals = (...ports: object[]): ResolvedHospital[] =>
  resolveHospitals(
    Topology.parse({
      hospitals: ports.map((given, index) => ({ name: `H${index}`, data: { file: 'f' }, ports: given })),
    }),
  );

describe('Ports', () => {
  test('refuses a port that was asked for and is taken, naming the part', async () => {
    await expect(new Ports().choose({ part: 'api of ClevelandMSP', given: taken })).rejects.toThrow(
      `PORT_TAKEN: port ${taken} for api of ClevelandMSP is taken`,
    );
  });

  test('keeps the port of an earlier start while it is free, and chooses another one when it is not', async () => {
    const free = await new Ports().choose({ part: 'api' });
    expect(await isFree(free)).toBe(true);
    expect(await new Ports().choose({ part: 'api', previous: free })).toBe(free);
    expect(await new Ports().choose({ part: 'api', previous: taken })).not.toBe(taken);
  });

  test('gives no port out twice', async () => {
    const ports = new Ports();
    const first = await ports.choose({ part: 'api' });
    expect(await ports.choose({ part: 'peer', previous: first })).not.toBe(first);
  });
});

describe('chooseHospitalPorts', () => {
  test('gives every part a port of its own, those of the topology first', async () => {
    const given = await new Ports().choose({ part: 'any' });
    const before = { H0MSP: { peer: given, chaincode: 1, api: 2, exchange: 3 } };
    const chosen = await chooseHospitalPorts(hospitals({}, { api: given }), before);
    expect(chosen.H1MSP?.api).toBe(given);
    const all = Object.values(chosen).flatMap((ports) => Object.values(ports));
    expect(all).toHaveLength(8);
    expect(new Set(all).size).toBe(8);
  });

  test('is the same again after a restart', async () => {
    const first = await chooseHospitalPorts(hospitals({}, {}), {});
    expect(await chooseHospitalPorts(hospitals({}, {}), first)).toEqual(first);
  });
});
