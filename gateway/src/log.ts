import type { Logger } from 'pino';
import type { Log } from './agent/ports.js';

/** Structured lines: an error is told by its kind and message alone, since its fields may hold anything. */
export function gatewayLog(lines: Logger): Log {
  const line = (level: 'info' | 'warn' | 'error') => (fields: Readonly<Record<string, unknown>>, message: string) =>
    lines[level](printable(fields), message);
  return { info: line('info'), warn: line('warn'), error: line('error') };
}

function printable(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      value instanceof Error ? { kind: value.name, message: value.message, stack: value.stack } : value,
    ]),
  );
}
