/** The hospital's own consent store, as its agent, its people and the channel meet it. */
import { ledgerKey, refusal } from '@consilium/domain';
import { z } from 'zod';
import type { Log } from './agent/ports.js';
import { systemTimers } from './agent/systemTimers.js';
import type { GatewayConfiguration } from './configuration.js';
import { ConsentKeyFile, handedConsentKey } from './consent/consentKey.js';
import type { ConsentSender } from './consent/consentPorts.js';
import { ConsentStore } from './consent/consentStore.js';
import type { HospitalDisk } from './hospitalDisk.js';
import type { Person } from './http/ports.js';
import type { FabricChannel } from './ledger/fabricChannel.js';
import { systemClock } from './systemClock.js';

type Senders = Readonly<{ people: readonly Person[]; channel: FabricChannel }>;

/**
 * @param handedKey the key where the configuration names no file: 64 hexadecimal digits
 * @returns undefined where the configuration has no consent store
 * @throws ConsiliumError CONSENT_STORE_LOCKED where the key does not open it
 */
export function ownConsent(
  { consent, home, msp }: GatewayConfiguration,
  channel: string,
  disk: HospitalDisk,
  senders: Senders,
  handedKey: string | undefined,
  log: Log,
): ConsentStore | undefined {
  if (!consent) return undefined;
  const key = consent.keyFile === undefined ? handedConsentKey(handedKey ?? '') : new ConsentKeyFile(consent.keyFile);
  return ConsentStore.open({
    home,
    owner: { msp, channel },
    key,
    ledger: disk.mirror,
    sender: senderOf(senders),
    clock: systemClock,
    timers: systemTimers,
    log,
  });
}

/** Events are signed by the people who recorded them, never by the gateway. */
function senderOf({ people, channel }: Senders): ConsentSender {
  return {
    steward: people.find(({ role }) => role === 'data-steward')?.name,
    send: async (name, transaction, command, signal) => {
      const person = people.find((candidate) => candidate.name === name);
      if (!person) throw refusal('CONSENT_PERSON_UNKNOWN', { person: name });
      const sent = await person.channel.send(transaction, command, signal);
      return sent.committed(signal);
    },
    asAgent: channel,
    keepPrivate: (openings, signal) => {
      const transient = { openings: JSON.stringify(Object.fromEntries(openings)) };
      return channel.submitAtHome('ConsentContract:keepPrivate', { refs: [...openings.keys()] }, transient, signal);
    },
    readPrivate: async (refs, signal) => {
      const { items } = await channel.readAtHome('ConsentContract:readPrivate', { refs: [...refs] }, signal);
      const found = new Map(items.map(({ key, value }) => [key, z.string().parse(value)]));
      return new Map(
        refs.flatMap((ref) => {
          const opening = found.get(ledgerKey.opening(ref));
          return opening === undefined ? [] : [[ref, opening] as const];
        }),
      );
    },
    purgePrivate: (refs, signal) =>
      channel.submitAtHome('ConsentContract:purgePrivate', { refs: [...refs] }, {}, signal),
  };
}
