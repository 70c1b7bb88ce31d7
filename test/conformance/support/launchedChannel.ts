import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ChannelKind, ResolvedHospital } from '@consilium/domain';
import { resolveHospitals, Topology } from '@consilium/domain';
import { REPOSITORY } from '@consilium/network/buildOutput';
import { chaincodeArchive } from '@consilium/network/chaincodeArchive';
import { CHAINCODE_NAME, CHANNEL_NAME } from '@consilium/network/chaincodePackage';
import { CHANNELS } from '@consilium/network/channel/channels';
import { revokeCertificate } from '@consilium/network/channelTool/revokeCertificate';
import { writeConnections } from '@consilium/network/connectionFile';
import { Home } from '@consilium/network/home';
import { chooseHospitalPorts } from '@consilium/network/hospitalPorts';
import { localAddress, type NetworkLayout, portsOf } from '@consilium/network/networkLayout';
import { Authority } from '@consilium/network/pki/authority';
import { completeHospitalPki } from '@consilium/network/pki/hospitalPki';
import { HOME_MARKER } from '@consilium/network/supervise/orphans';
import { PartLog } from '@consilium/network/supervise/partLog';
import { labelOf, type PartSpec } from '@consilium/network/supervise/partSpec';
import { SupervisedPart } from '@consilium/network/supervise/supervisedPart';
import { Supervisor } from '@consilium/network/supervise/supervisor';
import type { ChannelUnderTest, HospitalUnderTest } from './channelUnderTest.js';
import { People } from './people.js';

const CHAINCODE_FOLDER = join(import.meta.dirname, '../chaincode');

const TOPOLOGY = Topology.parse({
  hospitals: ['Cleveland', 'Hungary', 'Switzerland', 'VA'].map((name) => ({
    name,
    ...(name === 'VA' ? { msp: 'VaMSP' } : {}),
    data: { file: 'none.csv' },
  })),
});

/** A channel with four hospitals and the suite's chaincode, brought up by the launcher's own parts. */
export class LaunchedChannel implements ChannelUnderTest {
  readonly kind: ChannelKind;
  readonly channel = CHANNEL_NAME;
  readonly chaincode = CHAINCODE_NAME;
  readonly version: string;
  readonly packageId: string;
  readonly hospitals: readonly HospitalUnderTest[];
  readonly #supervisor: Supervisor;
  readonly #home: Home;

  private constructor(
    kind: ChannelKind,
    layout: NetworkLayout,
    hospitals: HospitalUnderTest[],
    supervisor: Supervisor,
  ) {
    this.kind = kind;
    this.version = layout.chaincode.digest;
    this.packageId = layout.chaincode.packageId;
    this.hospitals = hospitals;
    this.#supervisor = supervisor;
    this.#home = layout.home;
  }

  /** Brings it up in a new folder. Resolves when every hospital's chaincode endorses. */
  static async start(kind: ChannelKind): Promise<LaunchedChannel> {
    const home = new Home(mkdtempSync(join(tmpdir(), `conformance-${kind}-`)));
    const channel = CHANNELS[kind];
    await channel.check(process.env);
    const layout = await prepare(home, kind);
    const plan = await channel.plan(layout, () => undefined);
    const specs = [...plan.parts, ...layout.hospitals.map(({ msp }) => chaincodePart(layout, msp))];
    const supervisor = new Supervisor(
      specs.map(
        (spec) => new SupervisedPart(spec, new PartLog(home.logFile(labelOf(spec))), home.root, () => new Date()),
      ),
    );
    const hospitals = await Promise.all(layout.hospitals.map((hospital) => underTest(layout, hospital)));
    const launched = new LaunchedChannel(kind, layout, hospitals, supervisor);
    try {
      await supervisor.startAll(new AbortController().signal, plan.steps);
      return launched;
    } catch (error) {
      await launched.close();
      throw error;
    }
  }

  async revoke(certificate: string): Promise<void> {
    const file = join(this.#home.root, 'revoked.pem');
    writeFileSync(file, certificate);
    await revokeCertificate(this.#home, file, new Date());
  }

  async stopChaincode(msp: string): Promise<void> {
    await this.#supervisor.part(msp, 'chaincode').stop();
  }

  async startChaincode(msp: string): Promise<void> {
    await this.#supervisor.part(msp, 'chaincode').start();
  }

  async close(): Promise<void> {
    await this.#supervisor.stopAll();
    rmSync(this.#home.root, { recursive: true, force: true });
  }
}

async function prepare(home: Home, kind: ChannelKind): Promise<NetworkLayout> {
  const hospitals = resolveHospitals(TOPOLOGY);
  const orderers = new Set(hospitals.slice(0, CHANNELS[kind].orderersMax).map(({ msp }) => msp as string));
  const ports = await chooseHospitalPorts(hospitals, {}, { orderers, nodesFixed: false });
  const now = new Date();
  await Promise.all(
    hospitals.map(({ msp, slug }) =>
      completeHospitalPki(home.hospital(msp), { msp, slug, now, mayCreateAuthorities: true }),
    ),
  );
  const kept = Object.entries(process.env).filter(([name]) => !/^(CORE|ORDERER|CONFIGTX)_/.test(name));
  const environment = { ...(Object.fromEntries(kept) as Record<string, string>), [HOME_MARKER]: home.root };
  const layout = { repository: REPOSITORY, home, hospitals, ports, chaincode: chaincodePackage(), environment };
  home.writeClaim({ channel: kind, hospitals: hospitals.map(({ msp, name, slug }) => ({ msp, name, slug })), ports });
  writeConnections(layout);
  return layout;
}

/** The suite's chaincode as a package: its digest is over its files. */
function chaincodePackage(): NetworkLayout['chaincode'] {
  const hash = createHash('sha256');
  for (const name of readdirSync(CHAINCODE_FOLDER).sort()) {
    hash.update(`${name}\0`).update(readFileSync(join(CHAINCODE_FOLDER, name)));
  }
  const digest = hash.digest('hex');
  const archive = chaincodeArchive(CHAINCODE_NAME, digest);
  return { digest, archive, packageId: `${CHAINCODE_NAME}:${createHash('sha256').update(archive).digest('hex')}` };
}

function chaincodePart(layout: NetworkLayout, msp: string): PartSpec {
  const port = portsOf(layout, msp).chaincode;
  const options = {
    address: localAddress(port),
    id: layout.chaincode.packageId,
    tls: layout.home.hospital(msp).tls('chaincode'),
  };
  return {
    owner: msp,
    name: 'chaincode',
    command: [
      join(CHAINCODE_FOLDER, 'main.cjs'),
      ...Object.entries(options).flatMap(([key, value]) => [`--${key}`, value]),
    ],
    environment: { ...layout.environment, CORE_CHAINCODE_LOGGING_LEVEL: 'critical', CORE_PEER_LOCALMSPID: msp },
    readiness: { kind: 'port', port },
    address: localAddress(port),
    startStage: 0,
    stopStage: 1,
  };
}

async function underTest(layout: NetworkLayout, { msp }: ResolvedHospital): Promise<HospitalUnderTest> {
  const folder = layout.home.hospital(msp);
  const authority = await Authority.load(
    readFileSync(folder.authority.certificate, 'utf8'),
    readFileSync(folder.authority.key, 'utf8'),
  );
  return {
    msp,
    endpoint: localAddress(portsOf(layout, msp).peer),
    tlsRoot: readFileSync(folder.tlsAuthority.certificate),
    people: new People(authority, msp),
  };
}
