import { spawn } from 'node:child_process';
import { constants } from 'node:os';

/** The last part of a failed child's output that is worth showing. */
const OUTPUT_CHARS_MAX = 20_000;

/**
 * Runs a program in the foreground, on this terminal, and passes on the signals that end this process.
 *
 * @param {string} program
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv }} [options]
 * @returns {Promise<number>} exit code, 128 + signal number if a signal ended it
 */
export function runInForeground(program, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { ...options, stdio: 'inherit' });
    // A terminal sends Ctrl-C to the child too, and a second one would mean "at once"; this process only outlives it.
    const onInterrupt = () => process.stdin.isTTY || child.kill('SIGINT');
    const onTerminate = () => child.kill('SIGTERM');
    process.on('SIGINT', onInterrupt);
    process.on('SIGTERM', onTerminate);
    const settle = () => {
      process.off('SIGINT', onInterrupt);
      process.off('SIGTERM', onTerminate);
    };
    child.once('error', (error) => {
      settle();
      reject(error);
    });
    child.once('close', (code, signal) => {
      settle();
      resolve(code ?? 128 + (signal === null ? 1 : constants.signals[signal]));
    });
  });
}

/**
 * Runs a program silently with a deadline.
 *
 * @param {string} program
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, input?: string, timeoutMs: number }} options
 * @returns {Promise<{ ok: boolean, stdout: string, output: string }>} `output` is the tail of both streams
 */
export function runSilently(program, args, { input, timeoutMs, ...options }) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { ...options, stdio: 'pipe', timeout: timeoutMs, killSignal: 'SIGKILL' });
    let stdout = '';
    let output = '';
    /** @param {string} text */
    const keep = (text) => {
      output = (output + text).slice(-OUTPUT_CHARS_MAX);
    };
    child.stdout.setEncoding('utf8').on('data', (text) => {
      stdout += text;
      keep(text);
    });
    child.stderr.setEncoding('utf8').on('data', keep);
    child.stdin.on('error', () => {}); // a child that died before reading; its exit code tells
    child.stdin.end(input ?? '');
    child.once('error', (error) => resolve({ ok: false, stdout, output: error.message }));
    child.once('close', (code, signal) => {
      if (signal === 'SIGKILL') keep(`\nstopped after ${Math.round(timeoutMs / 1000)} s`);
      resolve({ ok: code === 0, stdout, output: output.trim() });
    });
  });
}
