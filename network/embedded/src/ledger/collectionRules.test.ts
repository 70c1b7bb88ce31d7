import { describe, expect, test } from '@jest/globals';
import { Membership } from '../membership/membership.js';
import { parseSignaturePolicy } from '../membership/policyText.js';
import { TestAuthority } from '../testing/testAuthority.js';
import { common, encode, peer } from '../wire/proto.js';
import { collectionsRefusal } from './collectionRules.js';

const authorities = await Promise.all(['AMSP', 'BMSP'].map((id) => TestAuthority.create(id)));
const membership = new Membership(authorities.map((authority) => authority.msp()));

type Settings = { name?: string; policy?: string | null; required?: number; maximum?: number; blockToLive?: number };

function collection({ name = 'pair', policy = "OR('AMSP.member', 'BMSP.member')", ...settings }: Settings = {}) {
  const config = new peer.StaticCollectionConfig();
  config.setName(name);
  config.setRequiredPeerCount(settings.required ?? 0);
  config.setMaximumPeerCount(settings.maximum ?? 1);
  config.setBlockToLive(settings.blockToLive ?? 0);
  if (policy !== null) {
    const members = new peer.CollectionPolicyConfig();
    members.setSignaturePolicy(parseSignaturePolicy(policy));
    config.setMemberOrgsPolicy(members);
  }
  return config;
}

function packaged(...configs: peer.StaticCollectionConfig[]): Buffer {
  const all = new peer.CollectionConfigPackage();
  all.setConfigList(
    configs.map((config) => {
      const each = new peer.CollectionConfig();
      each.setStaticCollectionConfig(config);
      return each;
    }),
  );
  return encode(all);
}

const refusalOf = (proposed: Settings[], committed: Settings[] = []) =>
  collectionsRefusal(packaged(...proposed.map(collection)), packaged(...committed.map(collection)), membership);

describe('collections of a definition', () => {
  test.each<[string, Settings[]]>([
    ['one of both members', [{}]],
    ['names with digits, dashes and underscores', [{ name: 'a' }, { name: '-b_2' }, { name: '9' }]],
    ['one member alone', [{ policy: "OR('AMSP.peer')" }]],
  ])('may be %s', (_, proposed) => {
    expect(refusalOf(proposed)).toBeUndefined();
  });

  test.each<[string, Settings[], string]>([
    ['begin with an underscore', [{ name: '_implicit' }], "invalid collection name '_implicit'"],
    ['be without a name', [{ name: '' }], "invalid collection name ''"],
    ['stand twice', [{}, {}], 'found duplicate in collection configuration'],
    ['require more peers than they want', [{ required: 2, maximum: 1 }], 'cannot be less than the required peer count'],
    ['require fewer than none', [{ required: -1 }], 'cannot be less than zero'],
    ['be without members', [{ policy: null }], 'collection member policy is not set'],
    ['want two members at once', [{ policy: "AND('AMSP.member', 'BMSP.member')" }], 'is not an OR concatenation'],
    ['name a stranger', [{ policy: "OR('AMSP.member', 'CMSP.member')" }], "'CMSP' is not part of the channel"],
  ])('may not %s', (_, proposed, text) => {
    expect(refusalOf(proposed)).toContain(text);
  });

  test.each<[string, Settings[], string]>([
    ['lose one', [{ name: 'other' }], 'existing collection [pair] missing'],
    ['change when its data goes', [{ blockToLive: 7 }], 'the BlockToLive in an existing collection [pair] modified'],
  ])('may not %s when they are replaced', (_, proposed, text) => {
    expect(refusalOf(proposed, [{}])).toContain(text);
    expect(refusalOf([{}, ...proposed.filter(({ name }) => name)], [{}])).toBeUndefined();
  });

  test('are refused where they are none', () => {
    expect(collectionsRefusal(Buffer.from('nonsense'), new Uint8Array(), membership)).toBe(
      'collection configuration is empty',
    );
    const empty = new peer.CollectionConfigPackage();
    empty.setConfigList([new peer.CollectionConfig()]);
    expect(collectionsRefusal(encode(empty), new Uint8Array(), membership)).toBe('collection configuration is empty');
  });

  test('with an empty member policy are refused', () => {
    const config = collection({ policy: null });
    config.setMemberOrgsPolicy(new peer.CollectionPolicyConfig());
    expect(collectionsRefusal(packaged(config), new Uint8Array(), membership)).toContain('member org policy is empty');
    const broken = new peer.CollectionPolicyConfig();
    broken.setSignaturePolicy(new common.SignaturePolicyEnvelope());
    config.setMemberOrgsPolicy(broken);
    expect(collectionsRefusal(packaged(config), new Uint8Array(), membership)).toContain('invalid member org policy');
  });

  test('of a name that no expression should take long over are refused at once', () => {
    const began = process.cpuUsage();
    expect(refusalOf([{ name: `${'a'.repeat(50_000)}!` }])).toContain('invalid collection name');
    // With a nested repetition this would not end. Of this process's own time: others may hold the machine.
    expect(process.cpuUsage(began).user).toBeLessThan(2_000_000);
  });
});
