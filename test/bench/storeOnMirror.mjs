/** A hospital's consent store for the bench, on a channel that takes whatever it is sent. */
import { join } from 'node:path';
import { HOSPITALS, hash, OWN, ten } from './officerChannel.mjs';

/** The own hospital's consent store on a mirror that is filled by hand, both in files of this folder. */
export async function openAll(folder) {
  const { openForMirror, openStore } = await import('../../gateway/dist/store/schema.js');
  const { ChannelMirror } = await import('../../gateway/dist/store/channelMirror.js');
  const { ConsentReadings } = await import('../../gateway/dist/store/consentReadings.js');
  const { ConsentStore } = await import('../../gateway/dist/consent/consentStore.js');
  const { handedConsentKey } = await import('../../gateway/dist/consent/consentKey.js');
  const log = { info() {}, warn() {}, error() {} };
  const file = join(folder, 'gateway.db');
  openStore(file, { msp: OWN, channel: 'consilium' }).close();
  const database = openForMirror(file);
  const mirror = new ChannelMirror(database, OWN, log);
  const unreachable = () => Promise.reject(new Error('the bench has no peer'));
  const store = ConsentStore.open({
    home: folder,
    owner: { msp: OWN, channel: 'consilium' },
    key: handedConsentKey('11'.repeat(32)),
    ledger: mirror,
    sender: {
      ...{ send: committing(mirror), steward: 'steward', keepPrivate: unreachable, purgePrivate: unreachable },
      asAgent: { submit: unreachable },
    },
    clock: { now: () => Date.now(), monotonic: () => performance.now() },
    timers: {
      after(ms, callback) {
        const timer = setTimeout(callback, ms);
        return () => clearTimeout(timer);
      },
    },
    log,
  });
  const close = async () => {
    await store.stop();
    store.close();
  };
  return { store, mirror, readings: new ConsentReadings(database), database, close };
}

/** A channel that takes what the store sends, in a block of its own. */
function committing(mirror) {
  return async (_person, _name, { events }) => {
    const block = mirror.height();
    const transactionId = hash(`sent ${block}`);
    const at = Date.now();
    const recordedBy = { id: 'steward', role: 'data-steward' };
    const writes = events.map(({ narrows, ...event }) => {
      const restricts = narrows || event.kind === 'withdraw';
      const value = { msp: OWN, ...event, supersedes: event.seq === 0 ? null : event.seq - 1, restricts };
      return { key: `consent~${OWN}~${event.ref}~${ten(event.seq)}`, value: { ...value, recordedBy, recordedAt: at } };
    });
    mirror.take([{ block, transactionId, writes }]);
    return { transactionId, blockNumber: block, result: {} };
  };
}

/** Resolves once nothing waits for the channel. */
export async function sent(store) {
  while (store.queue().waiting > 0) await new Promise((resolve) => setTimeout(resolve, 20));
}

/** Of a study that asks for consent to health or medical research. */
export const PROTOCOL = {
  ...{ schemaVersion: 1, title: 'Heart disease', members: HOSPITALS, publicData: false, mode: 'open' },
  columns: [{ kind: 'number', name: 'age', unit: 'years', min: 0, max: 120 }],
  label: { kind: 'binary', column: 'num', positive: { above: 0 } },
  ...{
    standardisation: 'declared-ranges',
    split: { kind: 'listed' },
    model: { kind: 'logistic-regression' },
    seed: 42,
  },
  training: { steps: 10, batchSize: 4, optimiser: { kind: 'sgd', learningRate: 0.1 } },
  ...{ aggregation: {}, trainingRounds: 2, purposes: ['DUO:0000006'], consent: {} },
};
