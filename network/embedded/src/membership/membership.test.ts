import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { TestAuthority } from '../testing/testAuthority.js';
import { encode, msp } from '../wire/proto.js';
import { Membership } from './membership.js';
import { readMsp } from './msp.js';

const [a, b] = (await Promise.all(['AMSP', 'BMSP'].map((id) => TestAuthority.create(id)))) as [
  TestAuthority,
  TestAuthority,
];
const membership = new Membership([a.msp(), b.msp()]);

function serialized(organization: string, certificate: string): Buffer {
  const identity = new msp.SerializedIdentity();
  identity.setMspid(organization);
  identity.setIdBytes(Buffer.from(certificate));
  return encode(identity);
}

describe('an identity', () => {
  test('is what its certificate and its authority say', async () => {
    const { certificate } = await a.issue({ name: 'alice', units: ['client'] });
    expect(membership.identify(serialized('AMSP', certificate))).toMatchObject({ msp: 'AMSP', role: 'client' });
  });

  test('of another authority with the same name is nobody', async () => {
    const impostor = await TestAuthority.create('AMSP');
    const { certificate } = await impostor.issue();
    expect(membership.identify(serialized('AMSP', certificate))).toBeUndefined();
  });

  test("that claims another organisation than its authority's is nobody", async () => {
    const { certificate } = await a.issue();
    expect(membership.identify(serialized('BMSP', certificate))).toBeUndefined();
    expect(membership.identify(serialized('NopeMSP', certificate))).toBeUndefined();
  });

  test.each([
    ['no certificate', Buffer.from('nonsense')],
    ['an empty one', Buffer.alloc(0)],
    ['one that is too long', Buffer.alloc(20_000, 65)],
  ])('that is %s is nobody', (_, bytes) => {
    expect(membership.identify(bytes)).toBeUndefined();
    expect(membership.identify(serialized('AMSP', bytes.toString()))).toBeUndefined();
  });

  test('of an authority itself is nobody', async () => {
    const { certificate } = await a.issue({ isAuthority: true });
    expect(membership.identify(serialized('AMSP', certificate))).toBeUndefined();
    expect(membership.identify(serialized('AMSP', a.certificate))).toBeUndefined();
  });

  test.each([
    [[], undefined],
    [['client', 'peer'], undefined],
    [['department'], undefined],
    [['department', 'peer'], 'peer'],
    [['ADMIN'], 'admin'],
  ])('with the units %j has the role %s', async (units, role) => {
    const { certificate } = await a.issue({ units });
    const identity = membership.identify(serialized('AMSP', certificate));
    expect(identity?.msp).toBe('AMSP');
    expect(identity?.role).toBe(role);
  });

  test('that has expired is still known, with the time of its end', async () => {
    const notAfterMs = Math.floor(Date.now() / 1000) * 1000 - 60_000;
    const { certificate } = await a.issue({ notAfterMs });
    expect(membership.identify(serialized('AMSP', certificate))?.expiresMs).toBe(notAfterMs);
  });
});

describe('signers', () => {
  test('are those whose signatures hold, each once', async () => {
    const [alice, bob] = [await a.signer(), await b.signer()];
    const message = Buffer.from('message');
    const by = (signer: typeof alice, text: Buffer) => ({
      message,
      identity: signer.serialized,
      signature: signer.sign(text),
    });
    const signed = [by(alice, message), by(alice, message), by(bob, Buffer.from('another message'))];
    expect(membership.signers(signed).map((each) => each.msp)).toEqual(['AMSP']);
  });

  test('without a role are no members', async () => {
    const message = Buffer.from('message');
    const nobody = await a.signer({ units: [] });
    const signed = { message, identity: nobody.serialized, signature: nobody.sign(message) };
    expect(membership.signers([signed])).toHaveLength(1);
    expect(membership.isSignedByMember(signed)).toBe(false);
  });

  test('cannot lend their signature to other bytes, however often they were checked', async () => {
    const alice = await a.signer();
    const identity = membership.identify(alice.serialized)!;
    const signature = alice.sign(Buffer.from('a'));
    expect(membership.verify(identity, Buffer.from('a'), signature)).toBe(true);
    expect(membership.verify(identity, Buffer.from('b'), signature)).toBe(false);
    expect(membership.verify(identity, Buffer.from('a'), signature)).toBe(true);
  });
});

describe('an MSP folder', () => {
  const root = mkdtempSync(join(tmpdir(), 'msp-'));
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  const write = (folder: string, files: Readonly<Record<string, string>>) => {
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(join(root, folder, name, '..'), { recursive: true });
      writeFileSync(join(root, folder, name), content);
    }
    return join(root, folder);
  };
  const authority = { 'cacerts/ca.pem': a.certificate };
  const units = 'NodeOUs:\n  Enable: true\n';

  test('is read', () => {
    const folder = write('good', { ...authority, 'config.yaml': units, 'tlscacerts/tls.pem': b.certificate });
    const provider = readMsp('AMSP', folder);
    expect(provider.rootCertificates).toEqual([a.certificate]);
    expect(provider.tlsRootCertificates).toEqual([b.certificate]);
  });

  test.each<[string, Record<string, string>, RegExp]>([
    ['has no authority', { 'config.yaml': units }, /no certificate authority in cacerts/],
    ['has no roles', { ...authority, 'config.yaml': 'NodeOUs:\n  Enable: false\n' }, /NodeOUs must be enabled/],
    ['has revocation lists', { ...authority, 'crls/crl.pem': 'x' }, /does not support crls/],
    ['has intermediates', { ...authority, 'intermediatecerts/i.pem': 'x' }, /does not support intermediatecerts/],
    ['is damaged', { 'cacerts/ca.pem': 'nonsense' }, /cannot be read/],
  ])('that %s is refused', (name, files, message) => {
    expect(() => readMsp('AMSP', write(name, files))).toThrow(message);
  });

  test('with a certificate that is no authority is refused', async () => {
    const { certificate } = await a.issue();
    expect(() => readMsp('AMSP', write('leaf', { 'cacerts/ca.pem': certificate }))).toThrow(
      /not a certificate authority/,
    );
  });
});
