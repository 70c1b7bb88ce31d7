/** Receipts: Ed25519 signatures (RFC 8032) of members that hold a vector, over the domain's `receiptPayload`. */
import { createPublicKey, verify } from 'node:crypto';
import { majority, receiptPayload } from '@consilium/domain';
import { must } from '../doubt.js';
import type { Report } from '../pack/report.js';
import type { RoundRecords } from './roundRecords.js';

/** @returns how many receipts hold */
export function checkReceipts(channel: string, { facts, members, version }: RoundRecords, report: Report): number {
  const needed = majority(version.protocol) - 1;
  let held = 0;
  for (const { study, round, msp, vectorDigest, receipts } of facts.contributions.values())
    report.try(`receipts for the vector of ${msp}`, () => {
      const text = Buffer.from(receiptPayload(channel, study, round, msp, vectorDigest));
      const signers = new Set<string>();
      for (const { msp: signer, signature } of receipts) {
        const key = members.get(signer)?.receiptKey;
        must(key !== undefined && signer !== msp && !signers.has(signer), `${signer} cannot sign for it`);
        must(isSigned(key, text, signature), `the signature of ${signer} does not hold`);
        signers.add(signer);
      }
      must(signers.size >= needed, `${signers.size} members signed that they hold it, ${needed} are needed`);
      held += signers.size;
    });
  return held;
}

function isSigned(receiptKey: string, text: Buffer, signature: string): boolean {
  const x = Buffer.from(receiptKey, 'base64').toString('base64url');
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  return verify(null, text, key, Buffer.from(signature, 'base64'));
}
