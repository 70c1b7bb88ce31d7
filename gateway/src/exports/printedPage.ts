/** A page for printing and for screens: one file, no script, nothing loaded from anywhere. */
import { createHash } from 'node:crypto';
import { html, type Markup, ownMarkup } from './markup.js';

const STYLE = `
:root { color-scheme: light dark; --ink: #1a1c1e; --soft: #4a5056; --line: #c9ced3; --paper: #ffffff; --good: #17603a; --stop: #9a2318; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8eaed; --soft: #b3bac1; --line: #454b52; --paper: #15181b; --good: #7ddba3; --stop: #ff9d92; } }
* { box-sizing: border-box; }
html { background: var(--paper); }
body { margin: 0 auto; max-width: 46rem; padding: 1.5rem 1.25rem 4rem; color: var(--ink); font: 1.0625rem/1.55 system-ui, sans-serif; overflow-wrap: anywhere; }
.broad { max-width: 72rem; }
h1 { font-size: 1.75rem; line-height: 1.2; margin: 0 0 .25rem; }
h2 { font-size: 1.25rem; margin: 2.25rem 0 .5rem; }
h3 { font-size: 1.0625rem; margin: 1.25rem 0 .25rem; }
p, ul { margin: .5rem 0; }
ul { padding-left: 1.25rem; }
.soft { color: var(--soft); }
.answer { border-left: .3rem solid var(--line); padding: .4rem 0 .4rem 1rem; font-size: 1.125rem; }
.yes { border-color: var(--good); } .no { border-color: var(--stop); }
table { border-collapse: collapse; width: 100%; font-size: .9375rem; }
caption { text-align: left; color: var(--soft); padding-bottom: .25rem; }
th, td { text-align: left; vertical-align: top; padding: .4rem .75rem .4rem 0; border-bottom: 1px solid var(--line); font-weight: normal; }
th, td { overflow-wrap: normal; }
.long { overflow-wrap: anywhere; }
thead th { font-weight: 600; }
footer { margin-top: 2.5rem; }
code { font-size: .875em; overflow-wrap: anywhere; }
@media screen and (max-width: 40rem) {
  table, caption, tbody, tr, th, td { display: block; }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  tr { border-bottom: 1px solid var(--line); padding: .5rem 0; }
  th, td { border: 0; padding: .1rem 0; }
  td:empty { display: none; }
  [data-head]::before { content: attr(data-head) ": "; color: var(--soft); }
}
@media print { @page { margin: 18mm; } :root { --ink: #000; --soft: #333; --line: #999; --paper: #fff; --good: #000; --stop: #000; } body { max-width: none; padding: 0; font-size: 11pt; } table { font-size: 9pt; } h2, h3 { break-after: avoid; } tr, li { break-inside: avoid; } thead { display: table-header-group; } }
`;

/** The style by its hash is all that such a page may use. */
export const PAGE_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** @param width `broad`: for tables of many columns */
export function printedPage(title: string, body: Markup, width: 'narrow' | 'broad' = 'narrow'): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title}</title>
${ownMarkup(`<style>${STYLE}</style>`)}
</head>
<body class="${width}">
<main>
${body}
</main>
</body>
</html>
`.text;
}

const DATE = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeZone: 'UTC' });
const TIME = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' });

/** `25 November 2026` */
export function dateInWords(at: number): string {
  return DATE.format(at);
}

/** `25 November 2026 at 10:02 UTC` */
export function timeInWords(at: number): string {
  return `${TIME.format(at)} UTC`;
}
