export * from './desk.js';
export * from './event.js';
export * from './policy.js';
export * from './record.js';
export * from './use.js';
export * from './writing.js';
