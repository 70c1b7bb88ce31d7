/** Tells the channel what a hospital's patients said, one after the other, until it stands there. */
import { createHash } from 'node:crypto';
import { type CommandInput, ConsiliumError, type Digest, type Msp } from '@consilium/domain';
import type { Channel, ChannelState, Clock } from '../../gateway/src/agent/ports.js';
import type { ConsentRecords, Said } from './consentRecords.js';
import type { Incarnation } from './incarnation.js';
import type { Random } from './random.js';

const AGAIN_MS_MAX = 1_000;

export class ConsentOutbox {
  readonly #records: ConsentRecords;
  readonly #channel: Channel;
  readonly #state: ChannelState;
  readonly #clock: Clock;
  readonly #process: Incarnation;
  readonly #random: Random;
  #isSending = false;

  constructor(
    records: ConsentRecords,
    channel: Channel,
    state: ChannelState,
    clock: Clock,
    process: Incarnation,
    random: Random,
  ) {
    this.#records = records;
    this.#channel = channel;
    this.#state = state;
    this.#clock = clock;
    this.#process = process;
    this.#random = random;
  }

  /** Goes on until nothing waits. */
  async send(): Promise<void> {
    if (this.#isSending) return;
    this.#isSending = true;
    const { queue } = this.#records;
    for (let head = queue[0]; head; head = queue[0]) {
      try {
        const event = eventOf(this.#records, head.patient, head.said, this.#state, this.#clock.now());
        const isEnding = head.said.kind === 'withdraw';
        await this.#channel.submit(isEnding ? 'ConsentContract:withdrawConsents' : 'ConsentContract:recordConsents', {
          events: [event],
        });
        queue.shift();
      } catch (error) {
        if (!(error instanceof ConsiliumError)) throw error;
        await this.#process.delay(this.#random.between(100, AGAIN_MS_MAX));
      }
    }
    this.#isSending = false;
  }
}

type EventInput = CommandInput<'ConsentContract:recordConsents'>['events'][number];

/** What goes on the channel, after what stands there by now. */
export function eventOf(
  records: ConsentRecords,
  patient: string,
  { kind, validTo, at }: Said,
  state: Pick<ChannelState, 'range'>,
  now: number,
): EventInput {
  const recorded = records.recorded(patient, state);
  const seq = recorded.length;
  const ref = records.refOf(patient);
  return {
    ref,
    seq,
    kind,
    commitment: createHash('sha256').update(`${ref} ${seq} ${kind}`).digest('hex') as Digest,
    codes: kind === 'grant' ? ['DUO:0000042'] : [],
    policyVersion: 1,
    validFrom: null,
    validTo,
    effectiveFrom: Math.min(now, Math.max(at, recorded.at(-1)?.effectiveFrom ?? 0)),
    meaning: 'recorded',
    reason: 'patient-asked',
  };
}

/** A hospital's first policy; a stricter one has a class of data less. */
export function policyText(msp: Msp, version: number): CommandInput<'ConsentContract:publishPolicy'> {
  const classes = ['laboratory', 'imaging', 'genome', 'notes', 'images', 'sounds', 'videos', 'scans'];
  return {
    title: `policy ${version} of ${msp}`,
    textHash: createHash('sha256').update(`${msp} ${version}`).digest('hex') as Digest,
    permittedPurposes: ['DUO:0000042'],
    dataClasses: classes.slice(0, classes.length - version),
    legalBasis: 'consent',
  };
}
