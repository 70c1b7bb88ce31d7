import type { Case } from '../support/case.js';
import { ABSENT_CHAINCODE } from './absentChaincode.js';
import { BLOCK_EVENTS } from './blockEvents.js';
import { CALLS } from './calls.js';
import { CHAINCODE_EVENTS } from './chaincodeEvents.js';
import { CLIENT_OBJECTS } from './clientObjects.js';
import { COMPOSITE_KEYS } from './compositeKeys.js';
import { CONFIGURATION } from './configuration.js';
import { ENDORSE } from './endorse.js';
import { ENVELOPES } from './envelopes.js';
import { EVALUATE } from './evaluate.js';
import { EXPLICIT_COLLECTIONS } from './explicitCollections.js';
import { HISTORY } from './history.js';
import { IDENTITIES } from './identities.js';
import { IMPLICIT_COLLECTIONS } from './implicitCollections.js';
import { KEY_POLICIES } from './keyPolicies.js';
import { LIFECYCLE } from './lifecycle.js';
import { OFFLINE_SIGNING } from './offlineSigning.js';
import { PROPOSALS } from './proposals.js';
import { PAGES, RANGES } from './ranges.js';
import { READ_WRITE_SETS } from './readWriteSets.js';
import { BARE_RESPONSES, RESULTS } from './results.js';
import { SECOND_CHAINCODE } from './secondChaincode.js';
import { STALLS } from './stalls.js';
import { STATE } from './state.js';
import { SUBMIT } from './submit.js';
import { SYSTEM_CHAINCODES } from './systemChaincodes.js';

/** Every case, in the order in which they run on one channel. No case depends on another one. */
export const CASES: readonly Case[] = [
  ...STATE,
  ...RANGES,
  ...PAGES,
  ...COMPOSITE_KEYS,
  ...HISTORY,
  ...PROPOSALS,
  ...RESULTS,
  ...BARE_RESPONSES,
  ...CALLS,
  ...KEY_POLICIES,
  ...IMPLICIT_COLLECTIONS,
  ...EXPLICIT_COLLECTIONS,
  ...READ_WRITE_SETS,
  ...EVALUATE,
  ...ENDORSE,
  ...SUBMIT,
  ...CLIENT_OBJECTS,
  ...CHAINCODE_EVENTS,
  ...BLOCK_EVENTS,
  ...OFFLINE_SIGNING,
  ...IDENTITIES,
  ...ENVELOPES,
  ...SYSTEM_CHAINCODES,
  ...SECOND_CHAINCODE,
  ...LIFECYCLE,
  ...ABSENT_CHAINCODE,
  ...CONFIGURATION,
  ...STALLS,
];
