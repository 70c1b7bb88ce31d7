/** A patient's own page, in plain words: what they allowed, which studies used their data and why, how to change it. */
import { type ConsentKind, consentEndsAt, PURPOSE_WORDS, type Role } from '@consilium/domain';
import {
  type ConsentFile,
  contactText,
  type ExportingHospital,
  type FiledEvent,
  type FiledRecord,
  type FiledStudy,
  type FiledUse,
} from './consentFile.js';
import { html, list, type Markup, table } from './markup.js';
import { termsInWords } from './plainTerms.js';
import { dateInWords, printedPage, timeInWords } from './printedPage.js';

const READS_SHOWN_MAX = 50;

/** What happened, as the patient did it or it happened to the consent. */
const KINDS: Readonly<Record<ConsentKind, string>> = {
  grant: 'You allowed it',
  change: 'You changed what you allow',
  withdraw: 'You withdrew it',
  expire: 'It ended',
  'opt-out': 'You opted out',
  'opt-in': 'You opted in again',
};

const REASONS: Readonly<Record<FiledEvent['reason'], string>> = {
  'patient-asked': 'you asked for it',
  'representative-asked': 'somebody who speaks for you asked for it',
  'imported-from-paper': 'taken over from a paper form',
  'imported-from-record': 'taken over from your medical record',
  correction: 'a mistake was put right',
  'validity-ended': 'the time that you allowed was over',
  'study-ended': 'the study ended',
  'patient-died': 'the patient died',
  'court-order': 'a court ordered it',
  'policy-changed': 'the hospital changed its rules',
};

const READS: Readonly<Record<string, string>> = {
  patient: 'looked up your consent',
  history: 'read its history',
  effective: 'read what you allow',
  uses: 'read what it was used for',
  decisions: 'read a decision about it',
  export: 'took a copy of it',
  evidence: 'took a proof about it',
  audit: 'checked it in an audit',
  reads: 'read this list',
  'patient-page': 'made this page',
};

const ROLES: Readonly<Partial<Record<Role, string>>> = {
  admin: 'keeps the computers',
  auditor: 'auditor',
  'compliance-officer': 'watches over the rules',
  'data-steward': 'looks after data',
  'patient-desk': 'patient desk',
};

/** @returns HTML; it needs nothing but PAGE_POLICY */
export function patientPage(file: ConsentFile): string {
  const { hospital, patient, madeAt, records } = file;
  const current = records.at(-1);
  const title = `Your data in research at ${hospital.name}`;
  return printedPage(
    title,
    html`<header>
<h1>${title}</h1>
<p class="soft">Patient ${patient}, as of ${timeInWords(madeAt)}.</p>
</header>
<section aria-labelledby="allowed"><h2 id="allowed">What you allowed</h2>
${current ? allowed(current, madeAt) : html`<p class="answer no">Nothing is on file. Your data is not used for research.</p>`}
</section>
<section aria-labelledby="used"><h2 id="used">Which studies used your data, and why</h2>
${used(file)}
</section>
<section aria-labelledby="change"><h2 id="change">How to change it</h2>
${change(hospital)}
</section>
<section aria-labelledby="steps"><h2 id="steps">What happened, step by step</h2>
${steps(records)}
</section>
<section aria-labelledby="readers"><h2 id="readers">Who looked at your consent</h2>
${readers(file)}
</section>
<footer class="soft">
${
  current
    ? html`<p>Your record has a random number, <code>${current.ref}</code>. All hospitals of the network see that number, and never your name. Only
this hospital knows that it is you.</p>`
    : null
}
</footer>`,
  );
}

function allowed({ inForce, stands }: FiledRecord, now: number): Markup {
  if (!inForce) return html`<p class="answer no">Nothing is in force. Your data is not used for research.</p>`;
  const since = dateInWords(inForce.effectiveFrom);
  if (inForce.kind === 'opt-in')
    return html`<p class="answer yes">You opted in again on ${since}: studies with a data permit may use your data.</p>`;
  if (!stands)
    return inForce.kind === 'grant' || inForce.kind === 'change'
      ? html`<p class="answer no">${timeOf(inForce, now)} Your data is not used for research.</p>`
      : html`<p class="answer no">${KINDS[inForce.kind]} on ${since}. Your data is in no training that began after that.${inForce.state === 'waiting' ? ' The other hospitals will have it on record within minutes; here it acts already.' : ''}</p>`;
  const end = consentEndsAt(inForce);
  const until = end === undefined ? '' : `, until ${dateInWords(end)}`;
  const pending =
    inForce.state === 'waiting'
      ? html`<p>It acts once the network of hospitals has it on record, usually within minutes.</p>`
      : null;
  const kinds = inForce.dataClasses.length > 0 ? inForce.dataClasses.join(', ') : 'all kinds that the text names';
  return html`<p class="answer yes">You allow the use of your data since ${since}${until}, for:</p>
${list(termsInWords(inForce.terms))}${inForce.terms.some(({ values }) => values.some(isCode)) ? html`<p class="soft">Codes such as ${inForce.terms.flatMap(({ values }) => values).find(isCode) ?? ''} name diseases in an international list. The patient desk can tell you which they are.</p>` : null}
<p>Kinds of data: ${kinds}.</p>${pending}
${inForce.policy ? html`<p class="soft">You were given the text “${inForce.policy.title}”, version ${inForce.policy.version}.</p>` : null}`;
}

const isCode = (value: string): boolean => /^[A-Z]+:\d+$/i.test(value);

/** Why what was allowed does not stand now. */
function timeOf(inForce: FiledEvent, now: number): string {
  if (inForce.validFrom !== null && inForce.validFrom > now)
    return `What you allowed begins on ${dateInWords(inForce.validFrom)}.`;
  const end = consentEndsAt(inForce);
  return `The time that you allowed is over${end === undefined ? '' : ` since ${dateInWords(end)}`}.`;
}

function used({ studies, uses, records }: ConsentFile): Markup {
  const stands = records.at(-1)?.stands ?? false;
  const joined = uses.filter((use) => use.joined);
  if (joined.length === 0) return html`<p>None so far.</p>`;
  return html`<p>Your records stayed in this hospital. What left it are numbers of a computer model that was trained on many patients together.</p>
${studies.flatMap((study) => {
  const ofStudy = joined.filter((use) => use.study === study.study);
  return ofStudy.length > 0 ? [studyPart(study, ofStudy, stands)] : [];
})}`;
}

function studyPart(
  { study, title, members, onWithdrawal, reasons }: FiledStudy,
  uses: readonly FiledUse[],
  stands: boolean,
): Markup {
  const times = uses.map(({ selectedAt }) => selectedAt);
  const [first, last] = [Math.min(...times), Math.max(...times)];
  const purposes = [...new Set(uses.flatMap((use) => use.purposes))].map((code) => PURPOSE_WORDS[code] ?? code);
  const versions = uses.flatMap(({ version }) => (version ? [version.version] : []));
  const when =
    dateInWords(first) === dateInWords(last)
      ? `on ${dateInWords(first)}`
      : `from ${dateInWords(first)} to ${dateInWords(last)}`;
  return html`<h3>${title}</h3>
<ul>
<li>Used in ${uses.length === 1 ? 'one round' : `${uses.length} rounds`} of training, ${when}.</li>
<li>For ${purposes.join(', ')}, by ${members.length} hospitals together.</li>
<li>Why: ${reasons.length > 0 ? reasons.map(({ text }) => text).join(' ') : 'your consent of that time allowed it.'}</li>
<li>${madeWith(versions)} ${versions.length > 0 ? `${stands ? 'If you withdraw' : 'Now that your consent has ended'}, ${AFTER_WITHDRAWAL[onWithdrawal ?? 'keep']}` : ''}</li>
</ul>
<p class="soft">The study’s short name is ${study}.</p>
`;
}

function madeWith(versions: readonly number[]): string {
  if (versions.length === 0) return 'No version of the model was made with it yet.';
  if (versions.length === 1) return `Version ${versions[0]} of the model was made with it.`;
  const [first, last] = [Math.min(...versions), Math.max(...versions)];
  return `${versions.length} versions of the model were made with it, the first is ${first}, the last ${last}.`;
}

const AFTER_WITHDRAWAL = {
  flag: 'they stay; after a withdrawal they are marked.',
  retrain:
    'they are not built upon: after a withdrawal, training goes back to the last version that was made without your data.',
  keep: 'they stay as they are.',
} as const;

function change({ name, contact }: ExportingHospital): Markup {
  const reached = contactText(contact);
  const { dataProtectionOfficer: officer, supervisoryAuthority: authority } = contact;
  return list([
    `You can withdraw, or allow something else, at any time and without saying why: at the patient desk of ${name}${reached ? ` (${reached})` : ''}, or through anybody who works there.`,
    'A withdrawal acts in this hospital at once. No round of training that begins afterwards has your data, and training that is running with it is stopped.',
    'What was computed before cannot be taken out of a model any more, nor called back from other hospitals that received it. Above stands what was made.',
    'You can ask for a copy of all that is on file about your consent, and for its erasure, where no law makes the hospital keep it.',
    ...(officer ? [`Questions about your data go to the data protection officer: ${officer}.`] : []),
    `You can complain to the data protection authority${authority ? `: ${authority}` : ''}.`,
  ]);
}

function steps(records: readonly FiledRecord[]): Markup {
  const events = records.flatMap((record) => record.events).filter(({ state }) => state !== 'refused');
  if (events.length === 0) return html`<p>Nothing yet.</p>`;
  return table(
    'Oldest first',
    ['When', 'What', 'Why', 'Recorded by', 'On the network’s shared record'],
    events.map((event) => [
      dateInWords(event.effectiveFrom),
      `${KINDS[event.kind]}${event.terms.length > 0 ? `: ${termsInWords(event.terms).join('; ')}` : ''}`,
      REASONS[event.reason],
      `${event.actor.name}, ${timeInWords(event.claimedAt)}`,
      event.ledger ? `block ${event.ledger.block}, ${timeInWords(event.ledger.recordedAt)}` : 'not yet',
    ]),
  );
}

function readers({ reads }: ConsentFile): Markup {
  if (reads.length === 0) return html`<p>Nobody.</p>`;
  const shown = reads.slice(-READS_SHOWN_MAX);
  const more = reads.length - shown.length;
  return html`${table(
    more > 0 ? `The last ${shown.length} times; ${more} earlier ones are on file` : 'Each time, oldest first',
    ['When', 'Who', 'What'],
    shown.map(({ at, by, kind }) => [
      timeInWords(at),
      by.role ? `${by.name} (${ROLES[by.role] ?? by.role})` : by.name,
      READS[kind] ?? kind,
    ]),
  )}`;
}
