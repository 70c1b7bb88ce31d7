import api from 'fabric-contract-api';
import { LedgerContext } from './ledger/ledgerContext.js';
import { LedgerContract } from './ledgerContract.js';
import { registerHospital } from './rules/hospitals.js';

const { Transaction } = api;

/** The hospitals of the channel, each written by its own admin. */
export class HospitalContract extends LedgerContract {
  constructor() {
    super('HospitalContract');
  }

  @Transaction()
  async registerHospital(context: LedgerContext, command: string): Promise<string> {
    return this.submit(context, 'HospitalContract:registerHospital', command, async (asked, state) =>
      registerHospital(asked, { own: await state.hospital(asked.caller.msp) }),
    );
  }
}
