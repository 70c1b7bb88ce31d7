/** One page for people: what is proven, what is not, and whatever does not hold. */
import { printable } from '../membership/certificate.js';
import type { Report } from './report.js';

const FAILURES_TOLD_MAX = 60;

export function pageOf(report: Report, anchored: boolean): string {
  const lines = [
    `genesis ${report.genesis ?? '(cannot be read)'}`,
    anchored
      ? '  the first block of the channel; everything below rests on it'
      : '  NOT COMPARED: give --genesis with the hash that you were told by someone whom you trust',
    '',
    ...report.about,
    '',
    report.holds ? 'THE PACK HOLDS.' : 'THE PACK DOES NOT HOLD:',
    ...report.failures.slice(0, FAILURES_TOLD_MAX).map(({ where, why }) => `  ${where}: ${why}`),
    ...(report.failures.length > FAILURES_TOLD_MAX ? [`  and ${report.failures.length - FAILURES_TOLD_MAX} more`] : []),
    '',
    report.holds ? 'Proven' : 'Proven, of what holds',
    ...report.proven.map((each) => `  ${each}`),
    '',
    'Not proven',
    ...report.limits.map((each) => `  ${each}`),
  ];
  return lines.map(printable).join('\n');
}
