import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import type { Identity } from '../membership/identity.js';
import { Membership } from '../membership/membership.js';
import { Msp } from '../membership/msp.js';
import { ImplicitPolicy, outOf, type Policy, SignaturePolicy } from '../membership/policy.js';
import { EndorsementPlan } from './endorsementPlan.js';
import type { PeerNode } from './peerNode.js';

const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const NAMES = ['A', 'B', 'C', 'D'];
const nodes = NAMES.map((msp): PeerNode => {
  const identity: Identity = { msp, id: msp, publicKey, role: 'peer', expiresMs: Number.POSITIVE_INFINITY };
  return { msp, identity } as PeerNode;
});
const [a, b, c, d] = nodes as [PeerNode, PeerNode, PeerNode, PeerNode];
const membership = new Membership(NAMES.map((id) => new Msp(id, [], [])));
const majority = new ImplicitPolicy(membership, 'MAJORITY', 'Endorsement', 'peer');
const allOf = (...organizations: string[]) => new SignaturePolicy(outOf(organizations.length, organizations));

const inOrder = (items: PeerNode[]) => items;
const names = (chosen: PeerNode[] | undefined) => chosen?.map((each) => each.msp).sort();
const plan = (policies: Policy[], candidates = nodes) => new EndorsementPlan(policies, candidates, a);
const choose = (one: EndorsementPlan, endorsed: PeerNode[] = [], failed: PeerNode[] = []) =>
  names(one.choose(new Set(endorsed), new Set(failed), inOrder));

describe('who endorses', () => {
  test('the own peer and as many others as are needed', () => {
    expect(choose(plan([majority]))).toEqual(['A', 'B', 'C']);
  });

  test('others in the place of those that failed', () => {
    expect(choose(plan([majority]), [a, c], [b])).toEqual(['A', 'C', 'D']);
  });

  test('nobody when too many failed', () => {
    expect(choose(plan([majority]), [a, d], [b, c])).toBeUndefined();
    expect(choose(plan([majority], [a, b]))).toBeUndefined();
  });

  test('only those whom the policy of a key names, without the own peer', () => {
    expect(choose(plan([allOf('D')]), [a])).toEqual(['D']);
  });

  test('enough for every policy at once', () => {
    expect(choose(plan([majority, allOf('D')]), [a])).toEqual(['A', 'B', 'D']);
    expect(choose(plan([allOf('B', 'C'), allOf('D')]), [a])).toEqual(['B', 'C', 'D']);
  });

  test('is shared out at random among the others', () => {
    const backwards = (items: PeerNode[]) => [...items].reverse();
    expect(names(plan([majority]).choose(new Set(), new Set(), backwards))).toEqual(['A', 'C', 'D']);
  });
});
