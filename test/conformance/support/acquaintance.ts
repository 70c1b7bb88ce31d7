import { setTimeout as pause } from 'node:timers/promises';
import { HOSPITALS, type Stage } from './stage.js';

const ACQUAINTED_MS_MAX = 60_000;
const RETRY_MS = 100;

/** Waits until every hospital's gateway finds every peer: peers of a new network learn of each other by and by. */
export async function untilAcquainted(stage: Stage): Promise<void> {
  const deadline = Date.now() + ACQUAINTED_MS_MAX;
  for (const { contract } of stage.callers) {
    for (;;) {
      try {
        await contract.newProposal('Results:text', { endorsingOrganizations: [...HOSPITALS] }).endorse();
        break;
      } catch (error) {
        if (Date.now() > deadline) throw error;
        await pause(RETRY_MS);
      }
    }
  }
}
