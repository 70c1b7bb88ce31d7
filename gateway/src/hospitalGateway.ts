/** Puts a hospital's gateway together: every room is made here and handed what it needs. */
import { join } from 'node:path';
import type { Digest, Instant, Msp } from '@consilium/domain';
import { Agent } from './agent/agent.js';
import { MaskedRetention } from './agent/maskedRetention.js';
import { noConsentDesk } from './agent/noConsentDesk.js';
import type { Arithmetic, Learner, Log } from './agent/ports.js';
import { ReceiptDesk } from './agent/receiptDesk.js';
import { StoredRoundFiles } from './agent/roundFiles.js';
import { StudyReader } from './agent/studyReader.js';
import { systemTimers } from './agent/systemTimers.js';
import { VerifyDesk } from './agent/verifyRound.js';
import { type GatewayConfiguration, readConnection, readPem } from './configuration.js';
import type { ConsentStore } from './consent/consentStore.js';
import { ExchangeClient } from './exchange/exchangeClient.js';
import { ExchangeServer } from './exchange/exchangeServer.js';
import { TrustedHospitals } from './exchange/peerCertificate.js';
import { patientSystemOf } from './fhir/ports.js';
import { openDisk } from './hospitalDisk.js';
import { makeApi } from './http/api.js';
import { ApiServer } from './http/apiServer.js';
import { EventHub } from './http/eventHub.js';
import { roundArithmetic } from './learning/aggregate.js';
import { ownConsent } from './ownConsent.js';
import { ownPeer } from './ownPeer.js';
import { ownRows } from './ownRows.js';
import { ownTraining } from './ownTraining.js';
import { peerAnswers, untilPeerAnswers } from './peerCheck.js';
import { shareSealing } from './privacy/shareSealing.js';
import type { Holdings } from './store/holdings.js';
import { systemClock } from './systemClock.js';
import { VerifierProcess } from './verifierProcess.js';

/** What runs is given this long to end when the gateway stops. */
const STOP_GRACE_MS = 3_000;
/** As FHIR's capability statement names it. */
const SOFTWARE_VERSION = '0.1.0';

export type RunningGateway = Readonly<{
  apiUrl: string;
  exchangeUrl: string;
  /** Rejects where a peer that was away turns out to be none that this gateway can work with. Never resolves. */
  failed: Promise<never>;
  stop(): Promise<void>;
}>;

/** What a test may replace. */
export type GatewayParts = Readonly<{
  arithmetic?: Arithmetic;
  learner?: (own: Learner) => Learner;
  /** The consent store's key from the environment. */
  consentKey?: string | undefined;
}>;

/**
 * Starts everything and resolves when REST interface and exchange listen. The agent begins once the mirror has caught up
 * with the peer, which may be away for now.
 * @throws ConsiliumError CONFIGURATION_INVALID, CHAINCODE_DIFFERS; errors of listening
 */
export async function startGateway(
  configuration: GatewayConfiguration,
  log: Log,
  { arithmetic = roundArithmetic, learner: replaced = (own) => own, consentKey }: GatewayParts = {},
): Promise<RunningGateway> {
  const { msp } = configuration;
  const address = readConnection(configuration);
  const { channel: channelName, chaincode } = address;
  const identity = { msp, channel: channelName };
  const stopping = new AbortController();
  const disk = await openDisk(configuration.home, identity, log);
  const { mirror, journal, personal, holdings, blobs, receiptKeys, roundSecrets: secrets } = disk;
  const peer = ownPeer(configuration, address, disk, log, stopping.signal);

  const tls = {
    certPem: readPem(configuration.exchange.tlsCertFile),
    keyPem: readPem(configuration.exchange.tlsKeyFile),
  };
  const trusted = new TrustedHospitals(
    configuration.exchange.trust.map(({ msp: other, tlsCaFile }) => ({ msp: other, caPem: readPem(tlsCaFile) })),
  );
  const exchange = new ExchangeClient(msp, mirror, trusted, tls, log);
  const reader = new StudyReader(mirror);
  const desk = new ReceiptDesk(
    { state: mirror, blobs, receiptKeys, secrets, sealing: shareSealing, journal, timers: systemTimers, log },
    identity,
  );
  const exchangeServer = new ExchangeServer(tls, {
    trusted,
    desk,
    blobs,
    accepted: (digest, study) => holdings.accept(digest, study),
    mayRead: (from, digest) => mayRead(reader, holdings, from, digest),
    log,
  });

  const events = new EventHub();
  const consent = ownConsent(configuration, channelName, disk, peer, consentKey, log);
  const consentDesk = consent?.desk ?? noConsentDesk;
  const training = ownTraining(configuration, consentDesk, events, log);
  const verifier = new VerifyDesk(
    { state: mirror, blobs, exchange, arithmetic, sealing: shareSealing, journal },
    identity,
  );
  const retention = new MaskedRetention({
    state: mirror,
    blobs,
    journal,
    clock: systemClock,
    timers: systemTimers,
    log,
  });
  const agent = new Agent(
    {
      state: mirror,
      channel: peer.channel,
      blobs,
      exchange,
      receiptKeys,
      secrets,
      sealing: shareSealing,
      journal,
      personal,
      patients: training.patients,
      consent: consentDesk,
      learner: replaced(training.forAgent),
      arithmetic,
      clock: systemClock,
      timers: systemTimers,
      log,
      news: events,
    },
    identity,
  );

  const isPeerKnown = await peerAnswers(peer.check);
  const exchangePort = await exchangeServer.listen(
    configuration.exchange.listen.host,
    configuration.exchange.listen.port,
  );
  const exchangeUrl = configuration.exchange.url ?? `https://${configuration.exchange.listen.host}:${exchangePort}`;
  const hospital = {
    msp,
    name: configuration.name,
    contact: configuration.contact ?? {},
    exchangeUrl,
    channel: channelName,
    chaincode,
    chaincodeDigest: configuration.chaincodeDigest,
  };
  const api = makeApi(
    {
      hospital,
      people: peer.people,
      readings: mirror,
      consentReadings: disk.consents,
      consents: consent,
      ...(consent ? { fhir: fhirOf(consent, configuration) } : {}),
      evidence: peer.evidence({
        store: consent,
        files: new StoredRoundFiles({ state: mirror, blobs, exchange, journal }, msp),
      }),
      peer: peer.view,
      blobs,
      verifier,
      independent: await VerifierProcess.in(join(configuration.home, 'verification')),
      timings: agent,
      failures: agent,
      ownRows: ownRows(msp, training, disk, consentDesk),
      clock: systemClock,
      log,
    },
    events,
  );
  const apiServer = new ApiServer(
    { certPem: readPem(configuration.api.tlsCertFile), keyPem: readPem(configuration.api.tlsKeyFile) },
    api.app,
  );
  const apiPort = await apiServer.listen(configuration.api.listen.host, configuration.api.listen.port);

  /** @throws ConsiliumError CHAINCODE_DIFFERS, CONFIGURATION_INVALID; the abort's reason */
  async function startAgent(): Promise<void> {
    if (!isPeerKnown) await untilPeerAnswers(peer.check, stopping.signal);
    peer.eventMirror.start();
    // A peer that went away meanwhile tells no height: then a stream that is quiet has to do.
    const height = await peer.ledger.height().catch(() => Number.POSITIVE_INFINITY);
    await peer.eventMirror.caughtUp(height, stopping.signal);
    consent?.start();
    agent.start();
    retention.start();
    log.info({ height: mirror.height() }, 'the agent takes part in rounds');
  }
  const failed = startAgent().then(
    () => new Promise<never>(() => undefined),
    (error: unknown) => (stopping.signal.aborted ? new Promise<never>(() => undefined) : Promise.reject(error)),
  );
  failed.catch(() => undefined);

  return {
    apiUrl: `https://${configuration.api.listen.host}:${apiPort}`,
    exchangeUrl,
    failed,
    async stop() {
      stopping.abort();
      api.close();
      await Promise.all([
        apiServer.close(STOP_GRACE_MS),
        exchangeServer.close(STOP_GRACE_MS),
        agent.stop(),
        retention.stop(),
      ]);
      await consent?.stop();
      training.learner.close();
      await exchange.close();
      await peer.eventMirror.stop();
      peer.close();
      consent?.close();
      disk.close();
    },
  };
}

function fhirOf(desk: ConsentStore, { msp, name, consent }: GatewayConfiguration) {
  const patientSystem = consent?.patientSystem ?? patientSystemOf(msp);
  return {
    room: { desk, hospital: { msp, name, patientSystem }, now: () => systemClock.now() as Instant },
    softwareVersion: SOFTWARE_VERSION,
  };
}

/** Bytes of a study are for its members. */
function mayRead(reader: StudyReader, holdings: Holdings, from: Msp, digest: Digest): boolean {
  return holdings.studiesOf(digest).some((study) => reader.study(study)?.version.protocol.members.includes(from));
}
