import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { resolveHospitals, Topology } from '@consilium/domain';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { REPOSITORY } from '../../buildOutput.js';
import { Home } from '../../home.js';
import type { NetworkLayout } from '../../networkLayout.js';
import { completeHospitalPki } from '../../pki/hospitalPki.js';
import { writeBuilder, writeChaincodeConnections } from './builder.js';
import { FabricFolder } from './fabricFolder.js';
import { configtx } from './genesis.js';
import { ordererConfig, ordererPart, peerConfig, peerPart, writeTlsAuthorities } from './nodeParts.js';

const PACKAGE_ID = `consilium:${'ab'.repeat(32)}`;
const COMMANDS = { orderer: '/fabric/orderer', peer: '/fabric/peer', configtxgen: '/fabric/configtxgen' };

let root: string;
let layout: NetworkLayout;
let folder: FabricFolder;

beforeEach(() => {
  // A folder whose name means something in YAML, in shells and in Fabric's own lists.
  root = join(mkdtempSync(join(tmpdir(), 'fabric-')), 'my "home": [a, b] #1');
  const home = new Home(root);
  const hospitals = resolveHospitals(
    Topology.parse({ hospitals: ['Cleveland', 'Hungary', 'Utrecht'].map((name) => ({ name, data: { file: 'f' } })) }),
  );
  const ports = Object.fromEntries(
    hospitals.map(({ msp }, index) => {
      const at = 21_000 + 10 * index;
      // The third hospital stands for those beyond the largest number of orderers.
      const orderer = index < 2 ? { orderer: at + 5, ordererAdmin: at + 6 } : {};
      return [msp, { peer: at + 1, chaincode: at + 2, api: at + 3, exchange: at + 4, ...orderer }];
    }),
  );
  const chaincode = { digest: 'cd'.repeat(32), archive: Buffer.alloc(0), packageId: PACKAGE_ID };
  layout = { repository: REPOSITORY, home, hospitals, ports, chaincode, environment: { PATH: '/bin' } };
  folder = new FabricFolder(join(home.channelFolder, 'fabric'));
});

afterEach(() => rmSync(join(root, '..'), { recursive: true, force: true }));

async function makeIdentities(): Promise<void> {
  await Promise.all(
    layout.hospitals.map(({ msp, slug }) =>
      completeHospitalPki(layout.home.hospital(msp), { msp, slug, now: new Date(), mayCreateAuthorities: true }),
    ),
  );
}

describe('the configuration of a Fabric channel', () => {
  test('names every hospital once, with its policies, its peer and its orderer', () => {
    const { Channel: profile } = parse(configtx(layout)).Profiles;
    const application = profile.Application.Organizations;
    expect(application.map(({ ID }: { ID: string }) => ID)).toEqual(['ClevelandMSP', 'HungaryMSP', 'UtrechtMSP']);
    expect(application[2]).toEqual({
      Name: 'UtrechtMSP',
      ID: 'UtrechtMSP',
      MSPDir: layout.home.hospital('UtrechtMSP').msp,
      Policies: {
        Readers: { Type: 'Signature', Rule: "OR('UtrechtMSP.member')" },
        Writers: { Type: 'Signature', Rule: "OR('UtrechtMSP.member')" },
        Admins: { Type: 'Signature', Rule: "OR('UtrechtMSP.admin')" },
        Endorsement: { Type: 'Signature', Rule: "OR('UtrechtMSP.peer')" },
      },
      OrdererEndpoints: [],
      AnchorPeers: [{ Host: '127.0.0.1', Port: 21_021 }],
    });
    expect(profile.Orderer.Organizations).toEqual(application.slice(0, 2));
    expect(profile.Orderer.Organizations[1].OrdererEndpoints).toEqual(['127.0.0.1:21015']);
  });

  test('has BFT orderers known by their certificates, batches of 50 ms, and a majority for rules and transactions', () => {
    const { Channel: profile } = parse(configtx(layout)).Profiles;
    const hungary = layout.home.hospital('HungaryMSP');
    expect(profile.Orderer.OrdererType).toBe('BFT');
    expect(profile.Orderer.ConsenterMapping).toHaveLength(2);
    expect(profile.Orderer.ConsenterMapping[1]).toEqual({
      ID: 2,
      Host: '127.0.0.1',
      Port: 21_015,
      MSPID: 'HungaryMSP',
      Identity: hungary.nodeIdentity('orderer').certificate,
      ClientTLSCert: hungary.tlsIdentity('orderer').certificate,
      ServerTLSCert: hungary.tlsIdentity('orderer').certificate,
    });
    expect(profile.Orderer.SmartBFT.RequestBatchMaxInterval).toBe('50ms');
    const { LifecycleEndorsement, Endorsement } = profile.Application.Policies;
    expect(LifecycleEndorsement).toEqual({ Type: 'ImplicitMeta', Rule: 'MAJORITY Endorsement' });
    expect(Endorsement).toEqual({ Type: 'ImplicitMeta', Rule: 'MAJORITY Endorsement' });
  });
});

describe("a node's configuration", () => {
  test('of an orderer: TLS, and mutual TLS under the own CA for its administration, on the loopback alone', () => {
    const config = parse(ordererConfig(layout, folder, 'ClevelandMSP'));
    const hospital = layout.home.hospital('ClevelandMSP');
    expect(config.General).toMatchObject({
      ListenAddress: '127.0.0.1',
      ListenPort: 21_005,
      LocalMSPID: 'ClevelandMSP',
      LocalMSPDir: hospital.nodeMsp('orderer'),
      TLS: { Enabled: true, Certificate: hospital.tlsIdentity('orderer').certificate },
    });
    expect(config.Admin).toMatchObject({
      ListenAddress: '127.0.0.1:21006',
      TLS: { Enabled: true, ClientAuthRequired: true, ClientRootCAs: [hospital.tlsAuthority.certificate] },
    });
    expect(config.Operations.ListenAddress).toBe('127.0.0.1:0');
    expect(config.Metrics.Provider).toBe('disabled');
    const places = [config.FileLedger.Location, config.Consensus.WALDir, config.Consensus.SnapDir];
    expect(new Set(places).size).toBe(3);
    for (const place of places) expect(place.startsWith(folder.node('ClevelandMSP').orderer)).toBe(true);
  });

  test('of a peer: TLS, gossip that finds its channel within seconds, our builder, no container engine', () => {
    const config = parse(peerConfig(layout, folder, 'UtrechtMSP'));
    expect(config.peer).toMatchObject({
      listenAddress: '127.0.0.1:21021',
      localMspId: 'UtrechtMSP',
      mspConfigPath: layout.home.hospital('UtrechtMSP').nodeMsp('peer'),
      fileSystemPath: folder.node('UtrechtMSP').peerData,
      tls: { enabled: true, rootcert: { file: folder.tlsAuthorities } },
      gossip: { reconnectInterval: '2s', publishStateInfoInterval: '1s', requestStateInfoInterval: '1s' },
    });
    expect(config.chaincode.externalBuilders).toEqual([
      { name: 'consilium', path: folder.builder, propagateEnvironment: ['CCAAS_CONNECTION_FILE'] },
    ]);
    expect(config.vm.endpoint).toBe('');
    expect(config.ledger.state.stateDatabase).toBe('goleveldb');
    expect(config.operations.listenAddress).toBe('127.0.0.1:0');
  });

  test('is written for its owner alone, and the processes are described', async () => {
    await makeIdentities();
    const orderer = ordererPart(layout, folder, COMMANDS, 'ClevelandMSP', 21_005);
    const peer = peerPart(layout, folder, COMMANDS, 'ClevelandMSP');
    expect(orderer).toMatchObject({ program: '/fabric/orderer', readiness: { kind: 'tls', port: 21_005 } });
    expect(peer).toMatchObject({ program: '/fabric/peer', command: ['node', 'start'], address: 'localhost:21001' });
    const node = folder.node('ClevelandMSP');
    expect(peer.environment).toMatchObject({ FABRIC_CFG_PATH: node.peer, TMPDIR: node.peerScratch });
    for (const file of [node.ordererConfig, node.peerConfig]) expect(statSync(file).mode & 0o777).toBe(0o600);
    writeTlsAuthorities(layout, folder);
    expect(readFileSync(folder.tlsAuthorities, 'utf8').match(/BEGIN CERTIFICATE/g)).toHaveLength(3);
  });
});

describe('the external builder', () => {
  test('is copied as programs of its owner', () => {
    writeBuilder(REPOSITORY, folder);
    for (const name of ['detect', 'build', 'release'])
      expect(statSync(join(folder.builder, 'bin', name)).mode & 0o777).toBe(0o700);
  });

  test('gives each peer the address of its own chaincode, with the key to dial it, and leads old packages nowhere', async () => {
    await makeIdentities();
    const { builds, chaincodeConnection } = folder.node('HungaryMSP');
    const release = (name: string) => join(builds, name, 'release', 'chaincode', 'server', 'connection.json');
    const names = [PACKAGE_ID.replace(':', '-'), `consilium-${'00'.repeat(32)}`];
    for (const name of names) {
      mkdirSync(join(release(name), '..'), { recursive: true });
      writeFileSync(release(name), '{"address":"localhost:9"}');
    }
    writeChaincodeConnections(layout, folder);
    const read = (file: string) => JSON.parse(readFileSync(file, 'utf8'));
    expect(read(chaincodeConnection)).toMatchObject({
      address: 'localhost:21012',
      tls_required: true,
      client_auth_required: true,
      client_cert: readFileSync(
        layout.home.hospital('HungaryMSP').tlsIdentity('chaincode', 'client').certificate,
        'utf8',
      ),
    });
    expect(names.map((name) => read(release(name)).address)).toEqual(['localhost:21012', 'localhost:1']);
    for (const file of [chaincodeConnection, ...names.map(release)]) expect(statSync(file).mode & 0o777).toBe(0o600);
  });
});
