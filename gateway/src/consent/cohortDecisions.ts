/** Decisions of selections, one for each: which record got which answer for which reasons, and the cohort's positions. */
import { createHash } from 'node:crypto';
import {
  type CohortCommitment,
  type ConsentRef,
  canonicalJson,
  type Digest,
  Join,
  ledgerKey,
  type Msp,
  recordUnder,
  type StudyId,
  StudyProtocol,
} from '@consilium/domain';
import type { Database } from '@consilium/sqlite';
import type { ConsentLedger } from './consentPorts.js';
import type {
  Asked,
  DecisionAnswer,
  DecisionGroup,
  DecisionHead,
  DecisionList,
  DecisionReason,
  Page,
} from './consentTypes.js';
import type { Keyring } from './keyring.js';
import { pageCursor } from './pageCursor.js';
import { RefList } from './refList.js';

/** A selection, as it was made. */
export type KeptDecision = DecisionHead &
  Readonly<{ lastEvent: number; allowedUntil: number | null; protocolHash: Digest }>;

export type NewDecision = Readonly<{
  study: StudyId;
  round: number;
  at: number;
  lastEvent: number;
  commitment: CohortCommitment;
  groups: readonly DecisionGroup[];
  withoutRecord: number;
  /** Sorted, 32 bytes each. */
  positions: Uint8Array;
  allowedUntil: number | null;
  protocol: StudyProtocol;
}>;

type GroupHead = Readonly<{ answer: DecisionAnswer; reasons: readonly DecisionReason[]; count: number }>;
type Head = Readonly<{
  commitment: CohortCommitment;
  listHash: Digest;
  groups: readonly GroupHead[];
  withoutRecord: number;
  allowedUntil: number | null;
  protocolHash: Digest;
}>;
type Row = {
  id: number;
  study: StudyId;
  round: number;
  at: number;
  last_event: number;
  root: Digest;
  head: Uint8Array;
};
const COLUMNS = 'id, study, round, at, last_event, root, head';

export class CohortDecisions {
  readonly #ring: Keyring;
  readonly #ledger: ConsentLedger;
  readonly #msp: Msp;
  readonly #statements;

  constructor(database: Database, ring: Keyring, ledger: ConsentLedger, msp: Msp) {
    this.#ring = ring;
    this.#ledger = ledger;
    this.#msp = msp;
    this.#statements = {
      add: database.prepare(
        'INSERT INTO decision (study, round, at, last_event, root, head, refs, positions) VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id',
      ),
      again: database.prepare('UPDATE decision SET last_event = ? WHERE id = ?'),
      protocol: database.prepare('INSERT OR IGNORE INTO protocol (hash, json) VALUES (?, ?)'),
      readProtocol: database.prepare('SELECT json FROM protocol WHERE hash = ?'),
      ofRound: database.prepare(`SELECT ${COLUMNS} FROM decision WHERE study = ? AND round = ? ORDER BY id DESC`),
      withRoot: database.prepare(
        `SELECT ${COLUMNS} FROM decision WHERE study = ? AND round = ? AND root = ? ORDER BY id DESC LIMIT 1`,
      ),
      byId: database.prepare(`SELECT ${COLUMNS} FROM decision WHERE id = ?`),
      refs: database.prepare('SELECT refs FROM decision WHERE id = ?'),
      positions: database.prepare('SELECT positions FROM decision WHERE id = ?'),
      rounds: database.prepare('SELECT DISTINCT round FROM decision WHERE study = ? ORDER BY round'),
      studies: database.prepare('SELECT DISTINCT study FROM decision ORDER BY study'),
      page: database.prepare(
        `SELECT ${COLUMNS} FROM decision WHERE (?1 IS NULL OR study = ?1) AND (?2 IS NULL OR round = ?2)
         AND at >= ?3 AND at < ?4 AND id > ?5 ORDER BY id LIMIT ?6`,
      ),
      total: database.prepare(
        `SELECT count(*) AS total FROM decision WHERE (?1 IS NULL OR study = ?1) AND (?2 IS NULL OR round = ?2)
         AND at >= ?3 AND at < ?4`,
      ),
      all: database.prepare(`SELECT ${COLUMNS} FROM decision ORDER BY id`),
    };
  }

  /** Durable before it returns. One that decides the same of the same patients as the round's last is not kept twice. */
  add(made: NewDecision): KeptDecision {
    const { study, round, at, lastEvent, commitment, groups, withoutRecord, allowedUntil, positions } = made;
    const refs = RefList.of(groups.flatMap((group) => [...group.refs]));
    const before = this.latest(study, round);
    if (before && this.#decidesSame(before, made, refs)) {
      this.#statements.again.run(lastEvent, before.id);
      return { ...before, lastEvent };
    }
    const json = canonicalJson(made.protocol);
    const protocolHash = sha256(json);
    this.#statements.protocol.run(protocolHash, json);
    const head: Head = {
      commitment,
      listHash: decisionListHash({ study, round, at, policyVersion: commitment.policyVersion, groups }),
      groups: groups.map(({ answer, reasons, refs: members }) => ({ answer, reasons, count: members.length })),
      withoutRecord,
      allowedUntil,
      protocolHash,
    };
    const place = `${study}/${round}/${commitment.root}`;
    const { id } = this.#statements.add.get(
      study,
      round,
      at,
      lastEvent,
      commitment.root,
      this.#ring.seal('decision.head', place, JSON.stringify(head)),
      this.#ring.seal('decision.refs', place, refs.bytes),
      this.#ring.seal('decision.positions', place, positions),
    ) as { id: number };
    return this.get(id) as KeptDecision;
  }

  get(id: number): KeptDecision | undefined {
    const row = this.#statements.byId.get(id) as Row | undefined;
    return row && this.#kept(row);
  }

  latest(study: StudyId, round: number): KeptDecision | undefined {
    const row = this.#statements.ofRound.get(study, round) as Row | undefined;
    return row && this.#kept(row);
  }

  /** The one that this hospital's join committed to; before a join stands, the latest. */
  inForce(study: StudyId, round: number): KeptDecision | undefined {
    const root = this.joinedRoot(study, round);
    const row = root && (this.#statements.withRoot.get(study, round, root) as Row | undefined);
    return row ? this.#kept(row) : this.latest(study, round);
  }

  /** The root that this hospital joined a round with. */
  joinedRoot(study: StudyId, round: number): Digest | undefined {
    const key = ledgerKey.join(study, round, this.#msp);
    const value = this.#ledger.get(key);
    return value === undefined ? undefined : recordUnder(Join, key, value).cohort?.root;
  }

  protocolOf({ protocolHash }: KeptDecision): StudyProtocol {
    const { json } = this.#statements.readProtocol.get(protocolHash) as { json: string };
    return StudyProtocol.parse(JSON.parse(json));
  }

  /** Records that were selected. */
  allowed(decision: KeptDecision): RefList {
    return RefList.of(this.list(decision).groups.flatMap(({ answer, refs }) => (answer === 'allow' ? [...refs] : [])));
  }

  /** What was decided of one record, without making all of them. Undefined: it was not asked about. */
  decisionOf(decision: KeptDecision, ref: ConsentRef): Omit<DecisionGroup, 'refs'> | undefined {
    let index = this.#refs(decision).indexOf(ref);
    if (index < 0) return undefined;
    for (const { answer, reasons, count } of this.#head(decision.id).groups) {
      if (index < count) return { answer, reasons };
      index -= count;
    }
    return undefined;
  }

  list(decision: KeptDecision): DecisionList {
    const all = this.#refs(decision).refs();
    let at = 0;
    const { lastEvent, allowedUntil, protocolHash, ...head } = decision;
    const groups = this.#head(decision.id).groups.map(({ answer, reasons, count }) => {
      at += count;
      return { answer, reasons, refs: all.slice(at - count, at) };
    });
    return { ...head, groups };
  }

  #refs(decision: KeptDecision): RefList {
    const { refs: sealed } = this.#statements.refs.get(decision.id) as { refs: Uint8Array };
    return new RefList(this.#ring.unseal('decision.refs', placeOf(decision), sealed));
  }

  positions(decision: KeptDecision): Buffer {
    const { positions } = this.#statements.positions.get(decision.id) as { positions: Uint8Array };
    return this.#ring.unseal('decision.positions', placeOf(decision), positions);
  }

  rounds(study: StudyId): number[] {
    return (this.#statements.rounds.all(study) as { round: number }[]).map(({ round }) => round);
  }

  studies(): StudyId[] {
    return (this.#statements.studies.all() as { study: StudyId }[]).map(({ study }) => study);
  }

  all(): KeptDecision[] {
    return (this.#statements.all.all() as Row[]).map((row) => this.#kept(row));
  }

  page(
    asked: Asked & Readonly<{ study?: StudyId | undefined; round?: number | undefined; from: number; to: number }>,
  ): Page<DecisionHead> {
    const { study = null, round = null, from, to, cursor, items } = asked;
    const after = pageCursor(cursor);
    const rows = this.#statements.page.all(study, round, from, to, after, items + 1) as Row[];
    const shown = rows.slice(0, items);
    const { total } = this.#statements.total.get(study, round, from, to) as { total: number };
    const heads = shown.map((row) => {
      const { lastEvent, allowedUntil, protocolHash, ...head } = this.#kept(row);
      return head;
    });
    return { items: heads, cursor: rows.length > items ? String(shown.at(-1)?.id) : null, total };
  }

  #decidesSame(before: KeptDecision, made: NewDecision, refs: RefList): boolean {
    if (canonicalJson(before.commitment) !== canonicalJson(made.commitment)) return false;
    if (before.allowedUntil !== made.allowedUntil || before.withoutRecord !== made.withoutRecord) return false;
    const heads = (groups: readonly DecisionGroup[]) =>
      canonicalJson(groups.map(({ answer, reasons, refs: members }) => [answer, reasons, members.length]));
    const list = this.list(before);
    return (
      heads(list.groups) === heads(made.groups) && RefList.of(list.groups.flatMap((g) => [...g.refs])).equals(refs)
    );
  }

  #kept(row: Row): KeptDecision {
    const { commitment, listHash, groups, withoutRecord, allowedUntil, protocolHash } = this.#headOf(row);
    const counted = (wanted: DecisionAnswer) =>
      groups.reduce((sum, { answer, count }) => sum + (answer === wanted ? count : 0), 0);
    const { id, study, round, at, last_event: lastEvent } = row;
    const counts = { allowed: counted('allow'), denied: counted('deny'), abstained: counted('abstain'), withoutRecord };
    return { id, study, round, at, commitment, listHash, ...counts, lastEvent, allowedUntil, protocolHash };
  }

  #head(id: number): Head {
    return this.#headOf(this.#statements.byId.get(id) as Row);
  }

  #headOf({ study, round, root, head }: Row): Head {
    return JSON.parse(this.#ring.unseal('decision.head', `${study}/${round}/${root}`, head).toString('utf8'));
  }
}

/** What a selection's list of decisions is known by outside the hospital. */
export function decisionListHash(
  list: Readonly<{
    study: StudyId;
    round: number;
    at: number;
    policyVersion: number;
    groups: readonly DecisionGroup[];
  }>,
): Digest {
  const { study, round, at, policyVersion, groups } = list;
  return sha256(canonicalJson({ study, round, at, policyVersion, groups }));
}

function placeOf({ study, round, commitment }: KeptDecision): string {
  return `${study}/${round}/${commitment.root}`;
}

function sha256(text: string): Digest {
  return createHash('sha256').update(text, 'utf8').digest('hex') as Digest;
}
