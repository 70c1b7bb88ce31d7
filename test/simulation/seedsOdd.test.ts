import { describe } from '@jest/globals';
import { exploreSeeds } from './explore.js';

describe('odd seeds keep every promise of the protocol', () => {
  exploreSeeds(1, 2);
});
