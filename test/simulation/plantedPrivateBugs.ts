/** Bugs of private rounds that were planted to see whether the simulation finds them: each breaks one promise of the masks. */
import {
  type CommandInput,
  Join,
  keyRange,
  ledgerKey,
  type Msp,
  type Round,
  recordUnder,
  type ShareKind,
  type TransactionName,
} from '@consilium/domain';
import type { AgentPorts } from '../../gateway/src/agent/agentPorts.js';
import type { Channel, ChannelState, RoundSecrets } from '../../gateway/src/agent/ports.js';
import { CHANNEL } from './channelNetwork.js';
import { type PlantedBug, planted } from './plantedBugs.js';
import { STUDY } from './studyName.js';

export const PLANTED_PRIVATE_BUGS: readonly PlantedBug[] = [
  planted(
    'a holder reveals its shares with its contribution, as if all would survive',
    {
      ports: (msp, ports) => ({
        ...ports,
        channel: before(ports.channel, 'RoundContract:contribute', async ({ round }) =>
          reveal(ports, round, await sharesOf(ports, msp, round, () => 'selfMask')),
        ),
      }),
    },
    /reveals of round \d+ before its survivors are fixed/,
  ),
  planted(
    'a holder decides anew what it reveals each time that it sends it',
    {
      ports: (_msp, ports) => ({
        ...ports,
        channel: before(ports.channel, 'RoundContract:reveal', async ({ round, shares }) =>
          reveal(ports, round, [null, ...shares.slice(1)]),
        ),
      }),
    },
    /revealed two different things of round/,
  ),
  planted(
    'a holder reveals of each hospital what the survivors’ sum does not need',
    {
      ports: (msp, ports) => ({
        ...ports,
        channel: before(ports.channel, 'RoundContract:reveal', async ({ round }) =>
          reveal(
            ports,
            round,
            await sharesOf(ports, msp, round, (isSurvivor) => (isSurvivor ? 'maskKey' : 'selfMask')),
          ),
        ),
      }),
    },
    /the (?:maskKey|selfMask) of \w+ is shown|both secrets of/,
  ),
  planted(
    'a holder does not look whether a sum over the base may be open already',
    { ports: (_msp, ports) => ({ ...ports, state: unguarded(ports.state) }) },
    /sums of [\w ]+ and of [\w ]+ are open/,
  ),
  planted(
    'an agent keeps the secrets of its mask beside the masked vector',
    { ports: (_msp, ports) => ({ ...ports, secrets: hoarding(ports.secrets) }) },
    /and keeps the secrets that mask it/,
  ),
  planted(
    'an agent destroys no share key',
    {
      ports: (_msp, ports) => ({
        ...ports,
        secrets: { ...ports.secrets, destroy: (study, _keys, rounds) => ports.secrets.destroy(study, [], rounds) },
      }),
    },
    /keeps share keys/,
  ),
  planted(
    'a dealer seals all shares to the first holder’s key',
    {
      ports: (_msp, ports) => ({
        ...ports,
        sealing: {
          ...ports.sealing,
          deal: (place, holders, threshold, next) => {
            const publicKey = holders[0]?.publicKey as string;
            return ports.sealing.deal(
              place,
              holders.map(({ msp }) => ({ msp, publicKey })),
              threshold,
              next,
            );
          },
        },
      }),
    },
    /opens with the key of/,
  ),
];

type Reveal = CommandInput<'RoundContract:reveal'>;

/** Does something before each sending of a transaction; what comes of it is nobody's business. */
function before<Name extends TransactionName>(
  channel: Channel,
  name: Name,
  act: (command: CommandInput<Name>) => Promise<unknown>,
): Channel {
  return {
    recentCommitMs: () => channel.recentCommitMs(),
    submit: async (sent, command, signal) => {
      if ((sent as string) === name) await act(command as unknown as CommandInput<Name>).catch(() => undefined);
      return channel.submit(sent, command, signal);
    },
  };
}

async function reveal({ channel }: AgentPorts, round: number, shares: Reveal['shares']): Promise<void> {
  await channel.submit('RoundContract:reveal', { study: STUDY, round, shares });
}

/** A holder's shares of everybody that joined. */
async function sharesOf(
  { state, secrets, sealing }: AgentPorts,
  msp: Msp,
  number: number,
  kindOf: (isSurvivor: boolean) => ShareKind,
): Promise<Reveal['shares']> {
  const round = state.get(ledgerKey.round(STUDY, number)) as Round;
  const { start, end } = keyRange('join', STUDY, number);
  const joins = new Map(
    state
      .range(start, end)
      .map(({ key, value }) => recordUnder(Join, key, value))
      .map((join) => [join.msp, join]),
  );
  const position = round.shareKeys?.findIndex((pinned) => pinned.msp === msp) ?? -1;
  const privateKey = await secrets.shareKey(STUDY, round.shareKeys?.[position]?.index ?? -1);
  return Promise.all(
    round.available.map(async (dealer) => {
      const keys = joins.get(dealer)?.keys;
      const place = { channel: CHANNEL, study: STUDY, round: number, dealer };
      const opened = keys && privateKey && (await sealing.open(place, { msp, position, privateKey }, keys));
      const isSurvivor = state.get(ledgerKey.contribution(STUDY, number, dealer)) !== undefined;
      return opened ? opened[kindOf(isSurvivor)] : null;
    }),
  );
}

/** A mirror whose rounds do not say that they must have the survivors of an earlier one. */
function unguarded(state: ChannelState): ChannelState {
  const changed = new WeakMap<object, unknown>();
  const without = (key: string, value: unknown): unknown => {
    if (!key.startsWith('round~') || typeof value !== 'object' || value === null) return value;
    if (!changed.has(value)) {
      const { sameSurvivorsAs, ...round } = value as Round;
      changed.set(value, sameSurvivorsAs ? round : value);
    }
    return changed.get(value);
  };
  return {
    height: () => state.height(),
    get: (key) => without(key, state.get(key)),
    range: (start, end) => state.range(start, end).map(({ key, value }) => ({ key, value: without(key, value) })),
    recordOf: (key) => state.recordOf(key),
    onChange: (listener) => state.onChange(listener),
  };
}

/** Keeps what it should have replaced, and the masked vector in memory. */
function hoarding(secrets: RoundSecrets): RoundSecrets {
  const masked = new Map<number, Uint8Array>();
  return {
    ...secrets,
    keepMasked: async (_study, round, vector) => void masked.set(round, vector),
    masked: async (_study, round) => masked.get(round),
    stateOf: async (study, round) => (masked.has(round) ? 'masked' : secrets.stateOf(study, round)),
  };
}
