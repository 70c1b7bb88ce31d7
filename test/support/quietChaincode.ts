/** Import before the contract: its library prints a line for each of its decorators otherwise. */
import { createRequire } from 'node:module';

// The environment variable would come too late: jest loads CommonJS modules while it links, before any module runs.
const logger = createRequire(import.meta.url)('fabric-contract-api/lib/logger') as { setLevel(level: string): void };
logger.setLevel('error');
