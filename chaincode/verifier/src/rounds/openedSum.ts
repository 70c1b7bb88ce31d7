/** Opens a private round: checks every revealed share and puts secrets together, so that the masks come off the sum. */
import {
  type JoinedKeys,
  listedShareHash,
  type Msp,
  majority,
  type Outcome,
  type RoundState,
  revealedKind,
  type ShareKind,
  shareHash,
  shareOf,
} from '@consilium/domain';
import { must } from '../doubt.js';
import type { Report } from '../pack/report.js';
import { sha256 } from '../wire/sha256.js';
import type { OpenedSecrets } from './masks.js';
import type { RoundRecords } from './roundRecords.js';
import { isMaskKey, isSelfMask, recombined } from './secrets.js';

export type Opened = OpenedSecrets | Extract<Outcome, { kind: 'sealed' }>;

/** Names every share that is not the one of its kind that its dealer listed for its holder. */
export function checkReveals(records: RoundRecords, state: RoundState, report: Report): void {
  const { round } = records.facts;
  const { roster = [], survivors = [] } = state;
  for (const reveal of records.reveals)
    report.try(`reveal of ${reveal.msp}`, () => {
      must(round.shareKeys?.some(({ msp }) => msp === reveal.msp) === true, 'it holds no shares of this round');
      must(reveal.shares.length === round.available.length, 'it has not one place for each that could join');
      for (const of of round.available) {
        const share = shareOf(round, reveal, of);
        if (share === undefined) continue;
        must(roster.includes(of), `${of} did not join`);
        const kind = revealedKind(survivors, of);
        const [other] = (['selfMask', 'maskKey'] as const).filter((each) => each !== kind) as [ShareKind];
        const isOfOther = isListed(records, { dealer: of, holder: reveal.msp, kind: other }, share);
        must(!isOfOther, `it opens the ${other} of ${of}: with the other's ${kind} its update alone can be read`);
        must(
          isListed(records, { dealer: of, holder: reveal.msp, kind }, share),
          `its share of the ${kind} of ${of} is not the one that ${of} listed`,
        );
      }
    });
}

/** Whether a dealer's join lists this share for a holder. */
export function isListed(
  { facts }: RoundRecords,
  { dealer, holder, kind }: Readonly<{ dealer: Msp; holder: Msp; kind: ShareKind }>,
  share: string,
): boolean {
  const place = facts.round.shareKeys?.findIndex(({ msp }) => msp === holder) ?? -1;
  const dealt = facts.joins.get(dealer)?.keys?.dealt[place];
  const listed = dealt === undefined ? undefined : listedShareHash(dealt, kind);
  const found = shareHash(dealer, holder, kind, Buffer.from(share, 'base64'), sha256);
  return listed !== undefined && Buffer.from(found).equals(listed);
}

/** The first t shares of each hospital in the order of the chain decide. @throws Doubt where shares are lacking */
export function openedSecrets({ version, facts, reveals }: RoundRecords, state: RoundState): Opened {
  const { roster = [], survivors = [] } = state;
  const needed = majority(version.protocol);
  const holders = facts.round.shareKeys?.length ?? 0;
  const opened = { selfMasks: new Map<Msp, Buffer>(), maskKeys: new Map<Msp, Buffer>() };
  for (const of of [...roster].sort()) {
    const shares = reveals.flatMap((reveal) => shareOf(facts.round, reveal, of) ?? []);
    // Of a hospital that joined, a reveal without a share says that its box could not be opened.
    if (holders - (reveals.length - shares.length) < needed) return { kind: 'sealed', reason: 'UNOPENED', dealer: of };
    must(shares.length >= needed, `only ${shares.length} shares of ${of} were revealed, ${needed} open it`);
    const kind = revealedKind(survivors, of);
    const secret = secretIn(shares.slice(0, needed), kind, facts.joins.get(of)?.keys);
    if (!secret) return { kind: 'sealed', reason: 'BAD_DEALER', dealer: of };
    (kind === 'selfMask' ? opened.selfMasks : opened.maskKeys).set(of, secret);
  }
  return opened;
}

function secretIn(shares: readonly string[], kind: ShareKind, keys: JoinedKeys | undefined): Buffer | undefined {
  const secret = recombined(shares.map((share) => Buffer.from(share, 'base64')));
  if (!secret || !keys) return undefined;
  const isRight = kind === 'selfMask' ? isSelfMask(secret, keys.selfMaskHash) : isMaskKey(secret, keys.maskKey);
  return isRight ? secret : undefined;
}
