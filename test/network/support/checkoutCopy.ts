import { appendFileSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const REPOSITORY = resolve(import.meta.dirname, '../../..');

/** A checkout with a built chaincode of its own, so that a test can change the chaincode's digest. */
export class CheckoutCopy {
  readonly root = mkdtempSync(join(tmpdir(), 'checkout-'));

  constructor() {
    for (const shared of ['node_modules', 'network', 'gateway'])
      symlinkSync(join(REPOSITORY, shared), join(this.root, shared));
    for (const name of ['contract', 'domain']) {
      const from = join(REPOSITORY, 'chaincode', name);
      const to = join(this.root, 'chaincode', name);
      mkdirSync(to, { recursive: true });
      for (const part of ['dist', 'package.json']) cpSync(join(from, part), join(to, part), { recursive: true });
    }
  }

  /** Makes the chaincode another one, by a comment. */
  changeChaincode(): void {
    appendFileSync(join(this.root, 'chaincode/contract/dist/index.js'), '\n// another digest\n');
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}
