/** Writes the figures of a study as SVG files. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { calibrationChart } from './charts.js';
import { allRows } from './comparison.js';
import { fractionSvg } from './curve.js';
import type { FractionFigures } from './report.js';
import { ARM_TITLES } from './resultTables.js';
import type { FinishedStudy } from './runStudy.js';
import type { Say } from './say.js';
import { calibrationOf } from './scores.js';

export async function writeFigures(
  folder: string,
  { arms, protocol }: FinishedStudy,
  fractions: readonly FractionFigures[] | undefined,
  say: Say,
): Promise<void> {
  await mkdir(folder, { recursive: true });
  if (protocol.label.kind === 'binary') {
    const points = (['federated', 'alone'] as const).flatMap((arm) =>
      calibrationOf(allRows(arms.rows[arm])).map((group) => ({ ...group, arm: ARM_TITLES[arm] })),
    );
    await writeFile(join(folder, 'calibration.svg'), await calibrationChart(points));
  }
  if (fractions) await writeFile(join(folder, 'fractions.svg'), await fractionSvg(fractions));
  say.line(`Figures are in ${folder}.`);
}
