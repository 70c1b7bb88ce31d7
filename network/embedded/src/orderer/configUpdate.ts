import type { Membership } from '../membership/membership.js';
import { mspNameIn, readMspValue, SECTIONS } from '../wire/channelConfig.js';
import { common, decode } from '../wire/proto.js';

/**
 * Applies a configuration update: the only one that this channel takes is a new MSP of one organisation (certificate
 * authorities, revocation lists), signed by an admin of it, in every section that holds it. Throws an Error in Fabric's
 * words where the update does not fit the configuration or is not signed, and by name where it asks for more.
 *
 * @param data of the payload of an envelope of type CONFIG_UPDATE.
 */
export function updatedConfig(
  current: common.Config,
  data: Uint8Array,
  channel: string,
  membership: Membership,
): common.Config {
  const next = common.Config.deserializeBinary(current.serializeBinary());
  const changed = authorized(() => changes(next, data, channel, membership));
  for (const { existing, value } of changed) {
    existing.setVersion(value.getVersion());
    existing.setValue(value.getValue_asU8());
  }
  for (const { organization, value } of changed) requireUsable(organization, value.getValue_asU8());
  requireSame(
    next.getChannelGroup() as common.ConfigGroup,
    changed.map(({ organization }) => organization),
  );
  next.setSequence(current.getSequence() + 1);
  return next;
}

/** Says of every error that it comes before the new configuration is looked at. */
function authorized<Result>(work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    throw new Error(`error authorizing update: ${(error as Error).message}`, { cause: error });
  }
}

/** What a signed update changes in a configuration. */
function changes(config: common.Config, data: Uint8Array, channel: string, membership: Membership): ChangedMsp[] {
  const envelope = decode(common.ConfigUpdateEnvelope, data);
  const update = envelope && decode(common.ConfigUpdate, envelope.getConfigUpdate_asU8());
  const [readSet, writeSet] = [update?.getReadSet(), update?.getWriteSet()];
  if (!envelope || !update || !readSet || !writeSet) throw new Error('error converting envelope to config update');
  if (update.getChannelId() !== channel) {
    throw new Error(`ConfigUpdate for channel '${update.getChannelId()}' but envelope for channel '${channel}'`);
  }
  const root = config.getChannelGroup() as common.ConfigGroup;
  checkRead('/Channel', root, readSet);
  const changed = changedMsps(root, writeSet, readSet);
  if (changed.length === 0)
    throw new Error('error validating DeltaSet: delta set was empty -- update would have no effect');
  const signers = membership.signers(
    envelope.getSignaturesList().map((each) => ({
      message: Buffer.concat([each.getSignatureHeader_asU8(), envelope.getConfigUpdate_asU8()]),
      identity: decode(common.SignatureHeader, each.getSignatureHeader_asU8())?.getCreator_asU8() ?? new Uint8Array(),
      signature: each.getSignature_asU8(),
    })),
  );
  for (const { path, organization } of changed) {
    if (!signers.some(({ msp, role }) => msp === organization && role === 'admin')) {
      throw new Error(
        `error validating DeltaSet: policy for [Value]  ${path} not satisfied: signature set did not satisfy policy`,
      );
    }
  }
  return changed;
}

interface ChangedMsp {
  readonly path: string;
  readonly organization: string;
  readonly existing: common.ConfigValue;
  readonly value: common.ConfigValue;
}

const NOT_SUPPORTED = 'the embedded channel takes no other configuration update than a new MSP of one organisation';

function checkRead(path: string, existing: common.ConfigGroup, read: common.ConfigGroup): void {
  if (read.getVersion() !== existing.getVersion()) {
    throw new Error(
      `error validating ReadSet: proposed update requires that key [Group]  ${path} be at version ${read.getVersion()}, but it is currently at version ${existing.getVersion()}`,
    );
  }
  for (const [name, group] of read.getGroupsMap().entries()) {
    const found = existing.getGroupsMap().get(name);
    if (!found) {
      throw new Error(
        `error validating ReadSet: existing config does not contain element for [Group]  ${path}/${name} but was in the read set`,
      );
    }
    checkRead(`${path}/${name}`, found, group);
  }
}

function changedMsps(root: common.ConfigGroup, write: common.ConfigGroup, read: common.ConfigGroup): ChangedMsp[] {
  requirePlain(root, write);
  return [...write.getGroupsMap().entries()].flatMap(([section, group]) => {
    const existingSection = root.getGroupsMap().get(section);
    if (!existingSection || !SECTIONS.includes(section as (typeof SECTIONS)[number])) throw new Error(NOT_SUPPORTED);
    requirePlain(existingSection, group);
    return [...group.getGroupsMap().entries()].flatMap(([organization, each]) => {
      const existing = existingSection.getGroupsMap().get(organization);
      if (!existing) throw new Error(NOT_SUPPORTED);
      const seen = read.getGroupsMap().get(section)?.getGroupsMap().get(organization);
      return changedValues(`/Channel/${section}/${organization}`, organization, existing, each, seen);
    });
  });
}

function changedValues(
  path: string,
  organization: string,
  group: common.ConfigGroup,
  write: common.ConfigGroup,
  read: common.ConfigGroup | undefined,
): ChangedMsp[] {
  if (write.getVersion() !== group.getVersion() || write.getGroupsMap().getLength() > 0) throw new Error(NOT_SUPPORTED);
  return [...write.getValuesMap().entries()].flatMap(([name, value]) => {
    const existing = group.getValuesMap().get(name);
    if (!existing || name !== 'MSP') throw new Error(NOT_SUPPORTED);
    // What was read in the same version is not changed.
    if (value.getVersion() === read?.getValuesMap().get(name)?.getVersion()) return [];
    if (value.getVersion() !== existing.getVersion() + 1) {
      throw new Error(
        `error validating DeltaSet: attempt to set key [Value]  ${path}/MSP to version ${value.getVersion()}, but key is at version ${existing.getVersion()}`,
      );
    }
    if (value.getModPolicy() !== existing.getModPolicy()) throw new Error(NOT_SUPPORTED);
    return [{ path: `${path}/MSP`, organization, existing, value }];
  });
}

function requireUsable(organization: string, bytes: Uint8Array): void {
  const material = readMspValue(bytes);
  if (!material) throw new Error(NOT_SUPPORTED);
  if (material.roots.length === 0) {
    throw new Error(
      'initializing channelconfig failed: could not create channel Orderer sub-group config: setting up the MSP manager failed: expected at least one CA certificate',
    );
  }
  const name = mspNameIn(bytes);
  if (name === organization) return;
  throw new Error(`orderer org ${organization} attempted to change MSP ID from ${organization} to ${name}`);
}

/** A group may be passed through, but neither changed nor given values and policies. */
function requirePlain(existing: common.ConfigGroup, write: common.ConfigGroup): void {
  const hasOwn = write.getValuesMap().getLength() > 0 || write.getPoliciesMap().getLength() > 0;
  if (hasOwn || write.getVersion() !== existing.getVersion()) throw new Error(NOT_SUPPORTED);
}

/** An organisation is one and the same in every section. */
function requireSame(root: common.ConfigGroup, organizations: readonly string[]): void {
  for (const organization of new Set(organizations)) {
    const values = SECTIONS.map((section) =>
      root.getGroupsMap().get(section)?.getGroupsMap().get(organization)?.getValuesMap().get('MSP')?.getValue_asB64(),
    );
    if (new Set(values).size > 1) {
      throw new Error(`full config did not verify: Attempted to define two different versions of MSP: ${organization}`);
    }
  }
}
