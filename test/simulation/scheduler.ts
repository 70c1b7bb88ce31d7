/**
 * Virtual time. Everything that waits, waits here; between two events all promises that can go on have gone on, so that
 * one seed gives one order of things.
 */

type Event = { at: number; order: number; run: () => void; cancelled: boolean };

export class Scheduler {
  readonly #heap: Event[] = [];
  #now = 0;
  #order = 0;

  /** Milliseconds since the run began. */
  get now(): number {
    return this.#now;
  }

  /** Runs something after so many milliseconds. Returns how to cancel it. */
  after(ms: number, run: () => void): () => void {
    const event: Event = { at: this.#now + Math.max(0, ms), order: this.#order++, run, cancelled: false };
    this.#push(event);
    return () => {
      event.cancelled = true;
    };
  }

  /** Runs the next event and everything that follows from it at once. Returns false where there is none. */
  async step(): Promise<boolean> {
    let event = this.#pop();
    while (event?.cancelled) event = this.#pop();
    if (!event) return false;
    this.#now = event.at;
    event.run();
    await settled();
    return true;
  }

  #push(event: Event): void {
    const heap = this.#heap;
    let at = heap.push(event) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(event, heap[parent] as Event)) break;
      heap[at] = heap[parent] as Event;
      at = parent;
    }
    heap[at] = event;
  }

  #pop(): Event | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (!first || !last || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      if (left >= heap.length) break;
      const right = left + 1;
      const child = right < heap.length && isBefore(heap[right] as Event, heap[left] as Event) ? right : left;
      if (!isBefore(heap[child] as Event, last)) break;
      heap[at] = heap[child] as Event;
      at = child;
    }
    heap[at] = last;
    return first;
  }
}

function isBefore(a: Event, b: Event): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

/** Resolves once no promise can go on by itself: the host runs them all before its next turn. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
