/**
 * The heart study with differential privacy for each hospital's patients, played by the product's own parts in one process:
 * the rows as a gateway reads them, vectors as its trainer makes them, versions as every hospital recomputes them.
 */
import { StudyProtocol } from '@consilium/domain';
import { CsvHospitalRows } from '../../gateway/dist/data/csvHospitalRows.js';
import { roundArithmetic } from '../../gateway/dist/learning/aggregate.js';
import { HospitalModel } from '../../gateway/dist/learning/hospitalModel.js';
import { releasedValues, wholeVersion } from '../../gateway/dist/learning/personalTensors.js';
import { makeVector } from '../../gateway/dist/learning/vectorMaking.js';
import { vectorBytes } from '../../gateway/dist/privacy/fixedPoint.js';
import { readHeartStudy } from '../../network/demo/dist/heart/heartStudies.js';
import { heartTopology } from '../../network/demo/dist/heart/heartTopology.js';
import { obtainHeartFiles } from '../../network/demo/dist/heart/obtainHeartFiles.js';
import { cacheFolder } from '../../network/setup/paths.mjs';

/** Rows of the four hospitals by MSP. */
export async function heartRows(say) {
  const cache = cacheFolder(process.env);
  const { files, source } = await obtainHeartFiles({ environment: process.env, cacheFolder: cache, say });
  say(`heart files: ${source}`);
  const { hospitals } = await heartTopology(files);
  const protocol = StudyProtocol.parse({ ...(await readHeartStudy('study')), validationShare: 0 });
  const rows = new Map();
  for (const { msp, data } of hospitals) {
    const { kind: _, ...csv } = data;
    rows.set(msp, (await new CsvHospitalRows(csv).read(protocol)).rows);
  }
  return rows;
}

/** @throws Error where the study declares another number of training patients than are there */
export function requireDeclared(protocol, rows) {
  for (const [msp, { sets, patientKeys }] of rows) {
    const patients = new Set(patientKeys.filter((_, row) => sets[row] === 'train')).size;
    const declared = protocol.privacy.declaredPatients[msp];
    if (patients !== declared) throw new Error(`${msp} has ${patients} training patients, ${declared} are declared`);
  }
}

/** Plays the study to its end. @returns figures on test rows: of all together, and the mean of hospitals' accuracy */
export async function playPrivately(engine, protocol, rows) {
  const models = new Map();
  for (const [msp, own] of rows) models.set(msp, await HospitalModel.build(engine, protocol, own));
  const personal = new Map();
  let file = roundArithmetic.initialVersion(protocol);
  for (let round = 1; round <= protocol.trainingRounds; round++) {
    const vectors = new Map();
    for (const [msp, model] of models) {
      const base = { version: round - 1, file, personal: personal.get(msp) };
      const declaredPatients = protocol.privacy.declaredPatients[msp];
      const task = { round, kind: 'training', base, candidateParent: undefined, declaredPatients };
      const made = await makeVector(model, task);
      personal.set(msp, made.personal);
      vectors.set(msp, vectorBytes(made.vector));
    }
    const made = roundArithmetic.aggregate({
      protocol,
      kind: 'training',
      round,
      base: file,
      sum: sumOf(vectors),
      vectors,
    });
    if (!made.file) throw new Error(`round ${round} made no version`);
    file = made.file;
  }
  const scored = [...models].map(([msp, model]) => {
    const version = wholeVersion(protocol, { version: 0, file, personal: personal.get(msp) });
    return model.score(releasedValues(protocol, version), version.content, model.testRows);
  });
  for (const model of models.values()) model.dispose();
  return figuresOf(scored);
}

/** Of vectors as they travel, modulo 2^32. */
function sumOf(vectors) {
  const parts = [...vectors.values()].map(
    ({ buffer, byteOffset, byteLength }) => new Int32Array(buffer, byteOffset, byteLength / 4),
  );
  return parts.reduce((sum, part) => sum.map((value, k) => (value + part[k]) | 0));
}

function figuresOf(hospitals) {
  const accuracy = ({ scores, labels }) =>
    scores.reduce((right, score, k) => right + Number(score >= 0.5 === (labels[k] === 1)), 0) / scores.length;
  const together = (field) => hospitals.flatMap((scored) => [...scored[field]]);
  const [scores, labels, losses] = ['scores', 'labels', 'losses'].map(together);
  return {
    meanOfHospitals: hospitals.reduce((sum, scored) => sum + accuracy(scored), 0) / hospitals.length,
    accuracy: accuracy({ scores, labels }),
    auc: areaUnderCurve(scores, labels),
    logLoss: losses.reduce((sum, loss) => sum + loss, 0) / losses.length,
  };
}

/** Pairs of a positive and a negative that the scores put in order; ties count half. */
function areaUnderCurve(scores, labels) {
  let [higher, pairs] = [0, 0];
  for (const [k, score] of scores.entries())
    for (const [j, other] of scores.entries())
      if (labels[k] === 1 && labels[j] === 0) {
        pairs++;
        higher += score > other ? 1 : score === other ? 0.5 : 0;
      }
  return higher / pairs;
}
