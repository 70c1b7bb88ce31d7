/** A hospital whose agent does in some private rounds what no honest one does. All else of it is the real agent. */
import { randomBytes } from 'node:crypto';
import {
  type CommandInput,
  Join,
  type JoinKeys,
  keyRange,
  type Msp,
  majority,
  recordUnder,
  refusal,
  SHARE_BYTES,
} from '@consilium/domain';
import type { AgentPorts } from '../../gateway/src/agent/agentPorts.js';
import { digestOf } from '../../gateway/src/agent/digestOf.js';
import type { DealtSecrets, Exchange, ShareHolder, ShareSealing } from '../../gateway/src/agent/ports.js';
import { sealPlainly } from './plainSealing.js';
import { STUDY } from './studyName.js';

export const ATTACKS = [
  'copies another join',
  'deals garbage',
  'deals boxes that open for fewer than t',
  'swaps boxes',
  'reveals a false share',
  'reveals nothing of anybody',
  'sends different bytes to different members',
  'withholds its bytes from all but t-1',
] as const;
export type AttackName = (typeof ATTACKS)[number];

export type Attack = Readonly<{ name: AttackName; by: Msp; rounds: readonly number[]; members: readonly Msp[] }>;

/** How often, and how long, the attacker waits for a join that it can copy. */
const COPY_ATTEMPTS_MAX = 20;
const COPY_WAIT_MS = 30;

/** The attacker's ports in the place of its agent's own. */
export function attackingPorts(ports: AgentPorts, attack: Attack): AgentPorts {
  const { name, rounds, by, members } = attack;
  const receiptsNeeded = majority({ members: [...members] }) - 1;
  const sealing = (change: Dealing): AgentPorts => ({
    ...ports,
    sealing: dealing(ports.sealing, (made, about) => (rounds.includes(about.round) ? change(made, about) : made)),
  });
  switch (name) {
    case 'copies another join':
      return sealing((made, { round }) => copied(ports, made, round, by));
    case 'deals garbage':
      return sealing((made, about) => garbled(made, about));
    case 'deals boxes that open for fewer than t':
      return sealing((made, { holders, threshold }) => closed(made, holders, threshold, by));
    case 'swaps boxes':
      return sealing((made, { holders }) => swapped(made, holders, by));
    case 'reveals a false share':
      return revealing(ports, rounds, (shares) => {
        const first = shares.findIndex((share) => share !== null);
        return shares.map((share, k) => (k === first ? randomBytes(SHARE_BYTES).toString('base64') : share));
      });
    case 'reveals nothing of anybody':
      return revealing(ports, rounds, (shares) => shares.map(() => null));
    case 'sends different bytes to different members':
      return {
        ...ports,
        exchange: pushing(ports.exchange, attack, (k) => (k < receiptsNeeded ? 'its bytes' : 'others')),
      };
    case 'withholds its bytes from all but t-1':
      return {
        ...ports,
        exchange: pushing(ports.exchange, attack, (k) => (k < receiptsNeeded ? 'its bytes' : 'nothing')),
      };
  }
}

/** Whether the attacker answers no one that asks for its bytes. */
export function isWithholding({ name }: Attack): boolean {
  return name === 'withholds its bytes from all but t-1';
}

type DealtAbout = Parameters<ShareSealing['deal']>[0] &
  Readonly<{ holders: readonly ShareHolder[]; threshold: number }>;
type Dealing = (made: DealtSecrets, about: DealtAbout) => DealtSecrets | Promise<DealtSecrets>;

function dealing(sealing: ShareSealing, change: Dealing): ShareSealing {
  return {
    ...sealing,
    deal: async (place, holders, threshold, next) => {
      const made = await sealing.deal(place, holders, threshold, next);
      return change(made, { ...place, holders, threshold });
    },
  };
}

/** The keys of somebody else's join, under its own name, with its own next share key. */
async function copied(
  { state, timers }: AgentPorts,
  made: DealtSecrets,
  round: number,
  by: Msp,
): Promise<DealtSecrets> {
  const { start, end } = keyRange('join', STUDY, round);
  for (let attempt = 0; attempt < COPY_ATTEMPTS_MAX; attempt += 1) {
    const joins = state.range(start, end).map(({ key, value }) => recordUnder(Join, key, value));
    const keys = joins.find(({ msp }) => msp !== by)?.keys;
    if (keys) return { ...made, keys: { ...keys, next: made.keys.next } };
    await new Promise<void>((resolve) => timers.after(COPY_WAIT_MS, resolve));
  }
  return made;
}

/** Shares that open and match their hashes, and give no secret, or another one. */
function garbled({ keys, ...secrets }: DealtSecrets, { holders, threshold, ...place }: DealtAbout): DealtSecrets {
  const share = (point: number) => Uint8Array.from([...randomBytes(SHARE_BYTES - 1), point + 1]);
  const dealt = holders.map((holder, k) => sealPlainly(place, holder, keys, { selfMask: share(k), maskKey: share(k) }));
  return { ...secrets, keys: { ...keys, dealt } };
}

/** Itself and t-2 others can open theirs. */
function closed(made: DealtSecrets, holders: readonly ShareHolder[], threshold: number, by: Msp): DealtSecrets {
  const others = holders.filter(({ msp }) => msp !== by).slice(0, threshold - 2);
  return withBoxes(made, (box, k) => {
    const holder = holders[k] as ShareHolder;
    if (holder.msp === by || others.includes(holder)) return box;
    return randomBytes(Buffer.from(box, 'base64').length).toString('base64');
  });
}

function swapped(made: DealtSecrets, holders: readonly ShareHolder[], by: Msp): DealtSecrets {
  const [one, other] = holders.flatMap(({ msp }, k) => (msp === by ? [] : [k])) as [number, number];
  const boxes = made.keys.dealt;
  return withBoxes(made, (box, k) => (k === one ? boxes[other] : k === other ? boxes[one] : box) as string);
}

function withBoxes(made: DealtSecrets, change: (box: string, position: number) => string): DealtSecrets {
  const keys: JoinKeys = { ...made.keys, dealt: made.keys.dealt.map(change) };
  return { ...made, keys };
}

type Shares = CommandInput<'RoundContract:reveal'>['shares'];

function revealing(ports: AgentPorts, rounds: readonly number[], change: (shares: Shares) => Shares): AgentPorts {
  const { channel } = ports;
  return {
    ...ports,
    channel: {
      recentCommitMs: () => channel.recentCommitMs(),
      submit: (name, command, signal) => {
        if (name !== 'RoundContract:reveal') return channel.submit(name, command, signal);
        const reveal = command as CommandInput<'RoundContract:reveal'>;
        if (!rounds.includes(reveal.round)) return channel.submit(name, command, signal);
        return channel.submit('RoundContract:reveal', { ...reveal, shares: change(reveal.shares) }, signal);
      },
    },
  };
}

/** @param sent what the k-th of the other members is sent */
function pushing(
  exchange: Exchange,
  { rounds, members, by }: Attack,
  sent: (k: number) => 'its bytes' | 'others' | 'nothing',
): Exchange {
  const others = members.filter((msp) => msp !== by);
  return {
    fetch: (digest, holders, signal) => exchange.fetch(digest, holders, signal),
    push: async (to, pushed, signal) => {
      const what = rounds.includes(pushed.round) ? sent(others.indexOf(to)) : 'its bytes';
      if (what === 'nothing') throw refusal('EXCHANGE_UNREACHABLE', { msp: to });
      if (what === 'its bytes') return exchange.push(to, pushed, signal);
      const bytes = Uint8Array.from(pushed.bytes, (byte, k) => (k === 0 ? byte ^ 1 : byte));
      return exchange.push(to, { ...pushed, bytes, digest: digestOf(bytes) }, signal);
    },
  };
}
