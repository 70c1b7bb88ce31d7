/** The entry of a training process: a child of the gateway, so that its crash or its end by the kernel is nobody else's. */
import { ConsiliumError, refusal } from '@consilium/domain';
import { loadTfjsNode } from './engines/tfjsNode.js';
import { loadWasm } from './engines/wasm.js';
import type { TrainingReply, TrainingRequest } from './trainingMessages.js';
import { TrainingService } from './trainingService.js';

const service = new TrainingService({
  loaders: { 'tfjs-node': loadTfjsNode, wasm: loadWasm },
  residentBytes: () => process.memoryUsage.rss(),
  seedRandom: (next) => {
    Math.random = next;
  },
});

function reply(message: TrainingReply): void {
  if (process.connected) process.send?.(message);
}

async function perform(message: TrainingRequest): Promise<void> {
  const { id } = message;
  try {
    reply({
      id,
      kind: 'done',
      result: await service.perform(message, (step) => reply({ id, kind: 'progress', step })),
    });
  } catch (error) {
    const { code, detail } =
      error instanceof ConsiliumError ? error : refusal('TRAINING_FAILED', { reason: String(error).slice(0, 200) });
    reply({ id, kind: 'failed', code, detail });
  }
}

let last: Promise<void> = Promise.resolve();
process.on('message', (message) => {
  last = last.then(() => perform(message as TrainingRequest));
});
process.on('disconnect', () => process.exit(0));
