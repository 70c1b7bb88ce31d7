import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { inSession } from '../session.js';

export function addPredictionCommands(program: Command): void {
  program
    .command('predictions')
    .description('score and label of the own test rows under a version, for own staff')
    .argument('<study>')
    .option('--version-number <number>', 'the version; the newest accepted one if absent')
    .option('--out <file>', 'writes CSV there')
    .action((study: string, options: { versionNumber?: string; out?: string }, command: Command) =>
      inSession(command, async ({ gateway, output, signal }) => {
        const models = await gateway.all((page) => gateway.models(study, page));
        const newest = models.findLast(({ status }) => status === 'accepted')?.version;
        const version = options.versionNumber === undefined ? newest : Number(options.versionNumber);
        if (version === undefined) throw new Error(`study ${study} has no accepted version yet`);
        const predictions = await gateway.predictions(study, version, { signal });
        if (options.out === undefined) {
          const text = (rows: typeof predictions.rows) =>
            rows.map(({ line, score, label }) => `${line},${score},${label}`);
          output.show(predictions, ({ rows }) => ['line,score,label', ...text(rows)].join('\n'));
          return;
        }
        const lines = predictions.rows.map(({ line, score, label }) => `${line},${score},${label}`);
        await writeFile(options.out, `${['line,score,label', ...lines].join('\n')}\n`, { mode: 0o600 });
        output.show(
          { version, rows: lines.length, file: options.out },
          ({ rows }) => `${rows} rows under version ${version} in ${options.out}`,
        );
      }),
    );
  program
    .command('model-file')
    .description('the file of a version: safetensors')
    .argument('<study>')
    .argument('<version>')
    .argument('<file>', 'where to write it')
    .action((study: string, version: string, file: string, _options, command: Command) =>
      inSession(command, async ({ gateway, output, signal }) => {
        const bytes = await gateway.modelFile(study, Number(version), { signal });
        await writeFile(file, bytes);
        output.show({ file, bytes: bytes.length }, () => `${bytes.length} bytes in ${file}`);
      }),
    );
  program
    .command('data-report')
    .description('how the own source was read for a study: rows used, dropped and why')
    .argument('<study>')
    .action((study: string, _options, command: Command) =>
      inSession(command, async ({ gateway, output, signal }) => {
        output.show(await gateway.dataReport(study, { signal }), (report) => JSON.stringify(report, null, 2));
      }),
    );
}
