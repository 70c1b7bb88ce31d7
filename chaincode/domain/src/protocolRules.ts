/** What a study protocol must be beyond the shape of its parts. Checked before it is proposed, and again by the contract. */
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { requireSuitableRule } from './aggregationRule.js';
import { canonicalJson } from './canonicalJson.js';
import { requireSoundConsent } from './consentRules.js';
import { type ConsiliumError, refusal } from './errors.js';
import { PRIVATE_MEMBERS_MIN, PROTOCOL_BYTES_MAX } from './limits.js';
import { requireSoundPrivacy } from './privacyRules.js';
import { featureNames } from './protocolColumns.js';
import { lossScale, statisticsScale, updateScale } from './quantisation.js';
import { asksForStatistics, quorum, roundsMax, type StudyProtocol } from './study.js';
import { sharedTensors, studyTensors } from './vectorLayout.js';

/**
 * @throws ConsiliumError PROTOCOL_TOO_LARGE, PROTOCOL_RULE_UNSUITABLE (aggregation), PROTOCOL_PRIVATE_TOO_SMALL,
 *   PROTOCOL_OVERFLOWS (sums could leave 32 bits), PROTOCOL_MODEL_INVALID (columns, label, model), INPUT_INVALID (rounds,
 *   quorum), PROTOCOL_PRIVACY_UNSOUND, PROTOCOL_CONSENT_UNSOUND
 */
export function requireSoundProtocol(protocol: StudyProtocol): void {
  const bytes = utf8ToBytes(canonicalJson(protocol)).length;
  if (bytes > PROTOCOL_BYTES_MAX) throw refusal('PROTOCOL_TOO_LARGE', { bytes, bytesMax: PROTOCOL_BYTES_MAX });
  requireSuitableRule(protocol.aggregation, protocol.members.length, protocol.mode);
  const members = protocol.members.length;
  if (protocol.mode === 'private' && members < PRIVATE_MEMBERS_MIN)
    throw refusal('PROTOCOL_PRIVATE_TOO_SMALL', { members });
  requireColumns(protocol);
  requireModel(protocol);
  requireScales(protocol);
  requireRounds(protocol);
  requireSoundPrivacy(protocol);
  requireSoundConsent(protocol);
}

function modelInvalid(problem: string): ConsiliumError {
  return refusal('PROTOCOL_MODEL_INVALID', { problem });
}

function requireColumns({ columns, label }: StudyProtocol): void {
  const twice = firstTwice(columns.map(({ name }) => name)) ?? firstTwice(featureNames(columns));
  if (twice !== undefined) throw modelInvalid(`two columns are called ${twice}`);
  if (columns.some(({ name }) => name === label.column))
    throw modelInvalid(`the label's column ${label.column} is among the features: it would predict itself`);
  if (label.kind === 'number' && label.min >= label.max)
    throw modelInvalid(`the label's min ${label.min} must be below its max ${label.max}`);
  const wide = [...columns, { ...label, name: label.column }].find(
    (column) => column.kind === 'number' && !Number.isFinite(column.max - column.min),
  );
  if (wide) throw modelInvalid(`the range of column ${wide.name} is too wide to be mapped to [-1, 1]`);
  for (const column of columns) {
    const same = column.kind === 'category' ? firstTwice(column.levels.map(levelValue)) : undefined;
    if (same !== undefined) throw modelInvalid(`column ${column.name} has two levels of the value ${same}`);
  }
}

/** A level as files are matched with it: numbers by their value, so that `1.0` is `1`. */
function levelValue(level: string): string {
  const number = level.trim() === '' ? Number.NaN : Number(level);
  return Number.isFinite(number) ? String(number) : level;
}

const LABEL_OF: Readonly<Record<string, StudyProtocol['label']['kind']>> = {
  'logistic-regression': 'binary',
  'linear-regression': 'number',
};

function requireModel(protocol: StudyProtocol): void {
  const { model, label } = protocol;
  const needed = LABEL_OF[model.kind];
  if (needed && label.kind !== needed)
    throw modelInvalid(`a ${model.kind} takes a ${needed} label, not a ${label.kind}`);
  const names = new Set(asModelInvalid(() => studyTensors(protocol)).map(({ name }) => name));
  const twice = firstTwice(protocol.personalTensors);
  if (twice !== undefined) throw modelInvalid(`the personal tensor ${twice} is listed twice`);
  const unknown = protocol.personalTensors.find((name) => !names.has(name));
  if (unknown !== undefined)
    throw modelInvalid(`the model has no tensor ${unknown} to be personal: it has ${[...names].join(', ')}`);
  if (sharedTensors(protocol).length === 0) throw modelInvalid('all tensors are personal: nothing is learned together');
}

function requireScales(protocol: StudyProtocol): void {
  try {
    updateScale(protocol);
    lossScale(protocol);
    statisticsScale(protocol);
  } catch (error) {
    if (error instanceof RangeError) throw refusal('PROTOCOL_OVERFLOWS', { problem: error.message }, { cause: error });
    throw error;
  }
}

function requireRounds(protocol: StudyProtocol): void {
  const invalid = (problems: string) => refusal('INPUT_INVALID', { problems: `protocol.${problems}` });
  const rounds = roundsMax(protocol);
  const needed = protocol.trainingRounds + (asksForStatistics(protocol) ? 3 : 2);
  if (rounds < needed)
    throw invalid(
      `roundsMax: ${rounds} rounds are too few: with first weights, statistics and evaluation ${needed} are needed`,
    );
  if (protocol.averageFrom !== undefined && protocol.averageFrom > rounds - 2)
    throw invalid(`averageFrom: round ${protocol.averageFrom} comes after the last training round ${rounds - 2}`);
  const { quorum: asked, members, mode, aggregation } = protocol;
  const least = quorum({ members, mode, aggregation });
  if (asked !== undefined && (asked < least || asked > members.length))
    throw invalid(
      `quorum: ${asked} is outside ${least} (a majority, and what the aggregation rule needs) to ${members.length} (all members)`,
    );
}

/** Runs what throws RangeError for a model that the protocol cannot have. */
function asModelInvalid<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof RangeError)
      throw refusal('PROTOCOL_MODEL_INVALID', { problem: error.message }, { cause: error });
    throw error;
  }
}

function firstTwice(names: readonly string[]): string | undefined {
  const seen = new Set<string>();
  return names.find((name) => seen.has(name) || !seen.add(name));
}
