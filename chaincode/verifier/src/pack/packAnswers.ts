/** Reads the endorsed answers of a pack. */
import type { Chain } from '../chain/chain.js';
import { must } from '../doubt.js';
import { type Answer, readAnswer } from '../evidence/answer.js';
import { Questions } from '../evidence/questions.js';
import type { About } from './about.js';
import type { Entries } from './entries.js';
import type { Report } from './report.js';

/** Making a pack takes no longer: answers from before are not what stood when it was made. */
const PACK_MS_MAX = 60 * 60_000;
/** Peers let an asker's clock be this far off (Fabric's `peer.authentication.timewindow`). */
const ASKED_SKEW_MS_MAX = 15 * 60_000;

export function readAnswers(
  entries: Entries,
  chain: Chain,
  { chaincode, createdAt }: Pick<About, 'chaincode' | 'createdAt'>,
  report: Report,
): Questions {
  const place = { channel: chain.channel, chaincode, configuration: chain.newest };
  const answers: Answer[] = [];
  for (const [name, content] of entries.under('answers'))
    report.try(name, () => {
      const answer = readAnswer(content, place);
      for (const { key, place: at } of answer.records)
        must(at.block <= chain.tip, `${key} was written in block ${at.block}, and the newest one here is ${chain.tip}`);
      must(
        answer.at <= createdAt && answer.at >= createdAt - PACK_MS_MAX,
        `it was asked at ${new Date(answer.at).toISOString()}, and the pack is of ${new Date(createdAt).toISOString()}: what came between is missing`,
      );
      answers.push(answer);
    });
  const questions = new Questions(answers, (where, why) => report.fail(where, why));
  tell(questions, answers, { chain, chaincode }, report);
  return questions;
}

function tell(
  questions: Questions,
  answers: readonly Answer[],
  { chain, chaincode }: Readonly<{ chain: Chain; chaincode: string }>,
  report: Report,
): void {
  const all = questions.all();
  if (all.length === 0) return;
  const asOf = Math.min(...all.map((each) => each.asOf));
  const records = all.reduce((sum, each) => sum + each.records.length, 0);
  const endorsersMin = Math.min(...all.map((each) => each.endorsersMin));
  report.proven.push(
    `Content and completeness: ${all.length} question${all.length === 1 ? '' : 's'} (${records} records), every page answered alike and ` +
      `signed by ${endorsersMin} or more of ${chain.newest.organizations.size} hospitals; a majority is ${chain.newest.majority}.`,
  );
  const digests = [...new Set(answers.map(({ chaincodeDigest }) => chaincodeDigest))];
  report.about.push(`chaincode that answered: ${chaincode}, ${digests.join(', ')}`);
  report.about.push(`asked by: ${[...new Set(answers.map(({ asker }) => asker))].join('; ')}`);
  report.about.push(`complete as of: ${new Date(asOf).toISOString()} (the asker's clock)`);
  report.limits.push(
    `What was recorded after ${new Date(asOf - ASKED_SKEW_MS_MAX).toISOString()}: peers let an asker's clock be ${ASKED_SKEW_MS_MAX / 60_000} minutes off, so the newest minutes are only as complete as the asker is honest.`,
  );
}
