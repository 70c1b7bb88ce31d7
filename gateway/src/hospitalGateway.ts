/** Puts a hospital's gateway together: every room is made here and handed what it needs. */

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Digest, Msp, StudyId } from '@consilium/domain';
import { Agent } from './agent/agent.js';
import type { Arithmetic, Clock, Learner, Log, NewsDesk } from './agent/ports.js';
import { ReceiptDesk } from './agent/receiptDesk.js';
import { StudyReader } from './agent/studyReader.js';
import { systemTimers } from './agent/systemTimers.js';
import { VerifyDesk } from './agent/verifyRound.js';
import { type GatewayConfiguration, readConnection, readPem } from './configuration.js';
import { CsvHospitalRows } from './data/csvHospitalRows.js';
import { ExchangeClient } from './exchange/exchangeClient.js';
import { ExchangeServer } from './exchange/exchangeServer.js';
import { TrustedHospitals } from './exchange/peerCertificate.js';
import { makeApi } from './http/api.js';
import { ApiServer } from './http/apiServer.js';
import { EventHub } from './http/eventHub.js';
import type { Person } from './http/ports.js';
import { roundArithmetic } from './learning/aggregate.js';
import { TrainingLearner, type TrainingProgress } from './learning/learner.js';
import { CommitTimes, TransactionCounts } from './ledger/commitTimes.js';
import { EventMirror } from './ledger/eventMirror.js';
import { FabricChannel } from './ledger/fabricChannel.js';
import { readIdentity } from './ledger/ledgerIdentity.js';
import { PeerConnection } from './ledger/peerConnection.js';
import { PeerLedger } from './ledger/peerLedger.js';
import { mirrorWait } from './mirrorWait.js';
import { ownRows } from './ownRows.js';
import { type PeerCheck, peerAnswers, untilPeerAnswers } from './peerCheck.js';
import { FileReceiptKeys } from './secrets/receiptKeys.js';
import { bindToChain } from './store/chainBinding.js';
import { ChannelMirror } from './store/channelMirror.js';
import { FileBlobs } from './store/fileBlobs.js';
import { Holdings } from './store/holdings.js';
import { SqliteJournal } from './store/journal.js';
import { SqlitePersonalStore } from './store/personalTensors.js';
import { openForMirror, openStore } from './store/schema.js';

/** What runs is given this long to end when the gateway stops. */
const STOP_GRACE_MS = 3_000;
/** How often the progress of one piece of training is told. */
const PROGRESS_EVERY_MS = 250;

export type RunningGateway = Readonly<{
  apiUrl: string;
  exchangeUrl: string;
  /** Rejects where a peer that was away turns out to be none that this gateway can work with. Never resolves. */
  failed: Promise<never>;
  stop(): Promise<void>;
}>;

/** What a test may replace. */
export type GatewayParts = Readonly<{ arithmetic?: Arithmetic; learner?: (own: Learner) => Learner }>;

const systemClock: Clock = {
  now: () => Date.now(),
  // CLOCK_MONOTONIC: one clock for all processes of a host, so that their times can be compared.
  monotonic: () => Number(process.hrtime.bigint()) / 1e6,
};

/**
 * Starts everything and resolves when REST interface and exchange listen. The agent begins once the mirror has caught up
 * with the peer, which may be away for now.
 * @throws ConsiliumError CONFIGURATION_INVALID, CHAINCODE_DIFFERS; errors of listening
 */
export async function startGateway(
  configuration: GatewayConfiguration,
  log: Log,
  { arithmetic = roundArithmetic, learner: replaced = (own) => own }: GatewayParts = {},
): Promise<RunningGateway> {
  const { msp } = configuration;
  const { channel: channelName, chaincode, peer } = readConnection(configuration);
  const identity = { msp, channel: channelName };
  const stopping = new AbortController();

  mkdirSync(configuration.home, { recursive: true, mode: 0o700 });
  const databaseFile = join(configuration.home, 'gateway.db');
  const database = openStore(databaseFile, identity);
  const mirrorDatabase = openForMirror(databaseFile);
  const mirror = new ChannelMirror(mirrorDatabase, msp, log);
  const journal = new SqliteJournal(database);
  const personal = new SqlitePersonalStore(database);
  const holdings = new Holdings(database);
  const blobs = await FileBlobs.open(join(configuration.home, 'blobs'), log);
  const receiptKeys = new FileReceiptKeys(join(configuration.home, 'secrets'));

  const connection = new PeerConnection({ msp, channel: channelName, chaincode, peer });
  const counts = new TransactionCounts();
  const commitTimes = new CommitTimes();
  const names = { channel: channelName, chaincode, msp };
  const channelParts = {
    counts,
    commitTimes,
    clock: systemClock,
    log,
    mirrored: mirrorWait(mirror),
    stopping: stopping.signal,
  };
  const agentIdentity = readIdentity(msp, configuration.identities.agent);
  const agentGateway = connection.as(agentIdentity);
  const agentChannel = new FabricChannel(agentGateway, names, channelParts);
  const ledger = new PeerLedger(agentGateway, names);
  const eventMirror = new EventMirror(agentGateway.getNetwork(channelName), chaincode, mirror, log);
  const peerCheck: PeerCheck = {
    check: async () => {
      await ledger.requireChaincode(configuration.chaincodeDigest);
      bindToChain(database, databaseFile, await ledger.genesis());
    },
    timers: systemTimers,
    log,
  };

  const tls = {
    certPem: readPem(configuration.exchange.tlsCertFile),
    keyPem: readPem(configuration.exchange.tlsKeyFile),
  };
  const trusted = new TrustedHospitals(
    configuration.exchange.trust.map(({ msp: other, tlsCaFile }) => ({ msp: other, caPem: readPem(tlsCaFile) })),
  );
  const exchange = new ExchangeClient(msp, mirror, trusted, tls, log);
  const reader = new StudyReader(mirror);
  const desk = new ReceiptDesk({ state: mirror, blobs, receiptKeys, journal, timers: systemTimers, log }, identity);
  const exchangeServer = new ExchangeServer(tls, {
    trusted,
    desk,
    blobs,
    accepted: (digest, study) => holdings.accept(digest, study),
    mayRead: (from, digest) => mayRead(reader, holdings, from, digest),
    log,
  });

  const { kind: _csv, ...csv } = configuration.data;
  const source = new CsvHospitalRows(csv);
  const aloneListeners = new Set<(progress: TrainingProgress) => void>();
  let engine: Readonly<{ name: string; version: string }> | null = null;
  const events = new EventHub();
  const tellProgress = progressNews(events, systemClock);
  const learner = new TrainingLearner({
    rows: async (protocol) => (await source.read(protocol)).rows,
    engine: configuration.engine,
    log,
    onProgress: (progress) => {
      for (const listener of aloneListeners) listener(progress);
      tellProgress(progress);
    },
  });
  const verifier = new VerifyDesk({ state: mirror, blobs, exchange, arithmetic, journal }, identity);
  const agent = new Agent(
    {
      state: mirror,
      channel: agentChannel,
      blobs,
      exchange,
      receiptKeys,
      journal,
      personal,
      learner: replaced({
        makeVector: async (task, signal) => {
          const made = await learner.makeVector(task, signal);
          engine = made.engine;
          return made;
        },
      }),
      arithmetic,
      clock: systemClock,
      timers: systemTimers,
      log,
      news: events,
    },
    identity,
  );

  const isPeerKnown = await peerAnswers(peerCheck);
  const exchangePort = await exchangeServer.listen(
    configuration.exchange.listen.host,
    configuration.exchange.listen.port,
  );
  const exchangeUrl = configuration.exchange.url ?? `https://${configuration.exchange.listen.host}:${exchangePort}`;
  const hospital = {
    msp,
    name: configuration.name,
    exchangeUrl,
    channel: channelName,
    chaincode,
    chaincodeDigest: configuration.chaincodeDigest,
  };
  const api = makeApi(
    {
      hospital,
      people: configuration.identities.people.map(({ name, tokenSha256, ...files }): Person => {
        const person = readIdentity(msp, files);
        const channel = new FabricChannel(connection.as(person), names, channelParts);
        return { name, role: person.role, tokenSha256, channel };
      }),
      readings: mirror,
      peer: {
        isUp: () => connection.isUp(),
        recentCommitMs: () => commitTimes.meanMs(),
        transactions: () => counts.totals(),
        fateOf: (transactionId, msMax) => agentChannel.fateOf(transactionId, msMax),
      },
      blobs,
      verifier,
      timings: agent,
      failures: agent,
      ownRows: ownRows({
        hospital,
        source,
        learner,
        mirror,
        blobs,
        personal,
        engine: () => engine,
        onAlone: (listener) => {
          aloneListeners.add(listener);
          return () => aloneListeners.delete(listener);
        },
      }),
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
    if (!isPeerKnown) await untilPeerAnswers(peerCheck, stopping.signal);
    eventMirror.start();
    // A peer that went away meanwhile tells no height: then a stream that is quiet has to do.
    const height = await ledger.height().catch(() => Number.POSITIVE_INFINITY);
    await eventMirror.caughtUp(height, stopping.signal);
    agent.start();
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
      await Promise.all([apiServer.close(STOP_GRACE_MS), exchangeServer.close(STOP_GRACE_MS), agent.stop()]);
      learner.close();
      await exchange.close();
      await eventMirror.stop();
      connection.close();
      mirrorDatabase.close();
      database.close();
    },
  };
}

/** Bytes of a study are for its members. */
function mayRead(reader: StudyReader, holdings: Holdings, from: Msp, digest: Digest): boolean {
  return holdings.studiesOf(digest).some((study) => reader.study(study)?.version.protocol.members.includes(from));
}

/** Tells listeners how far training of a round is, not more often than they can use. */
function progressNews(news: NewsDesk, clock: Clock): (progress: TrainingProgress) => void {
  let toldAt = 0;
  return ({ study, round, step, steps }) => {
    const at = clock.monotonic();
    if (round === 'alone' || (at - toldAt < PROGRESS_EVERY_MS && step < steps)) return;
    toldAt = at;
    news.publish({
      study: study as StudyId,
      round,
      event: 'job-progress',
      step: 'makeVector',
      at,
      detail: { step, steps },
    });
  };
}
