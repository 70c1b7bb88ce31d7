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
  const envelope = decode(common.ConfigUpdateEnvelope, data);
  const update = envelope && decode(common.ConfigUpdate, envelope.getConfigUpdate_asU8());
  const [readSet, writeSet] = [update?.getReadSet(), update?.getWriteSet()];
  if (!envelope || !update || !readSet || !writeSet) throw new Error('error converting envelope to config update');
  if (update.getChannelId() !== channel) {
    throw new Error(`ConfigUpdate for channel '${update.getChannelId()}' but envelope for channel '${channel}'`);
  }
  const next = common.Config.deserializeBinary(current.serializeBinary());
  const root = next.getChannelGroup() as common.ConfigGroup;
  checkRead('/Channel', root, readSet);
  const changed = changedMsps(root, writeSet);
  if (changed.length === 0)
    throw new Error('error validating DeltaSet: delta set was empty -- update would have no effect');
  const signers = membership.signers(
    envelope.getSignaturesList().map((each) => ({
      message: Buffer.concat([each.getSignatureHeader_asU8(), envelope.getConfigUpdate_asU8()]),
      identity: decode(common.SignatureHeader, each.getSignatureHeader_asU8())?.getCreator_asU8() ?? new Uint8Array(),
      signature: each.getSignature_asU8(),
    })),
  );
  for (const { path, organization, existing, value } of changed) {
    if (!signers.some(({ msp, role }) => msp === organization && role === 'admin')) {
      throw new Error(
        `error validating DeltaSet: policy for [Value]  ${path} not satisfied: signature set did not satisfy policy`,
      );
    }
    existing.setVersion(value.getVersion());
    existing.setValue(value.getValue_asU8());
  }
  requireSame(
    root,
    changed.map(({ organization }) => organization),
  );
  next.setSequence(current.getSequence() + 1);
  return next;
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

function changedMsps(root: common.ConfigGroup, write: common.ConfigGroup): ChangedMsp[] {
  requirePlain(root, write);
  return [...write.getGroupsMap().entries()].flatMap(([section, group]) => {
    const existingSection = root.getGroupsMap().get(section);
    if (!existingSection || !SECTIONS.includes(section as (typeof SECTIONS)[number])) throw new Error(NOT_SUPPORTED);
    requirePlain(existingSection, group);
    return [...group.getGroupsMap().entries()].flatMap(([organization, each]) => {
      const existing = existingSection.getGroupsMap().get(organization);
      if (!existing) throw new Error(NOT_SUPPORTED);
      return changedValues(`/Channel/${section}/${organization}`, organization, existing, each);
    });
  });
}

function changedValues(
  path: string,
  organization: string,
  group: common.ConfigGroup,
  write: common.ConfigGroup,
): ChangedMsp[] {
  if (write.getVersion() !== group.getVersion() || write.getGroupsMap().getLength() > 0) throw new Error(NOT_SUPPORTED);
  return [...write.getValuesMap().entries()].flatMap(([name, value]) => {
    const existing = group.getValuesMap().get(name);
    if (!existing || name !== 'MSP') throw new Error(NOT_SUPPORTED);
    if (value.getVersion() === existing.getVersion()) return [];
    if (value.getVersion() !== existing.getVersion() + 1) {
      throw new Error(
        `error validating DeltaSet: attempt to set key [Value]  ${path}/MSP to version ${value.getVersion()}, but key is at version ${existing.getVersion()}`,
      );
    }
    const bytes = value.getValue_asU8();
    if (value.getModPolicy() !== existing.getModPolicy() || !readMspValue(bytes)) throw new Error(NOT_SUPPORTED);
    if (mspNameIn(bytes) !== organization) throw new Error(`the MSP for ${organization} has another name`);
    return [{ path: `${path}/MSP`, organization, existing, value }];
  });
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
