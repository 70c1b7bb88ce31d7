/** Hospitals with policies, patients' records and a study that asks for consent, on a channel where only the contract runs. */
import {
  type CohortCommitment,
  type CommandInput,
  type ConsentKind,
  type ConsentRef,
  type Msp,
  refusalIn,
  type StudyProtocol,
  type TransactionName,
} from '@consilium/domain';
import { expect } from '@jest/globals';
import { type Asked, ContractChannel, digestOf, HOSPITALS, protocolOf } from './contractChannel.js';

export const GENERAL_RESEARCH = 'DUO:0000042';
export const BIOMEDICAL = 'DUO:0000006';
export const DAY_MS = 86_400_000;
const OWN = HOSPITALS[0] as Msp;

/** A record of a made-up patient. */
export const refOf = (name: string): ConsentRef => digestOf(`patient ${name}`).slice(0, 32) as ConsentRef;

type PolicyText = CommandInput<'ConsentContract:publishPolicy'>;

export function policyText(changes: Partial<PolicyText> = {}): PolicyText {
  return {
    title: 'Research at this hospital',
    textHash: digestOf('the text that patients are given'),
    permittedPurposes: [GENERAL_RESEARCH, BIOMEDICAL],
    dataClasses: ['laboratory'],
    legalBasis: 'consent',
    ...changes,
  };
}

type EventInput = CommandInput<'ConsentContract:recordConsents'>['events'][number];

/** Of a patient by name: what it says follows from kind and number, so the same call makes the same event. */
export function eventOf(
  channel: Pick<ContractChannel, 'now'>,
  patient: string,
  seq: number,
  kind: ConsentKind = 'grant',
  changes: Partial<EventInput> = {},
): EventInput {
  return {
    ref: refOf(patient),
    seq,
    kind,
    commitment: digestOf(`${patient} ${seq} ${kind}`),
    codes: [BIOMEDICAL],
    policyVersion: 1,
    validFrom: null,
    validTo: null,
    effectiveFrom: channel.now,
    meaning: 'recorded',
    reason: 'patient-asked',
    ...changes,
  };
}

/** A hospital with a policy, and nothing on file yet. */
export async function withPolicy(changes: Partial<PolicyText> = {}, msp: Msp = OWN): Promise<ContractChannel> {
  const channel = new ContractChannel();
  await channel.submit('ConsentContract:publishPolicy', policyText(changes), msp);
  return channel;
}

export const recordEvents = (channel: ContractChannel, events: readonly EventInput[], msp: Msp = OWN) =>
  channel.submit('ConsentContract:recordConsents', { events: [...events] }, msp);

/** The restriction epoch as it stands. */
export function epochOf(channel: ContractChannel, msp: Msp = OWN): number {
  return JSON.parse(channel.ledger.read(`epoch~${msp}`) ?? '{"epoch":0}').epoch;
}

/** A study of two purposes that asks for consent. */
export function consentProtocol(changes: Parameters<typeof protocolOf>[0] = {}): StudyProtocol {
  return protocolOf({ publicData: false, purposes: [GENERAL_RESEARCH, BIOMEDICAL], consent: {}, ...changes });
}

/** Round 1 of a study that asks for consent is open, and every hospital has a policy. */
export async function joiningWithConsent(
  changes: Parameters<typeof protocolOf>[0] = {},
  policy: Partial<PolicyText> = {},
): Promise<ContractChannel> {
  const channel = new ContractChannel();
  await channel.activeStudy(consentProtocol(changes));
  for (const msp of HOSPITALS) await channel.submit('ConsentContract:publishPolicy', policyText(policy), msp);
  await channel.initialRound();
  await channel.open(1, HOSPITALS.slice(0, 3));
  return channel;
}

/** The command of a join with a cohort as it should be; changes make it a bad one. */
export function cohortJoin(
  channel: ContractChannel,
  changes: Partial<CohortCommitment> = {},
  round = 1,
  msp: Msp = OWN,
): CommandInput<'RoundContract:joinRound'> {
  const cohort: CohortCommitment = {
    root: digestOf(`cohort ${round} ${msp}`),
    sizeBucket: '100-999',
    restrictionEpoch: epochOf(channel, msp),
    policyVersion: 1,
    purposes: [BIOMEDICAL, GENERAL_RESEARCH],
    ...changes,
  };
  return { ...channel.joinCommand(round), cohort };
}

export async function joinWithCohorts(channel: ContractChannel, round: number): Promise<void> {
  for (const msp of HOSPITALS)
    await channel.submit('RoundContract:joinRound', cohortJoin(channel, {}, round, msp), msp);
}

/** Expects a refusal with its code and words, and that nothing was written. */
export async function expectRefused<Name extends TransactionName>(
  channel: ContractChannel,
  name: Name,
  command: CommandInput<Name>,
  [code, says]: readonly [string, RegExp],
  msp: Msp = OWN,
  role?: Asked['role'],
): Promise<void> {
  const answer = await channel.endorse(name, command, msp, role);
  if (answer.ok) throw new Error(`endorsed: ${answer.response}`);
  expect(refusalIn(answer.error)).toMatchObject({ code, detail: expect.stringMatching(says) });
  expect(answer.writes).toEqual([]);
}

export type { EventInput };
export { OWN };
