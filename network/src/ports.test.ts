import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { type ResolvedHospital, resolveHospitals, Topology } from '@consilium/domain';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { chooseHospitalPorts, hospitalsWithOrderer } from './hospitalPorts.js';
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

const NO_RULES = { orderers: new Set<string>(), nodesFixed: false };

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

describe('hospitalsWithOrderer', () => {
  test('are the first of the topology, and stay the same whatever order it has later', () => {
    const all = hospitals(...Array.from({ length: 12 }, () => ({})));
    expect([...hospitalsWithOrderer(all, {}, 10)]).toEqual(all.slice(0, 10).map(({ msp }) => msp));
    expect(hospitalsWithOrderer(all, {}, 0).size).toBe(0);
    const ports = { peer: 1, chaincode: 2, api: 3, exchange: 4 };
    const before = { H0MSP: ports, H1MSP: { ...ports, orderer: 5, ordererAdmin: 6 } };
    expect([...hospitalsWithOrderer(hospitals({}, {}).toReversed(), before, 10)]).toEqual(['H1MSP']);
  });
});

describe('chooseHospitalPorts', () => {
  test('gives every part a port of its own, those of the topology first', async () => {
    const given = await new Ports().choose({ part: 'any' });
    const before = { H0MSP: { peer: given, chaincode: 1, api: 2, exchange: 3 } };
    const chosen = await chooseHospitalPorts(hospitals({}, { api: given }), before, NO_RULES);
    expect(chosen.H1MSP?.api).toBe(given);
    const all = Object.values(chosen).flatMap((ports) => Object.values(ports));
    expect(all).toHaveLength(8);
    expect(new Set(all).size).toBe(8);
  });

  test('is the same again after a restart', async () => {
    const first = await chooseHospitalPorts(hospitals({}, {}), {}, NO_RULES);
    expect(await chooseHospitalPorts(hospitals({}, {}), first, NO_RULES)).toEqual(first);
  });

  test('gives orderers to the hospitals that have one, and takes the topology for their ports', async () => {
    const given = await new Ports().choose({ part: 'any' });
    const rules = { orderers: new Set(['H0MSP', 'H1MSP']), nodesFixed: false };
    const chosen = await chooseHospitalPorts(hospitals({ orderer: given }, {}, {}), {}, rules);
    expect(chosen.H0MSP?.orderer).toBe(given);
    expect(Object.keys(chosen.H1MSP ?? {}).sort()).toEqual(
      ['api', 'chaincode', 'exchange', 'orderer', 'ordererAdmin', 'peer'].sort(),
    );
    expect(Object.keys(chosen.H2MSP ?? {}).sort()).toEqual(['api', 'chaincode', 'exchange', 'peer']);
  });

  test('lets nodes that a channel knows keep their ports or refuses, and moves the others', async () => {
    const rules = { orderers: new Set(['H0MSP']), nodesFixed: true };
    const first = await chooseHospitalPorts(hospitals({}, {}), {}, rules);
    const before = { ...first, H0MSP: { ...first.H0MSP!, chaincode: taken, ordererAdmin: taken } };
    const moved = await chooseHospitalPorts(hospitals({}, {}), before, rules);
    expect(moved.H0MSP?.chaincode).not.toBe(taken);
    expect(moved.H0MSP?.orderer).toBe(first.H0MSP?.orderer);

    for (const part of ['peer', 'orderer'] as const) {
      const changed = { ...first, H0MSP: { ...first.H0MSP!, [part]: taken } };
      await expect(chooseHospitalPorts(hospitals({}, {}), changed, rules)).rejects.toThrow(
        `PORT_FIXED: the channel knows ${part} of H0MSP at port ${taken}, which something else listens on now`,
      );
    }
    await expect(chooseHospitalPorts(hospitals({ peer: taken }, {}), first, rules)).rejects.toThrow(
      `PORT_FIXED: the channel knows peer of H0MSP at port ${first.H0MSP?.peer}, and the topology asks for ${taken}`,
    );
  });
});
