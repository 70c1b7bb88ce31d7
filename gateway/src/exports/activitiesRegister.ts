/**
 * Records of processing activities after GDPR article 30(1): one line for each study that used, or may use, patients' data. By
 * its letters: (a) controller, joint controllers, data protection officer, each with contact details where the hospital has
 * said them, (b) purposes, (c) categories of data subjects and of data, (d) categories of recipients, (e) transfers to third
 * countries, (f) time limits for erasure, (g) security measures. Legal basis, stage and rounds are more than it asks for.
 */
import type { Instant, Msp } from '@consilium/domain';
import { PURPOSE_WORDS } from '@consilium/domain';
import { contactText, type ExportingHospital, timeText } from './consentFile.js';
import type { Column } from './csv.js';
import { html, list, table } from './markup.js';
import { printedPage, timeInWords } from './printedPage.js';

export type RegisteredStudy = Readonly<{
  study: string;
  title: string;
  stage: string;
  members: readonly Msp[];
  purposes: readonly string[];
  dataClasses: readonly string[];
  legalBasis: 'consent' | 'ehds-permit' | 'none needed: public data' | 'none';
  permitId: string | null;
  /** Rounds that this hospital committed a cohort for. */
  roundsJoined: number;
  firstJoinedAt: Instant | null;
  lastJoinedAt: Instant | null;
}>;

export type RegisteredPolicy = Readonly<{
  version: number;
  title: string;
  textHash: string;
  retentionDays: number;
}>;

export type ActivitiesFacts = Readonly<{
  hospital: ExportingHospital;
  madeAt: Instant;
  height: number;
  policy: RegisteredPolicy | null;
  studies: readonly RegisteredStudy[];
}>;

export type Activity = Readonly<{
  controller: string;
  controllerContact: string;
  dataProtectionOfficer: string;
  activity: string;
  purposes: readonly string[];
  categoriesOfDataSubjects: string;
  categoriesOfData: readonly string[];
  categoriesOfRecipients: readonly string[];
  thirdCountryTransfers: string;
  erasureTimeLimit: string;
  securityMeasures: readonly string[];
  legalBasis: string;
  jointControllers: readonly string[];
  stage: string;
  roundsJoined: number;
  from: string | null;
  to: string | null;
}>;

export type ActivitiesRegister = Readonly<{
  regulation: 'GDPR article 30(1)';
  controller: Readonly<{ id: string; name: string }>;
  madeAt: string;
  height: number;
  activities: readonly Activity[];
}>;

/** Article 32: what the product does whichever study it is. */
const MEASURES = [
  'records stay in the hospital: only updates of a model leave it, to members of the study',
  'patient links, salts and consents encrypted at rest, a key for each patient; erasure destroys the key',
  'mutually authenticated TLS between hospitals; people are known by certificates of their hospital',
  'each consultation of a consent is logged in a hash chain, anchored on the channel daily',
  'random refs and salted commitments on the channel',
];

/** Article 30 asks for it: a register that leaves it out in silence would look complete. */
const NOT_SAID = 'missing: the gateway’s configuration does not say it';

export function activitiesRegister({ hospital, madeAt, height, policy, studies }: ActivitiesFacts): ActivitiesRegister {
  const limit = policy ? `${policy.retentionDays} days after a record's last event` : 'no policy is published';
  const common = {
    controller: hospital.name,
    controllerContact: contactText(hospital.contact) ?? NOT_SAID,
    dataProtectionOfficer: hospital.contact.dataProtectionOfficer ?? NOT_SAID,
    categoriesOfDataSubjects: 'patients of the hospital',
    erasureTimeLimit: limit,
    securityMeasures: MEASURES,
  };
  return {
    regulation: 'GDPR article 30(1)',
    controller: { id: hospital.msp, name: hospital.name },
    madeAt: timeText(madeAt),
    height,
    activities: [
      {
        ...common,
        activity: 'Keeping of consents to research',
        purposes: ['demonstrating consent (article 7(1)), and acting on it'],
        categoriesOfData: ['patient number', 'consents, withdrawals and their history'],
        categoriesOfRecipients: ['hospitals of the channel: random refs, times, codes and commitments'],
        thirdCountryTransfers: 'see the hospitals of the channel',
        legalBasis: 'GDPR article 6(1)(c) with 7(1)',
        jointControllers: [],
        stage: policy ? `policy ${policy.version}: ${policy.title}` : 'no policy is published',
        ...{ roundsJoined: 0, from: null, to: null },
      },
      ...studies.map((study) => activityOf(study, hospital, common)),
    ],
  };
}

function activityOf(
  { title, study, members, purposes, dataClasses, legalBasis, permitId, stage, ...joined }: RegisteredStudy,
  hospital: ExportingHospital,
  common: Pick<
    Activity,
    | 'controller'
    | 'controllerContact'
    | 'dataProtectionOfficer'
    | 'categoriesOfDataSubjects'
    | 'erasureTimeLimit'
    | 'securityMeasures'
  >,
): Activity {
  const others = members.filter((msp) => msp !== hospital.msp);
  const text = (at: Instant | null) => (at === null ? null : timeText(at));
  return {
    ...common,
    activity: `Study “${title}” (${study})`,
    purposes: purposes.map((code) => PURPOSE_WORDS[code] ?? code),
    categoriesOfData: dataClasses.length > 0 ? dataClasses : ['the columns that the protocol names'],
    categoriesOfRecipients: others.map((msp) => `${msp}: updates of a model, and aggregate figures`),
    thirdCountryTransfers: 'none of records; updates of a model go to the members named',
    legalBasis: permitId === null ? legalBasis : `${legalBasis}, permit ${permitId}`,
    jointControllers: others,
    stage,
    roundsJoined: joined.roundsJoined,
    ...{ from: text(joined.firstJoinedAt), to: text(joined.lastJoinedAt) },
  };
}

export const ACTIVITY_COLUMNS: readonly Column<Activity>[] = [
  { name: 'controller', value: ({ controller }) => controller },
  { name: 'controllerContact', value: ({ controllerContact }) => controllerContact },
  { name: 'dataProtectionOfficer', value: ({ dataProtectionOfficer }) => dataProtectionOfficer },
  { name: 'activity', value: ({ activity }) => activity },
  { name: 'purposes', value: ({ purposes }) => purposes.join('; ') },
  { name: 'categoriesOfDataSubjects', value: ({ categoriesOfDataSubjects }) => categoriesOfDataSubjects },
  { name: 'categoriesOfData', value: ({ categoriesOfData }) => categoriesOfData.join('; ') },
  { name: 'categoriesOfRecipients', value: ({ categoriesOfRecipients }) => categoriesOfRecipients.join('; ') },
  { name: 'thirdCountryTransfers', value: ({ thirdCountryTransfers }) => thirdCountryTransfers },
  { name: 'erasureTimeLimit', value: ({ erasureTimeLimit }) => erasureTimeLimit },
  { name: 'securityMeasures', value: ({ securityMeasures }) => securityMeasures.join('; ') },
  { name: 'legalBasis', value: ({ legalBasis }) => legalBasis },
  { name: 'jointControllers', value: ({ jointControllers }) => jointControllers.join('; ') },
  { name: 'stage', value: ({ stage }) => stage },
  { name: 'roundsJoined', value: ({ roundsJoined }) => roundsJoined },
  { name: 'from', value: ({ from }) => from },
  { name: 'to', value: ({ to }) => to },
];

export function activitiesPage(facts: ActivitiesFacts): string {
  const { controller, activities } = activitiesRegister(facts);
  const title = `Processing activities of ${controller.name}`;
  return printedPage(
    title,
    html`<h1>${title}</h1>
<p class="soft">GDPR article 30(1), ${timeInWords(facts.madeAt)}, block height ${facts.height}.</p>
<p>Controller: ${controller.name} (${controller.id}). Contact: ${activities[0]?.controllerContact ?? NOT_SAID}. Data protection officer: ${activities[0]?.dataProtectionOfficer ?? NOT_SAID}.</p>
${table(
  'One line an activity',
  ['Activity', 'Purposes', 'Data', 'Recipients', 'Legal basis', 'Kept', 'Stage'],
  activities.map((one) => [
    one.activity,
    one.purposes.join('; '),
    one.categoriesOfData.join('; '),
    one.categoriesOfRecipients.join('; '),
    one.legalBasis,
    one.erasureTimeLimit,
    one.stage,
  ]),
)}
<h2>Security of processing</h2>${list(MEASURES)}`,
    'broad',
  );
}
