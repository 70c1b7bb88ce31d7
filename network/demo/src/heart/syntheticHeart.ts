/**
 * Patients that nobody ever was, for a machine that reaches neither a folder, nor the registry, nor UCI. They have
 * UCI's columns and number of rows, are complete on the lines of the split, and are labelled synthetic wherever they
 * are shown: nothing about medicine can be read off them.
 */
import { createCipheriv, createHash } from 'node:crypto';
import type { HeartContents } from './heartContents.js';
import { byHospital, type HeartHospital } from './heartHospitals.js';
import { linesOf, readHeartSplit } from './heartSplit.js';

const SEED = 45;

/** How ill a hospital's patients are on the whole, and how far its age lies from 54 years. */
const HOSPITALS = {
  cleveland: { intercept: -0.2, ageShift: 0 },
  hungary: { intercept: -0.9, ageShift: -6 },
  switzerland: { intercept: 3.2, ageShift: 1 },
  va: { intercept: 1.2, ageShift: 5 },
};

/** The same bytes at each call. */
export async function syntheticHeart(): Promise<HeartContents> {
  const split = await readHeartSplit();
  return byHospital((hospital) => {
    const lines = split[hospital.key];
    const complete = new Set([...linesOf(lines.trainLines), ...linesOf(lines.testLines)]);
    const draw = uniformDraws(hospital);
    const rows = Array.from({ length: hospital.rows }, (_, k) => patient(hospital, draw, complete.has(k + 1)));
    return Buffer.from(rows.map((row) => `${row}\n`).join(''));
  });
}

function patient({ key }: HeartHospital, draw: () => number, isComplete: boolean): string {
  const { intercept, ageShift } = HOSPITALS[key];
  const bell = () => draw() + draw() + draw() + draw() - 2;
  const chance = (share: number) => (draw() < share ? 1 : 0);
  const age = Math.round(Math.min(77, Math.max(28, 54 + ageShift + 15 * bell())));
  const sex = chance(0.75);
  const illness = intercept + 0.05 * (age - 54) + 1.2 * (sex - 0.75) + 2.5 * bell();
  const isIll = chance(1 / (1 + Math.exp(-illness)));
  const pain = isIll ? [4, 4, 4, 3, 2, 1] : [4, 3, 3, 2, 2, 1];
  const cp = pain[Math.floor(draw() * pain.length)] as number;
  const trestbps = Math.round(Math.min(200, Math.max(90, 132 + 30 * bell())));
  const chol = key === 'switzerland' ? 0 : Math.round(Math.min(600, Math.max(100, 245 + 90 * bell())));
  const restecg = Math.floor(draw() * 3);
  const thalach = Math.round(Math.min(202, Math.max(60, 150 - 25 * isIll + 35 * bell())));
  const oldpeak = (Math.max(0, 8 + 10 * isIll + 15 * bell()) / 10).toFixed(1);
  const fbs = isComplete ? chance(0.15) : '?';
  const exang = chance(0.2 + 0.4 * isIll);
  const num = isIll ? 1 + Math.floor(draw() * 4) : 0;
  return [age, sex, cp, trestbps, chol, fbs, restecg, thalach, exang, oldpeak, '?', '?', '?', num].join(',');
}

/** Even draws from [0, 1): AES-256-CTR under the seed and the hospital's key. */
function uniformDraws({ key, rows }: HeartHospital): () => number {
  const cipher = createCipheriv(
    'aes-256-ctr',
    createHash('sha256').update(`synthetic-heart\n${SEED}\n${key}`).digest(),
    Buffer.alloc(16),
  );
  // A patient takes fewer than 64 draws.
  const stream = cipher.update(Buffer.alloc(4 * 64 * rows));
  let at = 0;
  return () => {
    const value = stream.readUInt32LE(at) / 2 ** 32;
    at += 4;
    return value;
  };
}
