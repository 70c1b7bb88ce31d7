import { describe, expect, test } from '@jest/globals';
import { callerOf } from './caller.js';
import type { LedgerContext } from './ledgerContext.js';

function certified(attributes: Readonly<Record<string, string>>, msp = 'VaMSP'): LedgerContext {
  const clientIdentity = {
    getMSPID: () => msp,
    getID: () => 'x509::/CN=agent.va::/CN=va CA',
    getAttributeValue: (name: string) => attributes[name] ?? null,
  };
  return { clientIdentity } as unknown as LedgerContext;
}

describe('the caller', () => {
  test('is who the certificate says', () => {
    expect(callerOf(certified({ 'consilium.role': 'agent' }))).toEqual({
      msp: 'VaMSP',
      id: 'x509::/CN=agent.va::/CN=va CA',
      role: 'agent',
    });
  });

  test.each([
    [{}],
    [{ 'consilium.role': '' }],
    [{ 'consilium.role': 'Agent' }],
    [{ 'consilium.role': 'agent admin' }],
    [{ role: 'admin' }],
  ])('has no role with the attributes %p', (attributes) => {
    expect(callerOf(certified(attributes)).role).toBeNull();
  });

  test('cannot be of an MSP that would forge a key', () => {
    expect(() => callerOf(certified({ 'consilium.role': 'agent' }, 'Va~MSP'))).toThrow();
  });
});
