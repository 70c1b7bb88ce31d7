/** What a training process does: one study's rows and model, one task after another. */
import { ConsiliumError, refusal, type StudyProtocol } from '@consilium/domain';
import { Keystream } from '../privacy/keystream.js';
import { aloneProtocol, trainAlone } from './aloneTraining.js';
import type { Engine, EngineUsed } from './engines/engine.js';
import { chooseEngine, type EngineLoaders } from './engines/engineChoice.js';
import { HospitalModel } from './hospitalModel.js';
import { predictTestRows } from './predictions.js';
import type { TrainingRequest, TrainingWork, WorkKind } from './trainingMessages.js';
import type { TrainingRows } from './trainingRows.js';
import { makeVector } from './vectorMaking.js';

type Started = Readonly<{ protocol: StudyProtocol; rows: TrainingRows; engine: Engine; residentMiBMax: number }>;
type Progress = (step: number) => void;

/** What of the process the service needs, handed in. */
export type TrainingHost = Readonly<{
  loaders: EngineLoaders;
  /** Bytes of memory that the process holds. */
  residentBytes(): number;
  /** Makes everything that draws random numbers by itself, as dropout does, draw these. */
  seedRandom(next: () => number): void;
}>;

export class TrainingService {
  readonly #host: TrainingHost;
  readonly #models = new Map<string, HospitalModel>();
  #started: Started | undefined;

  constructor(host: TrainingHost) {
    this.#host = host;
  }

  /** @throws ConsiliumError */
  async perform({ kind, request }: TrainingRequest, onProgress: Progress): Promise<TrainingWork[WorkKind]['result']> {
    if (kind === 'start') return this.#start(request);
    const started = this.#started;
    if (!started) throw new Error(`${kind} before start`);
    try {
      return await this.#work({ kind, request } as TrainingRequest, started, (step) => this.#report(step, onProgress));
    } catch (error) {
      throw catalogued(error, started.engine);
    }
  }

  async #start({ protocol, rows, engines, residentMiBMax }: TrainingWork['start']['request']) {
    const { engine, notice } = await chooseEngine(engines, this.#host.loaders);
    this.#started = { protocol, rows, engine, residentMiBMax };
    const used: EngineUsed = { name: engine.name, version: engine.version };
    return notice === undefined ? { engine: used } : { engine: used, notice };
  }

  async #work(
    { kind, request }: Pick<TrainingRequest, 'kind' | 'request'>,
    started: Started,
    report: (step: number) => Promise<void>,
  ) {
    const { protocol } = started;
    switch (kind) {
      case 'vector': {
        const task = request as TrainingWork['vector']['request'];
        this.#seed(protocol, task.round);
        return makeVector(await this.#model(protocol), task, report);
      }
      case 'predictions':
        return predictTestRows(
          await this.#model(protocol),
          (request as TrainingWork['predictions']['request']).version,
        );
      default:
        this.#seed(protocol, 'alone');
        return trainAlone(
          await this.#model(aloneProtocol(protocol)),
          (request as TrainingWork['alone']['request']).training,
          report,
        );
    }
  }

  async #model(protocol: StudyProtocol): Promise<HospitalModel> {
    const { engine, rows } = this.#started as Started;
    const known = this.#models.get(protocol.standardisation);
    if (known) return known;
    const model = await HospitalModel.build(engine, protocol, rows);
    this.#models.set(protocol.standardisation, model);
    return model;
  }

  #seed(protocol: StudyProtocol, round: number | string): void {
    const stream = new Keystream('consilium-random', protocol.seed, round);
    this.#host.seedRandom(() => stream.nextUnit());
  }

  /** Between steps the process hears that its gateway is gone, and looks at its memory. */
  async #report(step: number, onProgress: Progress): Promise<void> {
    const residentMiB = this.#host.residentBytes() / 2 ** 20;
    const { residentMiBMax } = this.#started as Started;
    if (residentMiB > residentMiBMax)
      throw refusal('TRAINING_FAILED', {
        reason: `it holds ${Math.ceil(residentMiB)} MiB, ${residentMiBMax} are allowed`,
      });
    onProgress(step);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function catalogued(error: unknown, engine: EngineUsed): ConsiliumError {
  if (error instanceof ConsiliumError) return error;
  const message = (error instanceof Error ? error.message : String(error)).split('\n')[0]?.slice(0, 200) ?? '';
  const kernel = /Kernel '(\w+)' not registered/.exec(message)?.[1];
  if (kernel)
    return refusal('ENGINE_UNAVAILABLE', {
      engine: engine.name,
      reason: `it has no ${kernel}, which this model needs`,
    });
  return refusal('TRAINING_FAILED', { reason: message }, { cause: error });
}
