/** When a failed imat is tried again. The category of its error alone decides. */
import type { ErrorCategory } from '../engine/errors/catalogue.ts';

export const TRANSIENT = { firstMs: 1000, mostMs: 60_000 };
/**
 * A worker cannot see whether somebody has fixed the cause, such as a privilege or a row, so it
 * retries rarely.
 */
const USER = { firstMs: 60_000, mostMs: 3_600_000 };

const backOff = ({ firstMs, mostMs }: typeof TRANSIENT, failures: number): number =>
  Math.min(mostMs, firstMs * 2 ** Math.min(failures, 20));

/**
 * Milliseconds until the next attempt after an error of the category `transient`, or after an
 * attempt that was cut off.
 */
export const transientMs = (failures: number): number => backOff(TRANSIENT, failures);

/**
 * Milliseconds until the next attempt, after `failures` failures in a row before this one; null:
 * none until somebody has fixed the imat.
 */
export function retryMs(category: ErrorCategory, failures: number): number | null {
  switch (category) {
    case 'transient':
      return transientMs(failures);
    case 'user':
    case 'internal':
      return backOff(USER, failures);
    case 'drift':
    case 'integrity':
      return null;
  }
}

/**
 * Milliseconds between two attempts to reach a server; `random`, from 0 to 1, keeps workers from
 * retrying in step.
 */
export const reconnectMs = (failures: number, random: number): number =>
  Math.min(10_000, 250 * 2 ** Math.min(failures, 10)) * (0.75 + random / 2);
