import { describe } from '@jest/globals';
import { exploreSeeds } from './explore.js';

describe('even seeds keep every promise of the protocol', () => {
  exploreSeeds(0, 2);
});
