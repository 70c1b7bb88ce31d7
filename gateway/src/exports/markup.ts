/** HTML out of templates: whatever is put in is escaped, unless it is markup of this file itself. */

class Markup {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

export type { Markup };

/** Markup that this program itself is written with. Never anything that came from outside. */
export function ownMarkup(constant: string): Markup {
  return new Markup(constant);
}

type Part = string | number | null | Markup | readonly Markup[];

/** `html`<p>${text}</p>``: text is escaped for content and for quoted attributes alike. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  let text = strings[0] ?? '';
  for (const [k, part] of parts.entries()) text += markupOf(part) + (strings[k + 1] ?? '');
  return new Markup(text);
}

function markupOf(part: Part): string {
  if (part === null) return '';
  if (part instanceof Markup) return part.text;
  if (Array.isArray(part)) return part.map((each: Markup) => each.text).join('');
  return escaped(String(part));
}

const LONG_WORD = /(\S{19,})/;

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Control characters, and marks that turn the direction of text, are shown as a replacement: they could hide what is written. */
export function escaped(text: string): string {
  return text
    .replace(/[\p{Cc}\u202A-\u202E\u2066-\u2069]/gu, (found) => (found === '\n' || found === '\t' ? found : '\uFFFD'))
    .replace(/[&<>"']/g, (found) => ESCAPES[found] ?? found);
}

/**
 * A table with a caption; the first cell of each row heads it. Each cell repeats its column's title for narrow screens, where
 * rows stand as blocks; the roles are said because such blocks are no table to a screen reader.
 */
export function table(
  caption: string,
  head: readonly string[],
  rows: readonly (readonly (string | Markup)[])[],
): Markup {
  const headings = head.map((title) => html`<th scope="col" role="columnheader">${title}</th>`);
  const lines = rows.map(([first = '', ...rest]) => {
    const cells = rest.map((cell, k) => html`<td role="cell" data-head="${head[k + 1] ?? ''}">${breakable(cell)}</td>`);
    return html`<tr role="row"><th scope="row" role="rowheader" data-head="${head[0] ?? ''}">${breakable(first)}</th>${cells}</tr>\n`;
  });
  return html`<table role="table"><caption>${caption}</caption><thead role="rowgroup"><tr role="row">${headings}</tr></thead>
<tbody role="rowgroup">${lines}</tbody></table>`;
}

/** Words break nowhere, but for those that are longer than any: digests and addresses would make a table wider than the page. */
function breakable(cell: string | Markup): Markup {
  if (cell instanceof Markup) return cell;
  return html`${cell.split(LONG_WORD).map((part, k) => (k % 2 === 1 ? html`<span class="long">${part}</span>` : html`${part}`))}`;
}

export function list(items: readonly (string | Markup)[]): Markup {
  return html`<ul>${items.map((item) => html`<li>${item}</li>\n`)}</ul>`;
}
