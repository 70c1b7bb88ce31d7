/**
 * Lets Node run TypeScript from its source: `node --import ./typescript.mjs program.ts`. In jest's own realm every look at
 * a global is slow, which doubles the time of a run; and its workers are fewer than the cores.
 */
import { register } from 'node:module';

register('./typescriptHooks.mjs', import.meta.url);
