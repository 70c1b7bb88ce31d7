import { refusal } from '@consilium/domain';
import { describe, expect, test } from '@jest/globals';
import { sendFailureOf } from './sendFailure.js';

describe('a send that failed', () => {
  test('gives an event up only for what lies in the event', () => {
    expect(sendFailureOf(refusal('CONSENT_EVENT_OUT_OF_ORDER', { seq: 2, expected: 1 }))).toBe('refused');
    expect(sendFailureOf(refusal('CONSENT_RECORD_ERASED', {}))).toBe('refused');
  });

  test('waits where the channel is away, or nobody knows', () => {
    expect(sendFailureOf(refusal('LEDGER_UNAVAILABLE', { reason: '' }))).toBe('later');
    expect(sendFailureOf(refusal('LEDGER_COMMIT_UNKNOWN', { transactionId: 't' }))).toBe('later');
    expect(sendFailureOf(refusal('LEDGER_REFUSED', { reason: '' }))).toBe('later');
    expect(sendFailureOf(new TypeError('unforeseen'))).toBe('later');
  });

  test('tells what another transaction, and what the person, is the reason of', () => {
    expect(sendFailureOf(refusal('LEDGER_CONFLICT', {}))).toBe('again');
    expect(sendFailureOf(refusal('CONSENT_PERSON_UNKNOWN', { person: 'desk' }))).toBe('person');
  });
});
