/**
 * Structured logs: one JSON object per line. No line contains a URL, because it may contain a
 * password.
 */
import { pino } from 'pino';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

/** The methods of pino that workers use. */
export type Log = Record<
  'debug' | 'info' | 'warn' | 'error',
  (fields: object, message: string) => void
>;

export function createLog(level: LogLevel, worker: string, write: (line: string) => void): Log {
  const options = {
    level,
    base: { worker },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  return pino(options, { write });
}
