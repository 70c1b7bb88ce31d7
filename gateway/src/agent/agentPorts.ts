/** All that an agent is given. */
import type { Msp } from '@consilium/domain';
import type {
  Arithmetic,
  Blobs,
  Channel,
  ChannelState,
  Clock,
  ConsentDesk,
  Exchange,
  Journal,
  Learner,
  Log,
  NewsDesk,
  PatientSource,
  PersonalStore,
  ReceiptKeys,
  RoundSecrets,
  ShareSealing,
  Timers,
} from './ports.js';

export type AgentPorts = Readonly<{
  state: ChannelState;
  channel: Channel;
  blobs: Blobs;
  exchange: Exchange;
  receiptKeys: ReceiptKeys;
  secrets: RoundSecrets;
  sealing: ShareSealing;
  journal: Journal;
  personal: PersonalStore;
  patients: PatientSource;
  consent: ConsentDesk;
  learner: Learner;
  arithmetic: Arithmetic;
  clock: Clock;
  timers: Timers;
  log: Log;
  news: NewsDesk;
}>;

/** Who the agent acts for, and on which channel: its name is part of what receipts sign. */
export type AgentIdentity = Readonly<{ msp: Msp; channel: string }>;
