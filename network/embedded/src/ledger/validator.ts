import type { Membership } from '../membership/membership.js';
import type { Block } from '../wire/block.js';
import { compareUtf8, sha256 } from '../wire/bytes.js';
import { bytesField, varint } from '../wire/fields.js';
import { common, encode, ValidationCode } from '../wire/proto.js';
import type { Transaction } from '../wire/transaction.js';
import { findConflict } from './conflicts.js';
import type { Definitions } from './definitions.js';
import { applyWrites } from './effects.js';
import { checkEndorsements, keyIdentity } from './endorsementCheck.js';
import { packMetadata } from './metadata.js';
import type { StateStore } from './stateStore.js';
import { StateUpdates } from './stateUpdates.js';
import { StateView } from './stateView.js';

/** A block with its transactions parsed: once, for all peers. */
export interface ParsedBlock {
  readonly block: Block;
  readonly hash: Buffer;
  readonly transactions: readonly Transaction[];
}

/** What a peer concludes from a block: a code per transaction, and what the valid ones change. */
export interface Verdict {
  readonly codes: Uint8Array;
  readonly updates: StateUpdates;
  /** Serialised `Metadata` for the block: running hash over codes and changes (Fabric's commit hash). */
  readonly commitHash: Buffer;
}

/** What a verdict depends on beside the block itself. */
export interface ValidationContext {
  readonly channel: string;
  readonly membership: Membership;
  readonly state: StateStore;
  readonly definitions: Definitions;
  /** Whether a transaction id stands in an earlier block. */
  isKnown(transactionId: string, beforeBlock: number): boolean;
  /** Whether the orderer made this block a configuration block. */
  isConfigBlock(number: number): boolean;
}

/** Judges a block as every peer of the channel must: in Fabric's order of checks, with Fabric's codes. */
export function validateBlock(parsed: ParsedBlock, context: ValidationContext): Verdict {
  const { block, transactions } = parsed;
  const codes = transactions.map((transaction) => checkShape(transaction, block.number, context));
  checkAllEndorsements(transactions, codes, context);
  markDuplicates(transactions, codes);

  const updates = new StateUpdates();
  const view = new StateView(context.state, updates);
  transactions.forEach(({ action }, place) => {
    if (codes[place] !== ValidationCode.VALID || !action) return;
    const code = findConflict(action.namespaces, view, updates);
    codes[place] = code;
    if (code !== ValidationCode.VALID) return;
    applyWrites(action.namespaces, { block: block.number, transaction: place }, view, updates);
  });
  expire(block.number, context, updates);
  const filter = Uint8Array.from(codes);
  return { codes: filter, updates, commitHash: commitHash(block.number, filter, updates, context.state.commitHash) };
}

/** What lived its blocks in a collection disappears after everything that the block does itself. */
function expire(number: number, { definitions, state }: ValidationContext, updates: StateUpdates): void {
  for (const { namespace, collection, blockToLive } of definitions.expiring()) {
    const writtenIn = number - blockToLive - 1;
    if (writtenIn < 0) continue;
    const stale = state.hashesWrittenUpTo(namespace, collection, writtenIn);
    if (stale.length === 0) continue;
    const version = { block: number, transaction: 0 };
    for (const key of stale) {
      if (updates.hashUpdate(namespace, collection, key)) continue;
      updates.setHash(namespace, collection, key, { value: undefined, metadata: undefined, version });
    }
    updates.expiries.push({ namespace, collection, writtenIn });
  }
}

function checkShape(transaction: Transaction, number: number, context: ValidationContext): ValidationCode {
  const { header, headerCode, bodyCode, contentCode } = transaction;
  if (headerCode !== ValidationCode.VALID || !header) return headerCode;
  if (header.type === common.HeaderType.CONFIG) {
    // The orderer takes none from clients, it makes them.
    return number === 0 || context.isConfigBlock(number)
      ? ValidationCode.VALID
      : ValidationCode.INVALID_CONFIG_TRANSACTION;
  }
  if (!isSignedByCreator(transaction, context)) return ValidationCode.BAD_CREATOR_SIGNATURE;
  if (header.type !== common.HeaderType.ENDORSER_TRANSACTION) return ValidationCode.UNSUPPORTED_TX_PAYLOAD;
  if (bodyCode !== ValidationCode.VALID) return bodyCode;
  if (context.isKnown(header.transactionId, number)) return ValidationCode.DUPLICATE_TXID;
  if (header.channelId !== context.channel) return ValidationCode.TARGET_CHAIN_NOT_FOUND;
  return contentCode;
}

function isSignedByCreator(transaction: Transaction, { membership }: ValidationContext): boolean {
  const creator = transaction.header && membership.identify(transaction.header.creator);
  if (!creator || creator.role === undefined) return false;
  return membership.verify(creator, transaction.payloadBytes, transaction.signature);
}

/** Endorsements are judged by the policies before the block; a policy that it changes fails those who come after. */
function checkAllEndorsements(
  transactions: readonly Transaction[],
  codes: ValidationCode[],
  { membership, definitions, state }: ValidationContext,
): void {
  const before = new StateView(state, new StateUpdates());
  const changed = new Set<string>();
  transactions.forEach(({ action }, place) => {
    if (codes[place] !== ValidationCode.VALID || !action) return;
    const code = checkEndorsements(
      action,
      membership,
      definitions,
      (namespace, collection, key) => before.metadata(namespace, collection, key),
      changed,
    );
    codes[place] = code;
    if (code !== ValidationCode.VALID) return;
    for (const { namespace, metadataWrites, collections } of action.namespaces) {
      for (const { key } of metadataWrites) changed.add(keyIdentity(namespace, undefined, key));
      for (const each of collections) {
        for (const { key } of each.metadataWrites) changed.add(keyIdentity(namespace, each.collection, key));
      }
    }
  });
}

function markDuplicates(transactions: readonly Transaction[], codes: ValidationCode[]): void {
  const seen = new Set<string>();
  transactions.forEach(({ header }, place) => {
    const id = header?.transactionId;
    if (codes[place] !== ValidationCode.VALID || !id) return;
    if (seen.has(id)) codes[place] = ValidationCode.DUPLICATE_TXID;
    seen.add(id);
  });
}

/**
 * Chains codes and changes of every block after the first one. Two peers with the same hash hold the same state. It has
 * Fabric's place and form (`Metadata`); the serialisation of the changes underneath is this channel's own.
 */
function commitHash(number: number, codes: Uint8Array, updates: StateUpdates, previous: Buffer): Buffer {
  if (number === 0) return Buffer.alloc(0);
  const parts: Uint8Array[] = [varint(codes.length), codes];
  for (const namespace of [...updates.publicUpdates.keys()].sort(compareUtf8)) {
    const keys = updates.publicUpdates.get(namespace)!;
    parts.push(bytesField(1, Buffer.from(namespace)));
    for (const key of [...keys.keys()].sort(compareUtf8)) parts.push(...changeParts(key, keys.get(key)!));
  }
  for (const namespace of [...updates.hashUpdates.keys()].sort(compareUtf8)) {
    const collections = updates.hashUpdates.get(namespace)!;
    for (const collection of [...collections.keys()].sort(compareUtf8)) {
      parts.push(bytesField(2, Buffer.from(namespace)), bytesField(3, Buffer.from(collection)));
      const keys = collections.get(collection)!;
      for (const key of [...keys.keys()].sort(compareUtf8)) parts.push(...changeParts(key, keys.get(key)!));
    }
  }
  const before = previous.length > 0 ? common.Metadata.deserializeBinary(previous).getValue_asU8() : new Uint8Array();
  const metadata = new common.Metadata();
  metadata.setValue(sha256(...parts, before));
  return encode(metadata);
}

function changeParts(key: string, { value, metadata, version }: NonNullable<ReturnType<StateUpdates['publicUpdate']>>) {
  return [
    bytesField(4, Buffer.from(key)),
    bytesField(5, value ?? Buffer.alloc(0)),
    bytesField(6, packMetadata(metadata) ?? Buffer.alloc(0)),
    varint(version.transaction),
  ];
}
