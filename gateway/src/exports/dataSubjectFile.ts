/** What a patient gets who asks for a copy (GDPR article 15), or for what they provided, to take along (article 20). */
import { canonicalDigest, type Digest, PURPOSE_WORDS } from '@consilium/domain';
import { type ConsentFile, type FiledEvent, timeText } from './consentFile.js';
import { html, list, type Markup, table } from './markup.js';
import { termsInWords } from './plainTerms.js';
import { dateInWords, printedPage, timeInWords } from './printedPage.js';

const RIGHTS = [
  'rectification (article 16)',
  'erasure (article 17), unless a retention period or legal hold runs',
  'restriction of processing (article 18)',
  'portability (article 20)',
  'objection (article 21)',
  'withdrawal of consent at any time (article 7(3)); it acts at once and does not make earlier use unlawful',
  'complaint to a supervisory authority (article 77)',
];
const NO_AUTOMATED_DECISION =
  'Whether the data may be used for a study is decided by a program from the consent alone. No decision about the patient is made (article 22).';

export type AccessFile = Readonly<{
  regulation: 'GDPR article 15';
  controller: Readonly<{ id: string; name: string }>;
  patient: string;
  madeAt: string;
  purposes: readonly string[];
  categoriesOfData: readonly string[];
  recipients: readonly Readonly<{ who: string; what: string }>[];
  storage: readonly Readonly<{ ref: string; keptDaysAfterLastEvent: number; onLegalHold: boolean }>[];
  rights: readonly string[];
  source: readonly string[];
  automatedDecisions: string;
  consents: readonly Readonly<{ ref: string; stands: boolean; events: readonly FiledEvent[] }>[];
  uses: ConsentFile['uses'];
  disclosures: ConsentFile['disclosures'];
  consultedBy: ConsentFile['reads'];
  /** SHA-256 of the canonical JSON of all the above. */
  digest: Digest;
}>;

export function accessFile(file: ConsentFile): AccessFile {
  const { hospital, patient, madeAt, records, uses, studies, disclosures, reads } = file;
  const events = records.flatMap((record) => record.events);
  const content = {
    regulation: 'GDPR article 15' as const,
    controller: { id: hospital.msp, name: hospital.name },
    patient,
    madeAt: timeText(madeAt),
    purposes: purposesIn(file),
    categoriesOfData: ['consents and their history', ...new Set(events.flatMap(({ dataClasses }) => dataClasses))],
    recipients: [
      ...disclosures.map(({ recipient, purpose }) => ({ who: recipient, what: `disclosure: ${purpose}` })),
      ...studies.map(({ title, members }) => ({
        who: members.filter((msp) => msp !== hospital.msp).join(', '),
        what: `study “${title}”: updates of a model trained on many patients, no record of one`,
      })),
      {
        who: 'hospitals of the channel',
        what: 'random refs, times, codes and commitments of consent events: no name, no number',
      },
    ],
    storage: records.map(({ ref, retentionDays, onHold }) => ({
      ...{ ref, keptDaysAfterLastEvent: retentionDays, onLegalHold: onHold },
    })),
    rights: RIGHTS,
    source: [...new Set(events.map(({ evidence }) => evidence?.source ?? 'recorded at the hospital'))],
    automatedDecisions: NO_AUTOMATED_DECISION,
    consents: records.map(({ ref, stands, events: ofRecord }) => ({ ref, stands, events: ofRecord })),
    uses,
    disclosures,
    consultedBy: reads,
  };
  return { ...content, digest: digestOf(content) };
}

export type PortableFile = Readonly<{
  regulation: 'GDPR article 20';
  controller: Readonly<{ id: string; name: string }>;
  patient: string;
  madeAt: string;
  /** What the patient provided, and nothing that was inferred of it. */
  consents: readonly Readonly<{
    kind: string;
    terms: FiledEvent['terms'];
    dataClasses: readonly string[];
    validFrom: string | null;
    validTo: string | null;
    effectiveFrom: string;
    policy: FiledEvent['policy'];
  }>[];
  digest: Digest;
}>;

export function portableFile({ hospital, patient, madeAt, records }: ConsentFile): PortableFile {
  const text = (at: number | null) => (at === null ? null : timeText(at));
  const events = records.flatMap((record) => record.events).filter(({ state }) => state !== 'refused');
  const content = {
    regulation: 'GDPR article 20' as const,
    controller: { id: hospital.msp, name: hospital.name },
    patient,
    madeAt: timeText(madeAt),
    consents: events.map(({ kind, terms, dataClasses, validFrom, validTo, effectiveFrom, policy }) => ({
      ...{ kind, terms, dataClasses, policy },
      ...{ validFrom: text(validFrom), validTo: text(validTo), effectiveFrom: timeText(effectiveFrom) },
    })),
  };
  return { ...content, digest: digestOf(content) };
}

/** The same as `accessFile`, for people. */
export function accessPage(file: ConsentFile): string {
  const { controller, patient, purposes, recipients, rights, automatedDecisions, digest } = accessFile(file);
  const title = `What ${controller.name} has on file about your consent`;
  return printedPage(
    title,
    html`<h1>${title}</h1>
<p class="soft">Patient ${patient}, ${timeInWords(file.madeAt)}. GDPR article 15.</p>
<h2>Purposes</h2>${list(purposes.length > 0 ? purposes : ['none'])}
<h2>Consents</h2>${eventTable(file)}
<h2>Uses</h2>${
      file.uses.length === 0
        ? html`<p>None.</p>`
        : table(
            'Rounds that the data was selected for',
            ['Study', 'Round', 'When', 'For', 'Contributed'],
            file.uses.map(({ study, round, selectedAt, purposes: codes, contributed }) => [
              study,
              String(round),
              dateInWords(selectedAt),
              codes.map((code) => PURPOSE_WORDS[code] ?? code).join(', '),
              contributed ? 'yes' : 'no',
            ]),
          )
    }
<h2>Recipients</h2>${table(
      'Who received what',
      ['Who', 'What'],
      recipients.map(({ who, what }) => [who, what]),
    )}
<h2>Who consulted it</h2>${
      file.reads.length === 0
        ? html`<p>Nobody.</p>`
        : table(
            'Oldest first',
            ['When', 'Who', 'Role', 'What'],
            file.reads.map(({ at, by, kind }) => [timeInWords(at), by.name, by.role ?? '', kind]),
          )
    }
<h2>How long it is kept</h2>${list(
      file.records.map(
        ({ ref, retentionDays, onHold }) =>
          `Record ${ref}: ${retentionDays} days after its last event${onHold ? ', and while a legal hold stands' : ''}.`,
      ),
    )}
<h2>Your rights</h2>${list(rights)}
<p>${automatedDecisions}</p>
<p class="soft">The same in JSON has the SHA-256 <code>${digest}</code>.</p>`,
    'broad',
  );
}

function eventTable({ records }: ConsentFile): Markup {
  const events = records.flatMap((record) => record.events);
  if (events.length === 0) return html`<p>None.</p>`;
  return table(
    'Oldest first',
    ['From', 'What', 'Terms', 'Policy', 'By', 'Ledger'],
    events.map(({ effectiveFrom, kind, terms, policy, actor, ledger, state }) => [
      dateInWords(effectiveFrom),
      kind,
      termsInWords(terms).join('; '),
      policy ? `${policy.title}, version ${policy.version}` : '',
      actor.name,
      ledger ? `block ${ledger.block}, transaction ${ledger.transactionId}` : state,
    ]),
  );
}

function purposesIn({ records, uses }: ConsentFile): string[] {
  const allowed = records.flatMap(({ inForce, stands }) => (inForce && stands ? termsInWords(inForce.terms) : []));
  const used = uses.flatMap(({ purposes }) => purposes.map((code) => PURPOSE_WORDS[code] ?? code));
  return [...new Set([...allowed.map((words) => `allowed: ${words}`), ...used.map((words) => `used for: ${words}`)])];
}

function digestOf(content: unknown): Digest {
  return canonicalDigest(JSON.parse(JSON.stringify(content)));
}
