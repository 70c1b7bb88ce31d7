/** What of a hospital's gateway keeps consents, on a real channel: its disk, its peer and its store. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { HOSPITALS, OWN } from './officerChannel.mjs';

const STEWARD = 'data-steward';
const OFFICER = 'compliance-officer';
const POLL_MS = 50;
const SETTLED_MS_MAX = 60_000;

/** The embedded channel of four hospitals, with the contract as it is built, and without gateways. */
export async function startHospitals(repository, folder) {
  const { startNetwork } = await import('../../network/dist/startNetwork.js');
  await writeFile(join(folder, 'rows.csv'), 'age,label\n61,1\n');
  const topology = join(folder, 'topology.json');
  const hospitals = HOSPITALS.map((msp) => ({ name: msp.replace(/MSP$/, ''), data: { file: 'rows.csv' } }));
  await writeFile(topology, JSON.stringify({ hospitals }));
  const home = join(folder, 'home');
  return await startNetwork({ topology, home, repository, channel: 'embedded', channelOnly: true });
}

/**
 * @param networkHome folder of the network
 * @param home folder of the hospital's own databases
 */
export async function hospitalOnChannel(networkHome, home) {
  const { Home } = await import('../../network/dist/home.js');
  const { readConnection } = await import('../../network/dist/connectionFile.js');
  const { openDisk } = await import('../../gateway/dist/hospitalDisk.js');
  const { ownPeer } = await import('../../gateway/dist/ownPeer.js');
  const { ownConsent } = await import('../../gateway/dist/ownConsent.js');
  const files = new Home(networkHome).hospital(OWN);
  const person = (name) => ({ certFile: files.person(name).certificate, keyFile: files.person(name).key });
  const people = [STEWARD, OFFICER].map((name) => ({ name, ...person(name), tokenSha256: '0'.repeat(64) }));
  const configuration = { msp: OWN, home, consent: {}, identities: { agent: person('agent'), people } };
  const address = readConnection(files.connectionFile);
  const problems = [];
  const note = (fields, text) => problems.push(`${text} ${JSON.stringify(fields)}`);
  const log = { debug() {}, info() {}, warn: note, error: note };
  const stopping = new AbortController();
  const disk = await openDisk(home, { msp: OWN, channel: address.channel }, log);
  const peer = ownPeer(configuration, address, disk, log, stopping.signal);
  peer.eventMirror.start();
  const store = ownConsent(configuration, address.channel, disk, peer, '11'.repeat(32), log);
  store.start();
  return {
    store,
    async publishPolicy(changes) {
      const officer = peer.people.find(({ name }) => name === OFFICER);
      const text = { title: 'Research', textHash: '0'.repeat(64), permittedPurposes: ['DUO:0000042'] };
      const policy = { ...text, dataClasses: ['laboratory'], legalBasis: 'consent', ...changes };
      await officer.channel.submit('ConsentContract:publishPolicy', policy);
    },
    /** As the agent. */
    submit: (name, command) => peer.channel.submit(name, command),
    /** What makes evidence, asked by the compliance officer. */
    evidence: () => peer.evidence({ store, files: NO_FILES }).as(OFFICER),
    /** Seconds until all orders are recorded at home, and until all of them are on the channel. */
    async take(orders) {
      const started = performance.now();
      const since = () => (performance.now() - started) / 1000;
      const { events } = await store.record(orders, { name: STEWARD, role: 'data-steward' });
      const home = since();
      while (store.queue().waiting > 0) await wait(POLL_MS);
      // A batch of events that stay at home waits in no queue any more: until its root is on the channel, they do.
      const patience = AbortSignal.timeout(SETTLED_MS_MAX);
      for (let k = 0; k < events.length; k += 1_000) await store.whenSettled(events[k].ref, events[k].seq, patience);
      const last = events.at(-1);
      await store.whenSettled(last.ref, last.seq, patience);
      const seconds = since();
      const { refused } = store.queue();
      if (refused > 0) throw new Error(`the channel refused ${refused} events: ${problems.join('; ')}`);
      return { home, seconds };
    },
    async close() {
      stopping.abort();
      await store.stop();
      await peer.eventMirror.stop();
      peer.close();
      store.close();
      disk.close();
    },
  };
}

/** Nobody computes on this channel. */
const NO_FILES = { gather: async () => [], read: () => Promise.reject(new Error('no files of rounds are here')) };
