#!/usr/bin/env node
/** `consilium`: what a hospital's people ask of their own gateway. */
import { ApiError } from '@consilium/client';
import { Command, InvalidArgumentError } from 'commander';
import { addAuditCommands } from './commands/audits.js';
import { addConsentCommands } from './commands/consents.js';
import { addHospitalCommands } from './commands/hospitals.js';
import { addOfficerCommands } from './commands/officers.js';
import { addPatientCommands } from './commands/patients.js';
import { addPredictionCommands } from './commands/predictions.js';
import { addPrivacyCommands } from './commands/privacy.js';
import { addRoundCommands } from './commands/rounds.js';
import { addStudyCommands } from './commands/studies.js';
import { addVerifyCommand } from './commands/verify.js';
import { withConnectionOptions } from './connection.js';

const program = withConnectionOptions(
  new Command('consilium')
    .description("Speaks to one hospital's gateway over REST, as one person.")
    .option('--json', 'prints JSON')
    .showHelpAfterError(),
);
addHospitalCommands(program);
addStudyCommands(program);
addRoundCommands(program);
addVerifyCommand(program);
addPredictionCommands(program);
addPrivacyCommands(program);
addAuditCommands(program);
addConsentCommands(program);
addPatientCommands(program);
addOfficerCommands(program);

try {
  await program.parseAsync();
} catch (error) {
  const text = error instanceof ApiError || error instanceof InvalidArgumentError ? error.message : String(error);
  process.stderr.write(`${text}\n`);
  process.exitCode = 1;
}
