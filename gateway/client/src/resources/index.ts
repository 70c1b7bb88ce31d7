/** The shapes that the REST interface takes and gives: one declaration for the gateway that answers and for whoever asks. */
export * from './consent/index.js';
export * from './event.js';
export * from './figures.js';
export * from './health.js';
export * from './hospital.js';
export * from './job.js';
export * from './model.js';
export * from './page.js';
export * from './privacy.js';
export * from './problem.js';
export * from './record.js';
export * from './round.js';
export * from './study.js';
export * from './transaction.js';
