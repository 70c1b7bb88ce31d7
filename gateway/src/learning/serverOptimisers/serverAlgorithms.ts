/** The algorithm that a protocol names. */
import type { ServerOptimiser } from '@consilium/domain';
import { fedAdagrad } from './fedAdagrad.js';
import { fedAdam } from './fedAdam.js';
import { fedAvg } from './fedAvg.js';
import { fedAvgM } from './fedAvgM.js';
import { fedYogi } from './fedYogi.js';
import type { ServerAlgorithm } from './serverAlgorithm.js';

export function serverAlgorithm(server: ServerOptimiser): ServerAlgorithm {
  switch (server.kind) {
    case 'fedavg':
      return fedAvg(server.learningRate);
    case 'fedavgm':
      return fedAvgM(server.learningRate, server.momentum);
    case 'fedadagrad':
      return fedAdagrad(server);
    case 'fedadam':
      return fedAdam(server);
    case 'fedyogi':
      return fedYogi(server);
  }
}
