/** Questions with all pages of their answer: what a majority says is everything, at the time of the first page. */
import { Doubt, must } from '../doubt.js';
import { canonicalText } from '../wire/canonicalText.js';
import type { Answer, LedgerRecord } from './answer.js';
import type { Place } from './endorsement.js';

export type Question = Readonly<{
  name: string;
  query: Readonly<Record<string, unknown>>;
  records: readonly LedgerRecord[];
  /** Records that the peers read for every page, and where each was written: what is answered stands no earlier than they. */
  readThroughout: ReadonlyMap<string, Place>;
  /** Nothing that stood at this time is missing. Records are never taken away, so a later page misses nothing either. */
  asOf: number;
  pages: number;
  endorsersMin: number;
}>;

export class Questions {
  readonly #questions = new Map<string, Question>();
  readonly #records = new Map<string, LedgerRecord>();

  /** @param answers in any order. `fail` is told of each question whose pages do not fit together. */
  constructor(answers: readonly Answer[], fail: (where: string, why: string) => void) {
    const pages = new Map<string, Answer[]>();
    for (const answer of answers) {
      const name = questionName(answer.name, answer.query);
      pages.set(name, [...(pages.get(name) ?? []), answer]);
    }
    for (const [name, found] of pages)
      try {
        const question = joined(found);
        for (const each of question.records) this.#take(each);
        this.#questions.set(name, question);
      } catch (error) {
        if (!(error instanceof Doubt)) throw error;
        fail(`question ${name}`, error.message);
      }
  }

  /** @throws Doubt where the pack has no answer to it */
  ask(name: string, query: Readonly<Record<string, unknown>>): Question {
    const found = this.#questions.get(questionName(name, query));
    if (!found) throw new Doubt(`the pack has no endorsed answer to ${questionName(name, query)}`);
    return found;
  }

  all(): Question[] {
    return [...this.#questions.values()];
  }

  /** Every record that was answered, by its key. */
  get records(): ReadonlyMap<string, LedgerRecord> {
    return this.#records;
  }

  /** Of a record that was rewritten between two answers, the newer one counts. */
  #take(record: LedgerRecord): void {
    const before = this.#records.get(record.key);
    if (!before || isBefore(before.place, record.place)) this.#records.set(record.key, record);
  }
}

function questionName(name: string, query: Readonly<Record<string, unknown>>): string {
  return `${name} ${canonicalText(query)}`;
}

export function isBefore(a: LedgerRecord['place'], b: LedgerRecord['place']): boolean {
  return a.block < b.block || (a.block === b.block && a.index < b.index);
}

function joined(pages: readonly Answer[]): Question {
  const byCursor = new Map(pages.map((page) => [page.cursor, page]));
  must(byCursor.size === pages.length, 'a page stands twice');
  const records: LedgerRecord[] = [];
  const taken: Answer[] = [];
  let cursor: string | undefined;
  do {
    const page = byCursor.get(cursor);
    if (!page)
      throw new Doubt(cursor === undefined ? 'its first page is missing' : `the page from ${cursor} on is missing`);
    must(!taken.includes(page), 'its pages go round in a circle');
    taken.push(page);
    records.push(...page.records);
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
  must(taken.length === pages.length, 'a page that no other names');
  const [first] = taken as [Answer, ...Answer[]];
  return {
    name: first.name,
    query: first.query,
    records,
    readThroughout: new Map(
      [...first.reads].filter(([key, place]) => {
        const isSame = ({ reads }: Answer) =>
          reads.get(key)?.block === place.block && reads.get(key)?.index === place.index;
        return taken.every(isSame);
      }),
    ),
    asOf: Math.min(...taken.map(({ at }) => at)),
    pages: taken.length,
    endorsersMin: Math.min(...taken.map(({ endorsers }) => endorsers.length)),
  };
}
