#!/usr/bin/env node
/**
 * FLamby's "pooled test" of models that the demo trained in FLamby's way, which no federation can know: it standardises
 * all test rows by all training rows. `npm run flamby-pooled-test -w network/demo -- FOLDER`, where FOLDER is what
 * `npm run demo -- --study network/demo/heart/study.flamby.json --models FOLDER` wrote.
 */
import { readdir, readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { readHeartStudy } from './heartStudies.js';
import { obtainHeartFiles } from './obtainHeartFiles.js';
import { readPatients } from './tuning/patients.js';
import { pooledTestAccuracy } from './tuning/testFigures.js';

const folder = process.argv[2];
if (folder === undefined) throw new Error('name the folder that --models wrote');
const study = await readHeartStudy('study.flamby');
const cacheFolder = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'consilium');
const { source, files } = await obtainHeartFiles({ environment: process.env, cacheFolder, say: () => undefined });
if (source === 'synthetic') throw new Error('the real files could not be had: synthetic patients prove nothing here');
const rows = {
  training: await readPatients(files, 'trainLines', study),
  test: await readPatients(files, 'testLines', study),
};
const models = (await readdir(folder)).filter((name) => name.endsWith('.safetensors')).sort();
if (models.length === 0) throw new Error(`${folder} holds no model`);
const accuracies = await Promise.all(
  models.map(async (name) => pooledTestAccuracy(weightsIn(await readFile(join(folder, name))), rows)),
);
const mean = accuracies.reduce((sum, accuracy) => sum + accuracy, 0) / accuracies.length;
process.stdout.write(`${JSON.stringify({ models: accuracies.length, pooledTestAccuracy: mean })}\n`);

/** Kernel, then intercept, out of a safetensors file: eight bytes of length, a JSON header, float32 values. */
function weightsIn(file: Buffer): Float64Array {
  const headerBytes = Number(file.readBigUInt64LE(0));
  const header = JSON.parse(file.subarray(8, 8 + headerBytes).toString('utf8')) as Record<
    string,
    { data_offsets: [number, number] }
  >;
  const values = (tensor: string) => {
    const [from, to] = header[tensor]?.data_offsets ?? [0, 0];
    return Array.from({ length: (to - from) / 4 }, (_, k) => file.readFloatLE(8 + headerBytes + from + 4 * k));
  };
  return Float64Array.from([...values('output/kernel'), ...values('output/bias')]);
}
