/** A channel of consents for the bench: events and cohorts of four hospitals, always the same ones. */
import { createHash } from 'node:crypto';

export const OWN = 'ClevelandMSP';
export const HOSPITALS = [OWN, 'HungaryMSP', 'SwitzerlandMSP', 'VaMSP'];
export const STUDIES = Array.from({ length: 20 }, (_, k) => `study-${k}`);
export const ROUNDS = 100;
export const FIRST_AT = Date.UTC(2024, 0, 1);
export const SPAN_MS = 3 * 365 * 86_400_000;
const EVENTS_PER_TRANSACTION = 200;
const TRANSACTIONS_PER_TAKE = 25;

/** Random numbers from a seed (mulberry32): the same in every run. */
export function generator(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  return {
    below: (limit) => Math.floor((next() / 2 ** 32) * limit),
    /** Hexadecimal digits, a multiple of 8 of them. */
    hex: (digits) => Array.from({ length: digits / 8 }, () => next().toString(16).padStart(8, '0')).join(''),
  };
}

export const KINDS = [
  ['grant', 600],
  ['change', 250],
  ['withdraw', 120],
  ['expire', 27],
  ['opt-out', 2],
  ['opt-in', 1],
];
export const REASONS = [
  ['patient-asked', 700],
  ['imported-from-record', 250],
  ['representative-asked', 30],
  ['correction', 15],
  ['court-order', 5],
];

export function pick(random, weighted) {
  let left = random.below(weighted.reduce((sum, [, weight]) => sum + weight, 0));
  for (const [name, weight] of weighted) {
    if (left < weight) return name;
    left -= weight;
  }
  throw new Error('weights that are none');
}

/** Three policies of each hospital, in block 0. */
export function publishPolicies(mirror) {
  const policies = HOSPITALS.flatMap((msp) => [1, 2, 3].map((version) => policy(msp, version)));
  const heads = HOSPITALS.map((msp) => ({ key: `policy~${msp}`, value: { msp, versions: 3 } }));
  mirror.take([{ block: 0, transactionId: hash('policies'), writes: [...policies, ...heads] }]);
}

/** Fills the mirror as the channel would. @returns some refs of the own hospital */
export function fill(mirror, random, events) {
  const refs = [];
  let block = 0;
  publishPolicies(mirror);
  mirror.take(joins().map((writes, k) => ({ block: 1 + k, transactionId: hash(`joins ${k}`), writes })));
  block = 1 + ROUNDS;
  const transactions = events / EVENTS_PER_TRANSACTION;
  let batch = [];
  for (let number = 0; number < transactions; number++) {
    const at = FIRST_AT + Math.floor((SPAN_MS * number) / transactions);
    const msp = random.below(10) === 0 ? HOSPITALS[1 + random.below(3)] : OWN;
    const writes = Array.from({ length: EVENTS_PER_TRANSACTION }, () => event(random, msp, at));
    if (msp === OWN) refs.push(writes[0].value.ref);
    if (number % 5 === 0) block += 1;
    batch.push({ block, transactionId: hash(`t${number}`), writes });
    if (batch.length === TRANSACTIONS_PER_TAKE) {
      mirror.take(batch);
      batch = [];
    }
  }
  mirror.take(batch);
  return refs;
}

function event(random, msp, at) {
  const ref = random.hex(32);
  const kind = pick(random, KINDS);
  const steward = random.below(5);
  const effectiveFrom = random.below(3) === 0 ? at - random.below(365) * 86_400_000 : at;
  const value = {
    ...{ msp, ref, seq: 0, kind, commitment: random.hex(64), codes: ['DUO:0000006', 'DUO:0000018'] },
    ...{ policyVersion: 1 + random.below(3), validFrom: null, validTo: null, effectiveFrom, meaning: 'recorded' },
    ...{ reason: pick(random, REASONS), supersedes: null, restricts: kind !== 'grant' && kind !== 'opt-in' },
    recordedBy: { id: signer(steward), role: steward === 0 ? 'patient-desk' : 'data-steward' },
    recordedAt: at,
  };
  return { key: `consent~${msp}~${ref}~0000000000`, value };
}

export const signer = (number) => `x509::/CN=person-${number}::/CN=ca`;

function policy(msp, version) {
  const text = {
    ...{ title: `Research ${version}`, textHash: hash(`${msp} ${version}`), permittedPurposes: ['DUO:0000042'] },
    ...{ dataClasses: ['laboratory'], legalBasis: 'consent', silence: 'deny', placement: 'ledger', privateCopy: false },
    ...{ retentionDays: 0, restricts: false, publishedBy: { id: 'officer', role: 'compliance-officer' } },
  };
  return { key: `policy~${msp}~${ten(version)}`, value: { msp, version, ...text, publishedAt: FIRST_AT + version } };
}

/** One list of writes for each round: of every study, by every hospital. */
function joins() {
  return Array.from({ length: ROUNDS }, (_, round) =>
    STUDIES.flatMap((study) =>
      HOSPITALS.map((msp) => ({
        key: `join~${study}~${ten(round)}~${msp}`,
        value: {
          ...{ study, round, msp, at: FIRST_AT + Math.floor((SPAN_MS * round) / ROUNDS) },
          cohort: {
            ...{ root: root(study, round, msp), sizeBucket: '1000-1999', restrictionEpoch: round },
            ...{ policyVersion: 1 + (round % 3), purposes: ['DUO:0000006'] },
          },
        },
      })),
    ),
  );
}

export const root = (study, round, msp) => hash(`cohort ${study} ${round} ${msp}`);

export const hash = (text) => createHash('sha256').update(text).digest('hex');
export const ten = (number) => String(number).padStart(10, '0');
