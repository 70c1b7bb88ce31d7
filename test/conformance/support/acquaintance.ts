import { setTimeout as pause } from 'node:timers/promises';
import { answerOf } from './answer.js';
import type { Caller } from './caller.js';
import { HOSPITALS } from './hospitals.js';

const ACQUAINTED_MS_MAX = 60_000;
const RETRY_MS = 100;

/** Waits until every hospital's gateway finds every peer: peers of a new network learn of each other by and by. */
export async function untilAcquainted(callers: readonly Caller[]): Promise<void> {
  const deadline = Date.now() + ACQUAINTED_MS_MAX;
  for (const { contract } of callers) {
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

/** Waits until the peers of these hospitals have noticed that their chaincode process is away. */
export async function untilMissed(caller: Caller, hospitals: readonly string[]): Promise<void> {
  const deadline = Date.now() + ACQUAINTED_MS_MAX;
  for (const msp of hospitals) {
    for (;;) {
      const answer = await answerOf(() => caller.evaluateAt(msp, 'Results:text'));
      if (JSON.stringify(answer).includes('could not launch chaincode')) break;
      if (Date.now() > deadline)
        throw new Error(`the peer of ${msp} does not miss its chaincode: ${JSON.stringify(answer)}`);
      await pause(RETRY_MS);
    }
  }
}
