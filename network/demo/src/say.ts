/** Lines for whoever watches: a last line that changes in place on a terminal, whole lines elsewhere. */
export class Say {
  readonly #stream: NodeJS.WriteStream;
  #live = false;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
  }

  line(text = ''): void {
    this.#clear();
    this.#stream.write(`${text}\n`);
  }

  /** Shown until the next line on a terminal; not at all elsewhere. */
  live(text: string): void {
    if (!this.#stream.isTTY) return;
    this.#clear();
    this.#stream.write(text.slice(0, (this.#stream.columns || 80) - 1));
    this.#live = true;
  }

  #clear(): void {
    if (this.#live) this.#stream.write('\r\u001b[2K');
    this.#live = false;
  }
}
