/** Figures as SVG: the curves over fractions of the training rows and over epsilon, and calibration. */
import { parse, View } from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';

export type FractionPoint = Readonly<{ fraction: number; arm: string; figure: string; value: number }>;
export type CalibrationPoint = Readonly<{ arm: string; meanScore: number; positives: number; rows: number }>;

export type PrivacyPoint = Readonly<{ epsilon: number; delta: number; figure: string; value: number }>;

const CONFIG = { background: 'white', font: 'sans-serif', axis: { labelFontSize: 11, titleFontSize: 12 } };

async function svg(spec: TopLevelSpec): Promise<string> {
  const view = new View(parse(compile(spec).spec), { renderer: 'none' });
  try {
    return await view.toSVG();
  } finally {
    view.finalize();
  }
}

/** One panel a figure, one line an arm, over the percentage of each hospital's training rows. */
export function fractionChart(points: readonly FractionPoint[]): Promise<string> {
  return svg({
    config: CONFIG,
    data: { values: points.map((point) => ({ ...point, percent: point.fraction * 100 })) },
    columns: 2,
    facet: { field: 'figure', type: 'nominal', title: null, sort: null },
    resolve: { scale: { y: 'independent' } },
    spec: {
      width: 300,
      height: 200,
      mark: { type: 'line', point: true },
      encoding: {
        x: { field: 'percent', type: 'quantitative', title: 'training rows used (%)', scale: { domain: [0, 100] } },
        y: { field: 'value', type: 'quantitative', title: null, scale: { zero: false } },
        color: { field: 'arm', type: 'nominal', title: null, sort: null },
      },
    },
  });
}

/** Share of positives against mean score by tenth of the score; the diagonal is perfect. The area of a point is its rows. */
export function calibrationChart(points: readonly CalibrationPoint[]): Promise<string> {
  return svg({
    config: CONFIG,
    width: 320,
    height: 320,
    layer: [
      {
        data: {
          values: [
            { x: 0, y: 0 },
            { x: 1, y: 1 },
          ],
        },
        mark: { type: 'line', strokeDash: [4, 4], color: '#888' },
        encoding: { x: { field: 'x', type: 'quantitative' }, y: { field: 'y', type: 'quantitative' } },
      },
      {
        data: { values: points.filter(({ rows }) => rows > 0) },
        mark: { type: 'line', opacity: 0.5 },
        encoding: {
          x: { field: 'meanScore', type: 'quantitative' },
          y: { field: 'positives', type: 'quantitative' },
          color: { field: 'arm', type: 'nominal', title: null, sort: null },
        },
      },
      {
        data: { values: points.filter(({ rows }) => rows > 0) },
        mark: { type: 'circle', opacity: 0.9 },
        encoding: {
          x: { field: 'meanScore', type: 'quantitative', title: 'mean score', scale: { domain: [0, 1] } },
          y: { field: 'positives', type: 'quantitative', title: 'patients with disease', scale: { domain: [0, 1] } },
          size: { field: 'rows', type: 'quantitative', title: 'test rows' },
          color: { field: 'arm', type: 'nominal', title: null, sort: null },
        },
      },
    ],
  });
}

/** One panel a figure, one line a delta, over epsilon. */
export function epsilonChart(points: readonly PrivacyPoint[]): Promise<string> {
  return svg({
    config: CONFIG,
    data: { values: points.map((point) => ({ ...point, line: `delta ${point.delta}` })) },
    columns: 2,
    facet: { field: 'figure', type: 'nominal', title: null, sort: null },
    resolve: { scale: { y: 'independent' } },
    spec: {
      width: 300,
      height: 200,
      mark: { type: 'line', point: true },
      encoding: {
        x: {
          field: 'epsilon',
          type: 'quantitative',
          title: 'epsilon (less is more private)',
          scale: { type: 'log' },
          axis: { values: [0.1, 0.3, 1, 3, 10] },
        },
        y: { field: 'value', type: 'quantitative', title: null, scale: { zero: false } },
        color: { field: 'line', type: 'nominal', title: null, sort: null },
      },
    },
  });
}
