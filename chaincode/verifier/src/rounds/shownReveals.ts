/**
 * Reveals that peers refused were read all the same: every transaction of the blocks that are here is looked at, whatever
 * the peers said of it.
 */
import { commands, type Msp, type RoundState, revealedKind, type ShareKind } from '@consilium/domain';
import type { Chain } from '../chain/chain.js';
import { readHeaders } from '../chain/headers.js';
import { Doubt } from '../doubt.js';
import { readCall } from '../evidence/endorsement.js';
import type { Report } from '../pack/report.js';
import { Message } from '../wire/message.js';
import { isListed } from './openedSum.js';
import type { RoundRecords } from './roundRecords.js';

const REVEAL = 'RoundContract:reveal';
const ENDORSER_TRANSACTION = 3;
const KINDS: readonly ShareKind[] = ['selfMask', 'maskKey'];

type Shown = Readonly<{ holder: Msp; shares: readonly (string | null)[] }>;
type Where = Readonly<{ chain: Chain; chaincode: string }>;

/** Names each share that should have stayed closed. @returns how many reveals of the round were looked at */
export function checkShownReveals(
  { chain, chaincode }: Where,
  records: RoundRecords,
  { survivors = [] }: RoundState,
  report: Report,
): number {
  const { round } = records.facts;
  let shown = 0;
  for (const number of chain.numbers())
    for (const [index, envelope] of (chain.block(number)?.envelopes ?? []).entries()) {
      const reveal = revealIn(envelope, chaincode, round);
      if (!reveal) continue;
      shown += 1;
      for (const [k, dealer] of round.available.entries()) {
        const share = reveal.shares[k] ?? null;
        const [closed] = KINDS.filter((kind) => kind !== revealedKind(survivors, dealer)) as [ShareKind];
        if (share !== null && isListed(records, { dealer, holder: reveal.holder, kind: closed }, share))
          report.fail(
            `transaction ${index} of block ${number}`,
            `${reveal.holder} shows its share of the ${closed} of ${dealer}: where t do, both of its secrets are known`,
          );
      }
    }
  return shown;
}

function revealIn(envelope: Buffer, chaincode: string, about: RoundRecords['facts']['round']): Shown | undefined {
  try {
    const payload = new Message(new Message(envelope, 'an envelope').bytes(1), 'a payload');
    const headers = readHeaders(payload.message(1, 'header'));
    if (headers.type !== ENDORSER_TRANSACTION || headers.chaincode !== chaincode) return undefined;
    const [action] = new Message(payload.bytes(2), 'a transaction').messages(1, 'an action');
    const call = action && readCall(new Message(action.bytes(2), 'an action').bytes(1), chaincode);
    if (call?.name !== REVEAL) return undefined;
    const { study, round, shares } = commands[REVEAL].parse(JSON.parse(call.argument));
    if (study !== about.study || round !== about.round) return undefined;
    return { holder: new Message(headers.creator, 'an identity').text(1) as Msp, shares };
  } catch (error) {
    // What cannot be read opens nothing: whatever stands in a block was sent by somebody.
    if (error instanceof Doubt || error instanceof SyntaxError || isShapeError(error)) return undefined;
    throw error;
  }
}

function isShapeError(error: unknown): boolean {
  return error instanceof Error && error.name === 'ZodError';
}
