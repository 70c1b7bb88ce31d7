/**
 * Accounting of disclosures after 45 CFR 164.528: what was disclosed to others in six years, without what (a)(1) leaves out;
 * and, apart, uses within the hospital, which are none. Training in the hospital is a use: the records stay.
 * Of each disclosure it has what (b)(2) asks for: (i) date, (ii) recipient, and address where known, (iii) a brief description
 * of what was disclosed, (iv) purpose, with the basis. Each stands by itself, also where (b)(3) and (b)(4) let series be
 * summed up.
 */
import type { Instant } from '@consilium/domain';
import { type ConsentFile, type FiledDisclosure, timeText } from './consentFile.js';
import type { Column } from './csv.js';

const YEARS = 6;

/** Bases that (a)(1) leaves out. Any other, a consent that is no authorisation too, is accounted for: rather one too many. */
export const EXCLUSIONS = {
  treatment: '164.528(a)(1)(i)',
  payment: '164.528(a)(1)(i)',
  'health-care-operations': '164.528(a)(1)(i)',
  individual: '164.528(a)(1)(ii)',
  incident: '164.528(a)(1)(iii)',
  authorization: '164.528(a)(1)(iv)',
  'facility-directory': '164.528(a)(1)(v)',
  'national-security': '164.528(a)(1)(vi)',
  'correctional-institution': '164.528(a)(1)(vii)',
  'limited-data-set': '164.528(a)(1)(viii)',
} as const satisfies Readonly<Record<string, string>>;

export type AccountedDisclosure = Readonly<{
  date: string;
  recipient: string;
  /** Null: not known. */
  address: string | null;
  /** Null: whoever recorded it did not say. */
  description: string | null;
  purpose: string;
  basis: string;
}>;
export type UseNotDisclosure = Readonly<{
  date: string;
  study: string;
  round: number;
  purposes: readonly string[];
  /** Whether the hospital contributed an update of the model to the round. */
  contributed: boolean;
}>;

export type DisclosureAccounting = Readonly<{
  regulation: '45 CFR 164.528';
  hospital: Readonly<{ id: string; name: string }>;
  patient: string;
  /** Both included. */
  from: string;
  to: string;
  disclosures: readonly AccountedDisclosure[];
  /** How many were left out, by the rule that leaves them out. */
  leftOut: readonly Readonly<{ rule: string; basis: string; disclosures: number }>[];
  usesNotDisclosures: readonly UseNotDisclosure[];
}>;

export function disclosureAccounting({
  hospital,
  patient,
  madeAt,
  disclosures,
  uses,
}: ConsentFile): DisclosureAccounting {
  const from = sixYearsBefore(madeAt);
  const within = disclosures.filter(({ at }) => at >= from && at <= madeAt);
  const accounted = within.filter((disclosure) => ruleOf(disclosure) === undefined);
  return {
    regulation: '45 CFR 164.528',
    hospital: { id: hospital.msp, name: hospital.name },
    patient,
    from: timeText(from),
    to: timeText(madeAt),
    disclosures: accounted.map(({ at, recipient, recipientAddress: address, description, purpose, basis }) => ({
      ...{ date: timeText(at), recipient, address, description, purpose, basis },
    })),
    leftOut: leftOut(within),
    usesNotDisclosures: uses
      .filter(({ joined, selectedAt }) => joined && selectedAt >= from && selectedAt <= madeAt)
      .map(({ selectedAt, study, round, purposes, contributed }) => ({
        ...{ date: timeText(selectedAt), study, round, purposes, contributed },
      })),
  };
}

/** One table of both: what they are stands in the first column. */
export const ACCOUNTING_COLUMNS: readonly Column<AccountedDisclosure | UseNotDisclosure>[] = [
  { name: 'what', value: (line) => ('recipient' in line ? 'disclosure' : 'use, not a disclosure') },
  { name: 'date', value: ({ date }) => date },
  { name: 'recipient', value: (line) => ('recipient' in line ? line.recipient : null) },
  { name: 'address', value: (line) => ('recipient' in line ? line.address : null) },
  { name: 'description', value: (line) => ('recipient' in line ? line.description : null) },
  { name: 'purpose', value: (line) => ('recipient' in line ? line.purpose : line.purposes.join(' ')) },
  { name: 'basis', value: (line) => ('recipient' in line ? line.basis : null) },
  { name: 'study', value: (line) => ('study' in line ? line.study : null) },
  { name: 'round', value: (line) => ('study' in line ? line.round : null) },
];

function ruleOf({ basis }: FiledDisclosure): string | undefined {
  const name = basis.trim().toLowerCase();
  return Object.hasOwn(EXCLUSIONS, name) ? EXCLUSIONS[name as keyof typeof EXCLUSIONS] : undefined;
}

function leftOut(disclosures: readonly FiledDisclosure[]): DisclosureAccounting['leftOut'] {
  const counts = new Map<string, number>();
  for (const disclosure of disclosures)
    if (ruleOf(disclosure)) {
      const basis = disclosure.basis.trim().toLowerCase();
      counts.set(basis, (counts.get(basis) ?? 0) + 1);
    }
  return [...counts].map(([basis, count]) => ({
    ...{ rule: EXCLUSIONS[basis as keyof typeof EXCLUSIONS], basis, disclosures: count },
  }));
}

function sixYearsBefore(at: Instant): Instant {
  const date = new Date(at);
  date.setUTCFullYear(date.getUTCFullYear() - YEARS);
  return Math.max(0, date.getTime());
}
