/** Whether a block is one that the orderers made. */
import { Doubt, must } from '../doubt.js';
import type { Configuration } from '../membership/configuration.js';
import type { Signer } from '../membership/policy.js';
import { Message } from '../wire/message.js';
import { isSigned } from '../wire/signature.js';
import type { Block } from './block.js';

/**
 * Checks the signatures over metadata, signer and header, after the policy of the configuration in force.
 * @returns how many orderers' signatures hold
 * @throws Doubt
 */
export function checkOrdered(block: Block, configuration: Configuration, at: number | undefined): number {
  const signers = new Map<string, Signer>();
  const reasons: string[] = [];
  for (const each of block.ordered.signatures) {
    try {
      const signer = orderedBy(block, each, configuration, at);
      must(!signers.has(signer.member.msp + signer.member.certificate.x509.fingerprint256), 'an orderer signed twice');
      signers.set(signer.member.msp + signer.member.certificate.x509.fingerprint256, signer);
    } catch (error) {
      if (!(error instanceof Doubt)) throw error;
      reasons.push(error.message);
    }
  }
  // Honest orderers hand out no signature that does not hold: one that does not was changed, also where others are enough.
  must(
    reasons.length === 0 && configuration.ordered([...signers.values()]),
    `block ${block.number} is not signed by enough orderers (${signers.size} signatures hold)${reasons.map((each) => `; ${each}`).join('')}`,
  );
  return signers.size;
}

/** In a channel with BFT ordering the signer is told by its number in the configuration, otherwise by its certificate. */
function orderedBy(block: Block, signature: Message, configuration: Configuration, at: number | undefined): Signer {
  const [signatureHeader, identifierHeader] = [signature.bytes(1), signature.bytes(3)];
  const isNumbered = signatureHeader.length === 0;
  const number = isNumbered ? new Message(identifierHeader, 'an orderer').number(1) : undefined;
  const identity =
    number === undefined
      ? new Message(signatureHeader, 'a signature header').bytes(1)
      : configuration.consenter(number);
  must(identity !== undefined, `orderer ${number} is not in the configuration`);
  const member = configuration.orderer(identity, at);
  const message = Buffer.concat([block.ordered.value, isNumbered ? identifierHeader : signatureHeader, block.header]);
  must(
    isSigned(member.certificate.x509.publicKey, message, signature.bytes(2)),
    `the signature of ${member.certificate.subject} under block ${block.number} does not hold`,
  );
  return { member, identity };
}
