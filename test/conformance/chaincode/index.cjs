'use strict';
/** Every function of the chaincode library's stub, one contract a noun. Used by the conformance suite only. */
const { Calls } = require('./calls.cjs');
const { CompositeKeys } = require('./compositeKeys.cjs');
const { Events } = require('./events.cjs');
const { History } = require('./history.cjs');
const { Policies } = require('./policies.cjs');
const { PrivateValues } = require('./privateValues.cjs');
const { Proposals } = require('./proposals.cjs');
const { Ranges } = require('./ranges.cjs');
const { Results } = require('./results.cjs');
const { State } = require('./state.cjs');

module.exports.contracts = [
  State,
  Ranges,
  CompositeKeys,
  History,
  PrivateValues,
  Policies,
  Events,
  Proposals,
  Calls,
  Results,
];
