/** Watches a study's rounds through one gateway's event stream until the study ends, and tells of each. */
import type { RoundResource, RoundSummary } from '@consilium/client';
import { decimals, percent } from '@consilium/client/text';
import {
  accuracy,
  areaUnderCurve,
  lossScale,
  type Metrics,
  majority,
  meanLoss,
  type StudyProtocol,
} from '@consilium/domain';
import type { DemoHospital } from './hospitals.js';
import { outsiderView } from './outsiderView.js';
import type { Say } from './say.js';

/**
 * The ledger may be still for as long as joining and contributing last, be it for long training or a lost hospital. After
 * this much more the demo gives up and says so.
 */
const SILENCE_BEYOND_DEADLINES_MS = 60_000;
/** What a timer of Node can wait. */
const TIMER_MS_MAX = 2 ** 31 - 1;

const HEAD = [
  'round',
  'kind',
  'joined',
  'contributed',
  'equal',
  'model digest',
  'log-loss',
  'AUC',
  'accuracy',
  'seconds',
];
const WIDTHS = [5, 10, 6, 11, 5, 14, 8, 5, 8, 7];

/**
 * Resolves when the study has ended.
 * @throws Error where it pauses, or nothing happens any more
 */
export async function followStudy(
  hospitals: readonly DemoHospital[],
  study: string,
  protocol: StudyProtocol,
  say: Say,
  signal: AbortSignal,
): Promise<void> {
  const client = (hospitals[0] as DemoHospital).as('researcher');
  const quiet = new AbortController();
  const { joinMs, contributeMs } = protocol.deadlines;
  const silenceMsMax = Math.min(TIMER_MS_MAX, joinMs + contributeMs + SILENCE_BEYOND_DEADLINES_MS);
  const watchdog = setTimeout(() => quiet.abort(), silenceMsMax);
  const heard = AbortSignal.any([signal, quiet.signal]);
  const told = new Set<number>();
  const lines = new RoundLines(protocol, say);
  let isShown = protocol.mode === 'open';
  const readAll = async (): Promise<boolean> => {
    const { stage, progress, failures } = await client.study(study);
    const summaries = await client.all((page) => client.rounds(study, page));
    for (const summary of summaries) {
      // A line says how many attested, so it waits for the last one; but not when the next round is under way.
      const isLast = summary.round === summaries.at(-1)?.round;
      if (told.has(summary.round) || !isSettled(summary) || (isLast && stage !== 'ended' && !allAttested(summary)))
        continue;
      told.add(summary.round);
      lines.settled(await client.round(study, summary.round));
      if (isShown || summary.kind !== 'training' || summary.stage !== 'agreed') continue;
      isShown = true;
      for (const line of await outsiderView(hospitals, study, summary.round, heard)) say.line(line);
    }
    if (stage === 'paused')
      throw new Error(
        `the study is paused after ${progress.abortsInRow} aborted and ${progress.rejectionsInRow} rejected rounds in a row: ${failures.map(({ code, detail }) => `${code}: ${detail}`).join('; ') || 'see the logs, then vote to resume'}`,
      );
    return stage === 'ended';
  };
  try {
    lines.head();
    if (await readAll()) return;
    for await (const event of client.events(study, heard)) {
      watchdog.refresh();
      if (event.type === 'ledger') for (const { key } of event.writes) lines.saw(key);
      const mayHaveSettled =
        event.type === 'reset' ||
        (event.type === 'ledger' && event.writes.some(({ key }) => /^(?:attestation|close|model|round)~/.test(key)));
      if (mayHaveSettled && (await readAll())) return;
    }
    if (quiet.signal.aborted)
      throw new Error(`nothing happened on the ledger for ${silenceMsMax / 1000} s: see the logs`);
    signal.throwIfAborted();
  } finally {
    clearTimeout(watchdog);
    quiet.abort();
  }
}

function isSettled({ stage }: RoundSummary): boolean {
  return stage === 'agreed' || stage === 'aborted';
}

function allAttested({ stage, attestations, roster, abort }: RoundSummary): boolean {
  return stage === 'aborted' || abort !== null || attestations >= (roster?.length ?? Number.POSITIVE_INFINITY);
}

class RoundLines {
  readonly #protocol: StudyProtocol;
  readonly #say: Say;
  readonly #facts = new Map<string, Set<string>>();
  #last = performance.now();

  constructor(protocol: StudyProtocol, say: Say) {
    this.#protocol = protocol;
    this.#say = say;
  }

  head(): void {
    this.#say.line();
    this.#say.line(cells(HEAD));
  }

  /** A key that was written: a live count of who has done what in the round. */
  saw(key: string): void {
    const [fact, , round, msp] = key.split('~');
    if (!round || !msp || !['join', 'contribution', 'reveal', 'attestation'].includes(fact ?? '')) return;
    const set = this.#facts.get(`${fact} ${round}`) ?? new Set();
    this.#facts.set(`${fact} ${round}`, set.add(msp));
    const count = (name: string) => this.#facts.get(`${name} ${round}`)?.size ?? 0;
    const of = this.#protocol.members.length;
    const opened = this.#protocol.mode === 'private' ? `, revealed ${count('reveal')}/${majority(this.#protocol)}` : '';
    this.#say.live(
      `${String(Number(round)).padStart(5)}  … joined ${count('join')}/${of}, contributed ${count('contribution')}/${of}${opened}, attested ${count('attestation')}/${of}`,
    );
  }

  settled(round: RoundResource): void {
    const now = performance.now();
    const seconds = (now - this.#last) / 1000;
    this.#last = now;
    const of = round.opened.available.length;
    const initial = round.kind === 'initial';
    const metrics = metricsOf(round);
    this.#say.line(
      cells([
        String(round.round),
        round.kind,
        initial ? '-' : `${Object.keys(round.joins).length}/${of}`,
        initial ? '-' : `${Object.keys(round.contributions).length}/${of}`,
        `${round.attestations}`,
        round.modelDigest ? `${round.modelDigest.slice(0, 12)}…` : (round.abort?.reason ?? '-'),
        decimals(metrics ? meanLoss(metrics, lossScale(this.#protocol)) : null),
        decimals(metrics?.kind === 'binary' ? areaUnderCurve(metrics) : null),
        percent(metrics?.kind === 'binary' ? accuracy(metrics) : null),
        seconds.toFixed(2),
      ]),
    );
  }
}

/** What a round says about its base: on test rows in the evaluation round, else on validation rows. */
function metricsOf(round: RoundResource): Metrics | null {
  for (const { outcome } of Object.values(round.attested)) {
    if (outcome.kind !== 'version' || outcome.digest !== round.modelDigest) continue;
    return outcome.result.test?.base ?? outcome.result.validation?.metrics ?? null;
  }
  return null;
}

function cells(texts: readonly string[]): string {
  return texts
    .map((text, k) => (k === 1 || k === 5 ? text.padEnd(WIDTHS[k] as number) : text.padStart(WIDTHS[k] as number)))
    .join('  ');
}
