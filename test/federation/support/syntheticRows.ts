/** Made-up patients of one hospital: two measurements and a habit that say something of the outcome, and noise. */
import { createHash } from 'node:crypto';

const COLUMNS = ['patient', 'age', 'pressure', 'smoker', 'outcome'] as const;

export interface RowsOptions {
  readonly rows?: number;
  /** How far this hospital's patients are older than others', in years. */
  readonly older?: number;
}

const ROWS = 240;

/** Lines of the CSV text for a study that lists its test rows: the last fifth. */
export function listedSplit({ rows = ROWS }: RowsOptions): { trainLines: string; testLines: string } {
  const lastTraining = 1 + Math.floor(0.8 * rows);
  return { trainLines: `2-${lastTraining}`, testLines: `${lastTraining + 1}-${rows + 1}` };
}

/** A CSV text with a header: the same for the same hospital. */
export function syntheticCsv(hospital: string, { rows = ROWS, older = 0 }: RowsOptions = {}): string {
  const lines = Array.from({ length: rows }, (_, k) => {
    const [a, b, c, d] = units(`${hospital} ${k}`);
    const age = Math.round(40 + older + 40 * a);
    const pressure = Math.round(100 + 80 * b);
    const smoker = c < 0.4 ? 1 : 0;
    const risk = (age - 62) / 9 + (pressure - 140) / 16 + (smoker ? 1.2 : -0.8);
    const outcome = d < 1 / (1 + Math.exp(-risk)) ? 1 : 0;
    return [`${hospital}-${k}`, age, pressure, smoker, outcome].join(',');
  });
  return `${[COLUMNS.join(','), ...lines].join('\n')}\n`;
}

/** Four numbers in [0, 1) out of a text. */
function units(text: string): [number, number, number, number] {
  const digest = createHash('sha256').update(text).digest();
  const unit = (k: number) => digest.readUInt32BE(4 * k) / 2 ** 32;
  return [unit(0), unit(1), unit(2), unit(3)];
}
