/** Facts of a round that the contract refuses. */
import { describe } from '@jest/globals';
import {
  ask,
  type BadInput,
  contribution,
  HUNGARY,
  protocol,
  STRANGER,
  SWITZERLAND,
  testRefusals,
  VA,
} from '../support/badInput.js';
import { digestOf, STUDY, versionOutcome } from '../support/contractChannel.js';

describe('of the facts of a round, refused is', () => {
  testRefusals([
    {
      what: 'a join of an unknown round',
      at: 'initialAgreed',
      ask: () =>
        ask(
          'RoundContract:joinRound',
          { study: STUDY, round: 1, protocolHash: digestOf('p'), baseDigest: digestOf('b') },
          VA,
        ),
      code: 'ROUND_UNKNOWN',
      says: /no round 1/,
    },
    {
      what: 'a join of an initial round',
      at: 'initialOpen',
      ask: (c) => ask('RoundContract:joinRound', c.joinCommand(0), VA),
      code: 'PHASE_CLOSED',
      says: /joining of round 0/,
    },
    {
      what: 'a join on another base',
      at: 'joining',
      ask: (c) => ask('RoundContract:joinRound', { ...c.joinCommand(1), baseDigest: digestOf('other') }, VA),
      code: 'ROUND_BASE_MISMATCH',
      says: /fetch that version first/,
    },
    {
      what: 'a join on another protocol',
      at: 'joining',
      ask: (c) => ask('RoundContract:joinRound', { ...c.joinCommand(1), protocolHash: digestOf('other') }, VA),
      code: 'PROTOCOL_HASH_MISMATCH',
      says: /version 1 has the hash/,
    },
    {
      what: 'a join of a member that registered later',
      at: 'joiningWithoutVa',
      ask: (c) => ask('RoundContract:joinRound', c.joinCommand(1), VA),
      code: 'ROUND_NOT_AVAILABLE',
      says: /VaMSP is not among/,
    },
    {
      what: 'a join after the close',
      at: 'contributingWithoutVa',
      ask: (c) => ask('RoundContract:joinRound', c.joinCommand(1), VA),
      code: 'PHASE_CLOSED',
      says: /joining of round 1 is closed/,
    },
    {
      what: 'another join',
      at: 'contributing',
      ask: (c) =>
        ask(
          'RoundContract:joinRound',
          {
            ...c.joinCommand(1),
            cohort: { root: digestOf('r'), sizeBucket: '10-20', restrictionEpoch: 0, policyVersion: 1, purposes: [] },
          },
          VA,
        ),
      code: 'FACT_CHANGED',
      says: /VaMSP has recorded another join/,
    },
    {
      what: 'a contribution before all have joined',
      at: 'joining',
      ask: (c) => ask('RoundContract:contribute', contribution(c, VA), VA),
      code: 'PHASE_NOT_REACHED',
      says: /round 1 is joining: contributing has not begun/,
    },
    {
      what: 'a contribution to an initial round',
      at: 'initialOpen',
      ask: () =>
        ask(
          'RoundContract:contribute',
          { study: STUDY, round: 0, vectorDigest: digestOf('v'), vectorLength: 1, receipts: [] },
          VA,
        ),
      code: 'PHASE_CLOSED',
      says: /contributing of round 0/,
    },
    {
      what: 'a contribution without a join',
      at: 'contributingWithoutVa',
      ask: (c) => ask('RoundContract:contribute', contribution(c, VA), VA),
      code: 'NOT_IN_ROSTER',
      says: /VaMSP has not joined round 1/,
    },
    {
      what: 'a contribution after the close',
      at: 'attestingWithoutVa',
      ask: (c) => ask('RoundContract:contribute', contribution(c, VA), VA),
      code: 'PHASE_CLOSED',
      says: /contributing of round 1 is closed/,
    },
    {
      what: 'a contribution to an aborted round',
      at: 'voted',
      ask: (c) => ask('RoundContract:contribute', contribution(c, VA), VA),
      code: 'PHASE_CLOSED',
      says: /contributing of round 1 is closed/,
    },
    {
      what: 'a vector of another length',
      at: 'contributing',
      ask: (c) => ask('RoundContract:contribute', contribution(c, VA, { vectorLength: 5 }), VA),
      code: 'VECTOR_LENGTH_WRONG',
      says: /has 6 elements, not 5/,
    },
    {
      what: 'too few receipts',
      at: 'contributing',
      ask: (c) =>
        ask('RoundContract:contribute', contribution(c, VA, { receipts: contribution(c, VA).receipts?.slice(1) }), VA),
      code: 'RECEIPTS_TOO_FEW',
      says: /2 receipts of other members are needed, 1 came/,
    },
    {
      what: 'one receipt twice',
      at: 'contributing',
      ask: (c) =>
        ask(
          'RoundContract:contribute',
          contribution(c, VA, {
            receipts: [
              c.receipt(HUNGARY, { round: 1, contributor: VA, digest: digestOf('vector 1 VaMSP') }),
              c.receipt(HUNGARY, { round: 1, contributor: VA, digest: digestOf('vector 1 VaMSP') }),
            ],
          }),
          VA,
        ),
      code: 'RECEIPTS_TOO_FEW',
      says: /1 came/,
    },
    {
      what: 'a receipt of its own',
      at: 'contributing',
      ask: (c) =>
        ask(
          'RoundContract:contribute',
          contribution(c, VA, {
            receipts: [VA, HUNGARY].map((signer) =>
              c.receipt(signer, { round: 1, contributor: VA, digest: digestOf('vector 1 VaMSP') }),
            ),
          }),
          VA,
        ),
      code: 'RECEIPTS_TOO_FEW',
      says: /1 came/,
    },
    {
      what: 'a receipt for other bytes',
      at: 'contributing',
      ask: (c) => ask('RoundContract:contribute', contribution(c, VA, { vectorDigest: digestOf('other') }), VA),
      code: 'RECEIPT_FALSE',
      says: /the receipt of ClevelandMSP does not match/,
    },
    {
      what: 'a receipt for another contributor',
      at: 'contributing',
      ask: (c) =>
        ask(
          'RoundContract:contribute',
          contribution(c, VA, {
            receipts: [c.receipt(HUNGARY, { round: 1, contributor: SWITZERLAND, digest: digestOf('vector 1 VaMSP') })],
          }),
          VA,
        ),
      code: 'RECEIPT_FALSE',
      says: /HungaryMSP/,
    },
    {
      what: 'a receipt for another round',
      at: 'contributing',
      ask: (c) =>
        ask(
          'RoundContract:contribute',
          contribution(c, VA, {
            receipts: [c.receipt(HUNGARY, { round: 2, contributor: VA, digest: digestOf('vector 1 VaMSP') })],
          }),
          VA,
        ),
      code: 'RECEIPT_FALSE',
      says: /HungaryMSP/,
    },
    {
      what: 'a receipt for another study',
      at: 'contributing',
      ask: (c) =>
        ask(
          'RoundContract:contribute',
          contribution(c, VA, {
            receipts: [
              c.receipt(HUNGARY, { round: 1, contributor: VA, digest: digestOf('vector 1 VaMSP'), study: 'lung' }),
            ],
          }),
          VA,
        ),
      code: 'RECEIPT_FALSE',
      says: /HungaryMSP/,
    },
    {
      what: 'a receipt for another channel',
      at: 'contributing',
      ask: (c) =>
        ask(
          'RoundContract:contribute',
          contribution(c, VA, {
            receipts: [
              c.receipt(HUNGARY, { round: 1, contributor: VA, digest: digestOf('vector 1 VaMSP'), channel: 'test' }),
            ],
          }),
          VA,
        ),
      code: 'RECEIPT_FALSE',
      says: /HungaryMSP/,
    },
    {
      what: 'a receipt of a stranger',
      at: 'contributing',
      ask: (c) =>
        ask(
          'RoundContract:contribute',
          contribution(c, VA, {
            receipts: [c.receipt(STRANGER, { round: 1, contributor: VA, digest: digestOf('vector 1 VaMSP') })],
          }),
          VA,
        ),
      code: 'RECEIPT_FALSE',
      says: /StrangerMSP/,
    },
    {
      what: 'a second contribution with other bytes',
      at: 'attesting',
      ask: (c) => ask('RoundContract:contribute', c.contributeCommand(protocol, 1, VA, digestOf('other')), VA),
      code: 'FACT_CHANGED',
      says: /VaMSP has recorded another contribution/,
    },
    {
      what: 'an attestation before the survivors are fixed',
      at: 'contributing',
      ask: () => ask('RoundContract:attest', { study: STUDY, round: 1, outcome: versionOutcome('x') }, VA),
      code: 'PHASE_NOT_REACHED',
      says: /round 1 is contributing: attesting/,
    },
    {
      what: 'an attestation before joining is over',
      at: 'joining',
      ask: () => ask('RoundContract:attest', { study: STUDY, round: 1, outcome: versionOutcome('x') }, VA),
      code: 'PHASE_NOT_REACHED',
      says: /round 1 is joining: attesting/,
    },
    {
      what: 'an attestation of an aborted round',
      at: 'voted',
      ask: () => ask('RoundContract:attest', { study: STUDY, round: 1, outcome: versionOutcome('x') }, VA),
      code: 'PHASE_CLOSED',
      says: /attesting of round 1 is closed/,
    },
    {
      what: 'another attestation',
      at: 'agreed',
      ask: () => ask('RoundContract:attest', { study: STUDY, round: 1, outcome: versionOutcome('x') }, HUNGARY),
      code: 'FACT_CHANGED',
      says: /HungaryMSP has recorded another attestation/,
    },
  ] satisfies BadInput[]);
});
