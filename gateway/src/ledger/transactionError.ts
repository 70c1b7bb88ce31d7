/** A refusal that belongs to one transaction. */
import { ConsiliumError } from '@consilium/domain';

export class TransactionError extends ConsiliumError {
  readonly transactionId: string;

  constructor(refused: ConsiliumError, transactionId: string) {
    super(refused.code, refused.detail, { cause: refused.cause ?? undefined });
    this.transactionId = transactionId;
  }
}
