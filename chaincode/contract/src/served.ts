/**
 * What the chaincode process loads: the contracts, and a library that does not spend a fifth of its time on lines that
 * nobody reads. It formats each debug line, several a message, before it drops the line for its level.
 */
import shim from 'fabric-shim';
import { contracts } from './index.js';

/** By the names that the library gave them; `newLogger` hands out the one that it made itself. */
const CHATTY = [
  'lib/handler.js',
  'lib/stub.js',
  'lib/iterators.js',
  'lib/chaincode.js',
  'contracts-spi/chaincodefromcontract.js',
];

for (const name of CHATTY) {
  const logger = shim.newLogger(name);
  if (!logger.isDebugEnabled()) logger.debug = () => logger;
}

export { contracts };
