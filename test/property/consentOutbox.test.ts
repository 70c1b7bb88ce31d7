/**
 * The queue of the consent store over the real contract, with crashes, lost sends, lost answers and an unreachable channel
 * at any place: every event reaches the channel once and in order, a grant acts only once it is there, and a withdrawal
 * from the moment at which it was recorded.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ConsentEvent, type ConsentKind, canonicalDigest, keyRange } from '@consilium/domain';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { ConsentOrder } from '../../gateway/src/consent/consentTypes.js';
import { ConsentHospital, DESK, type Fate, OWN, STEWARD } from '../support/consentHospital.js';
import { ContractChannel, protocolOf, STUDY } from '../support/contractChannel.js';

const RUNS = 60;
const PATIENTS = ['1', '2', '3', '4'];
const RESEARCH = protocolOf({ purposes: ['DUO:0000006'], publicData: false, consent: {} });

type Step =
  | Readonly<{ kind: 'record'; orders: readonly (readonly [string, 'grant' | 'withdraw' | 'narrow'])[]; desk: boolean }>
  | Readonly<{ kind: 'turns'; turns: number }>
  | Readonly<{ kind: 'crash' }>
  | Readonly<{ kind: 'reach'; reachable: boolean }>;

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('record' as const),
      orders: fc.array(
        fc.tuple(
          fc.constantFrom(...PATIENTS),
          fc.constantFrom('grant' as const, 'withdraw' as const, 'narrow' as const),
        ),
        { minLength: 1, maxLength: 5 },
      ),
      desk: fc.boolean(),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('turns' as const), turns: fc.integer({ min: 1, max: 12 }) }) },
  { weight: 2, arbitrary: fc.constant({ kind: 'crash' as const }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('reach' as const), reachable: fc.boolean() }) },
);
const fates = fc.infiniteStream(
  fc.oneof(
    { weight: 6, arbitrary: fc.constant<Fate>('answered') },
    { weight: 1, arbitrary: fc.constant<Fate>('lost') },
    { weight: 2, arbitrary: fc.constant<Fate>('answer-lost') },
    { weight: 1, arbitrary: fc.constant<Fate>('overtaken') },
  ),
);

/** What the patient said last here, and what of it is known to be on the channel. */
type Model = Map<string, { kinds: ConsentKind[]; ended: boolean }>;

function orderOf(patient: string, what: 'grant' | 'withdraw' | 'narrow', model: Model): ConsentOrder | undefined {
  const known = model.get(patient);
  const terms = [{ code: 'DUO:0000042', values: [] }];
  if (what === 'grant') return { patient, kind: 'grant', reason: 'patient-asked', terms };
  if (!known) return undefined;
  if (what === 'withdraw') return { patient, kind: 'withdraw', reason: 'patient-asked' };
  // After an end there is nothing to change.
  if (known.ended) return undefined;
  return { patient, kind: 'change', reason: 'patient-asked', terms: [...terms, { code: 'DUO:0000021', values: [] }] };
}

async function live(hospital: ConsentHospital, steps: readonly Step[], placement: 'ledger' | 'roots'): Promise<void> {
  const model: Model = new Map();
  const granted = async () => {
    const asked = { study: STUDY, protocol: RESEARCH, patients: PATIENTS };
    return hospital.store.desk.allowedNow(asked);
  };
  await hospital.submit(
    'ConsentContract:publishPolicy',
    {
      title: 'Research',
      textHash: canonicalDigest('text'),
      permittedPurposes: ['DUO:0000042'],
      dataClasses: [],
      legalBasis: 'consent',
      placement,
    },
    'compliance-officer',
  );
  hospital.store.start();
  for (const each of steps) {
    if (each.kind === 'crash') {
      hospital.crash();
      hospital.store.start();
    }
    if (each.kind === 'reach') hospital.reachable = each.reachable;
    if (each.kind === 'turns')
      for (let turn = 0; turn < each.turns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    if (each.kind === 'record') {
      const orders: ConsentOrder[] = [];
      for (const [patient, what] of each.orders) {
        const order = orderOf(patient, what, model);
        if (!order) continue;
        orders.push(order);
        const known = model.get(patient) ?? { kinds: [], ended: false };
        known.kinds.push(order.kind);
        known.ended = order.kind === 'withdraw';
        model.set(patient, known);
      }
      // Not awaited: it must have acted by the time that the call returns.
      if (orders.length > 0) void hospital.store.record(orders, each.desk ? DESK : STEWARD);
    }
    const allowed = await granted();
    for (const patient of PATIENTS) {
      const known = model.get(patient);
      const events = known ? hospital.store.history({ patient }) : [];
      const last = events.at(-1);
      if (!known || known.ended) expect([patient, allowed.has(patient)]).toEqual([patient, false]);
      // Between an end and the commit of a later grant, nothing is allowed.
      else if (last?.kind === 'grant' && last.state === 'waiting' && events.at(-2)?.kind !== 'grant')
        expect([patient, allowed.has(patient)]).toEqual([patient, false]);
      // The study says nothing of an ethics board, and each narrower consent asks for one.
      if (last?.kind === 'change') expect(allowed.has(patient)).toBe(false);
    }
  }
  hospital.reachable = true;
  hospital.fate = () => 'answered';
  hospital.crash();
  hospital.store.start();
  await hospital.settled();
  expectAllThere(hospital, model, placement);
  const allowed = await granted();
  for (const [patient, { kinds }] of model)
    expect([patient, allowed.has(patient)]).toEqual([patient, kinds.at(-1) === 'grant']);
}

/** Every event is on the channel once, in the order in which it was recorded. */
function expectAllThere(hospital: ConsentHospital, model: Model, placement: 'ledger' | 'roots'): void {
  for (const [patient, { kinds }] of model) {
    const events = hospital.store.history({ patient });
    expect(events.map(({ kind, seq, state }) => [kind, seq, state])).toEqual(
      kinds.map((kind, seq) => [kind, seq, 'committed']),
    );
    if (placement === 'roots') continue;
    const { start, end } = keyRange('consent', OWN, events[0]?.ref as string);
    const onChannel = hospital.mirror.range(start, end).map(({ value }) => value as ConsentEvent);
    expect(onChannel.map(({ kind, seq, commitment }) => [kind, seq, commitment])).toEqual(
      events.map(({ kind, seq, input }) => [kind, seq, input.commitment]),
    );
  }
  const roots = keyRange('consentroot', OWN);
  const batches = hospital.mirror.range(roots.start, roots.end).map(({ value }) => value as { count: number });
  const total = [...model.values()].reduce((sum, { kinds }) => sum + kinds.length, 0);
  expect(batches.reduce((sum, { count }) => sum + count, 0)).toBe(placement === 'roots' ? total : 0);
}

describe('the queue to the channel', () => {
  test.each(['ledger', 'roots'] as const)(
    'brings every event there once and in order, whatever fails (placement %s)',
    async (placement) => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 14 }), fates, async (steps, stream) => {
          const home = mkdtempSync(join(tmpdir(), 'consent-'));
          const hospital = new ConsentHospital(new ContractChannel(), home);
          hospital.fate = () => stream.next().value as Fate;
          try {
            await live(hospital, steps, placement);
          } finally {
            await hospital.close();
            rmSync(home, { recursive: true, force: true });
          }
        }),
        { numRuns: RUNS },
      );
    },
    180_000,
  );
});
