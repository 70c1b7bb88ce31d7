/** What people do for a study to run: register, propose, approve. The rounds are the agents' own work. */
import type { StudyResource } from '@consilium/client';
import type { StudyProtocol } from '@consilium/domain';
import type { DemoHospital } from './hospitals.js';
import type { Say } from './say.js';

/** Every hospital's admin puts its hospital on the channel. */
export async function registerHospitals(hospitals: readonly DemoHospital[], say: Say): Promise<void> {
  await Promise.all(hospitals.map((hospital) => hospital.as('admin').registerHospital({}, { wait: true })));
  say.line(`${hospitals.length} hospitals registered: ${hospitals.map(({ name }) => name).join(', ')}`);
}

/** A name that no study of this channel has yet: `name`, else `name-2`, `name-3`… */
export async function freeStudyId(hospital: DemoHospital, name: string): Promise<string> {
  const researcher = hospital.as('researcher');
  const taken = new Set((await researcher.all((page) => researcher.studies(page))).map(({ study }) => String(study)));
  for (let k = 1; ; k += 1) {
    const id = k === 1 ? name : `${name}-${k}`;
    if (!taken.has(id)) return id;
  }
}

/** The first hospital's researcher proposes; every hospital's compliance officer signs the protocol's hash, once the own rows fit. */
export async function proposeAndApprove(
  hospitals: readonly DemoHospital[],
  id: string,
  protocol: StudyProtocol,
  say: Say,
): Promise<StudyResource> {
  const proposer = hospitals[0] as DemoHospital;
  const { record } = await proposer.as('researcher').proposeStudy({ study: id as never, protocol }, { wait: true });
  const study = record ?? (await proposer.as('researcher').study(id));
  say.line(`study "${protocol.title}" proposed by ${proposer.name}, protocol hash ${study.protocolHash.slice(0, 16)}…`);
  await Promise.all(
    hospitals.map(async (hospital) => {
      const officer = hospital.as('compliance-officer');
      const read = await readOwnCopy(hospital, id);
      await requireRows(hospital, id);
      await officer.approveStudy(
        id,
        { version: read.version, protocolHash: read.protocolHash, reason: 'demonstration' },
        { wait: true },
      );
      say.line(`  ${hospital.name}: approved ${read.protocolHash.slice(0, 16)}…`);
    }),
  );
  return proposer.as('researcher').study(id);
}

/** Nobody signs a study that the own file does not fit. @throws Error that names the hospital, the code and the line */
async function requireRows(hospital: DemoHospital, id: string): Promise<void> {
  try {
    await hospital.as('compliance-officer').dataReport(id);
  } catch (error) {
    throw new Error(`${hospital.name}: ${(error as Error).message}`, { cause: error });
  }
}

const COPY_MS_MAX = 30_000;
const COPY_POLL_MS = 100;

/** An officer signs what the own gateway shows, which may see the proposal a moment later than the proposer's. */
async function readOwnCopy(hospital: DemoHospital, id: string): Promise<StudyResource> {
  const until = Date.now() + COPY_MS_MAX;
  for (;;) {
    try {
      return await hospital.as('compliance-officer').study(id);
    } catch (error) {
      if (Date.now() > until) throw error;
      await new Promise((resolve) => setTimeout(resolve, COPY_POLL_MS));
    }
  }
}
