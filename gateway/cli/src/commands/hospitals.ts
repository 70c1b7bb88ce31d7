import type { Command } from 'commander';
import { fields } from '../output.js';
import { inSession } from '../session.js';

export function addHospitalCommands(program: Command): void {
  program
    .command('health')
    .description('whether the gateway and its peer answer')
    .action((_options, command: Command) =>
      inSession(command, async ({ gateway, output, signal }) => {
        const health = await gateway.health({ signal });
        output.show(health, ({ status, msp, name, height, peerReachable, engine, studiesRunning }) =>
          fields({
            status,
            hospital: `${name} (${msp})`,
            height,
            'peer reachable': peerReachable,
            engine: engine ? `${engine.name} ${engine.version}` : null,
            'studies running': studiesRunning.join(', ') || 'none',
          }),
        );
      }),
    );
  program
    .command('hospitals')
    .description('the hospitals of the channel')
    .action((_options, command: Command) =>
      inSession(command, async ({ gateway, output }) => {
        const hospitals = await gateway.all((page) => gateway.hospitals(page));
        output.table(hospitals, ['MSP', 'name', 'exchange', 'chaincode', 'block'], (hospital) => [
          hospital.msp,
          hospital.name,
          hospital.exchangeUrl,
          `${hospital.chaincodeDigest.slice(0, 16)}…`,
          String(hospital.record.block),
        ]);
      }),
    );
  program
    .command('register')
    .description('puts the own hospital on the channel (admin)')
    .action((_options, command: Command) =>
      inSession(command, async ({ gateway, output, signal }) => {
        const { transactionId, block } = await gateway.registerHospital({}, { wait: true, signal });
        output.show(
          { transactionId, block },
          (at) => `registered in block ${at.block}, transaction ${at.transactionId}`,
        );
      }),
    );
}
