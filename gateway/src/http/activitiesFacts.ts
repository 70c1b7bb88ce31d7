/** Gathers what the register of processing activities says. */
import { ConsentPolicyHead, DataPermit, ledgerKey, type StudyProtocol } from '@consilium/domain';
import type { ActivitiesFacts, RegisteredStudy } from '../exports/activitiesRegister.js';
import type { ConsentRoom } from './consentRoom.js';
import { cohortUse } from './consentUses.js';
import { policyResource } from './policyResources.js';
import type { HospitalFacts } from './ports.js';
import { newestVersion, studyKeys, studySummary } from './studyResources.js';

const PAGE = 500;

export function activitiesFacts(
  room: ConsentRoom,
  { name, contact }: Pick<HospitalFacts, 'name' | 'contact'>,
): ActivitiesFacts {
  const { records, msp } = room;
  const head = records.get(ConsentPolicyHead, ledgerKey.policyHead(msp));
  const studies = studyKeys(records)
    .map(({ study }) => newestVersion(records, study))
    .filter(({ protocol }) => protocol.members.includes(msp));
  return {
    hospital: { msp, name, contact },
    madeAt: room.now(),
    height: room.height(),
    policy: (head && policyResource(records, msp, head.versions)) ?? null,
    studies: studies.map(({ study, protocol }) => registeredStudy(room, study, protocol)),
  };
}

function registeredStudy(
  room: ConsentRoom,
  study: RegisteredStudy['study'] & Parameters<typeof studySummary>[1],
  { title, members, purposes, consent, publicData }: StudyProtocol,
): RegisteredStudy {
  const { records, msp } = room;
  const joined = joinTimes(room, study);
  return {
    ...{ study, title, members, purposes },
    stage: studySummary(records, study).stage,
    dataClasses: consent?.dataClasses ?? [],
    legalBasis: consent?.legalBasis ?? (publicData ? 'none needed: public data' : 'none'),
    permitId: records.get(DataPermit, ledgerKey.permit(study, msp))?.permitId ?? null,
    roundsJoined: joined.length,
    firstJoinedAt: joined[0] ?? null,
    lastJoinedAt: joined.at(-1) ?? null,
  };
}

function joinTimes(room: ConsentRoom, study: Parameters<typeof studySummary>[1]): number[] {
  const times: number[] = [];
  let after: number | undefined;
  for (;;) {
    const found = room.readings.joins({ study, msp: room.msp }, after, PAGE);
    times.push(...found.items.map((join) => cohortUse(room, join).joinedAt));
    after = found.items.at(-1)?.mark;
    if (!found.more) return times;
  }
}
