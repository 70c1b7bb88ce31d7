/** What every page for printing must have for whoever reads it: on paper, on a small screen, or by a screen reader. */
import { describe, expect, test } from '@jest/globals';
import { html, table } from './markup.js';
import { PAGE_POLICY, printedPage } from './printedPage.js';

const page = printedPage(
  'Your <data>',
  html`<h1>Your data</h1>${table('Oldest first', ['When', 'What'], [['today', 'a'.repeat(64)]])}`,
);

describe('a page', () => {
  test('names its language and itself, fits small screens, and has one main part', () => {
    expect(page).toMatch(/^<!doctype html>\n<html lang="en">/);
    expect(page).toContain('<title>Your &lt;data&gt;</title>');
    expect(page).toContain('name="viewport" content="width=device-width, initial-scale=1"');
    expect(page.match(/<main>/g)).toHaveLength(1);
  });

  test('has tables that say their roles, head each cell, and break words that are longer than any', () => {
    expect(page).toMatch(/<table role="table"><caption>Oldest first<\/caption>/);
    expect(page).toContain('<th scope="col" role="columnheader">When</th>');
    expect(page).toContain('<th scope="row" role="rowheader" data-head="When">today</th>');
    expect(page).toContain(`<td role="cell" data-head="What"><span class="long">${'a'.repeat(64)}</span></td>`);
  });

  test('is styled for print, and its colours have the contrast of WCAG 2.1 AA, light and dark', () => {
    const style = /<style>([\s\S]+)<\/style>/.exec(page)?.[1] ?? '';
    expect(style).toContain('@media print');
    const schemes = [...style.matchAll(/:root \{([^}]+)\}/g)].map(([, inside = '']) =>
      Object.fromEntries([...inside.matchAll(/--(\w+): #([0-9a-f]{3,6})/g)].map(([, name, hex]) => [name, hex])),
    );
    expect(schemes).toHaveLength(3);
    for (const { ink = '', soft = '', good = '', stop = '', paper = '' } of schemes)
      for (const colour of [ink, soft, good, stop]) expect(contrast(colour, paper)).toBeGreaterThanOrEqual(4.5);
  });

  test('loads nothing and runs nothing', () => {
    expect(page).not.toMatch(/<script|src=|href=|url\(/);
    expect(PAGE_POLICY).toMatch(/^default-src 'none'; style-src 'sha256-[^']+';/);
  });
});

/** WCAG 2.1, 1.4.3. */
function contrast(a: string, b: string): number {
  const [light = 0, dark = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (light + 0.05) / (dark + 0.05);
}

function luminance(hex: string): number {
  const six = hex.length === 3 ? [...hex].map((digit) => digit + digit).join('') : hex;
  const [r = 0, g = 0, b = 0] = [0, 2, 4].map((at) => {
    const channel = Number.parseInt(six.slice(at, at + 2), 16) / 255;
    return channel <= 0.03928 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
