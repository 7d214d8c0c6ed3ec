/** When a failed imat is tried again: its error's category alone decides. */
import type { ErrorCategory } from '../engine/errors/catalogue.ts';

export const TRANSIENT = { firstMs: 1000, mostMs: 60_000 };
/** What has to change, a right or a row, cannot be seen from here: it is tried again, and rarely. */
const USER = { firstMs: 60_000, mostMs: 3_600_000 };

const backOff = ({ firstMs, mostMs }: typeof TRANSIENT, failures: number): number =>
  Math.min(mostMs, firstMs * 2 ** Math.min(failures, 20));

/** Of the category `transient`, and of what was cut off. */
export const transientMs = (failures: number): number => backOff(TRANSIENT, failures);

/** Milliseconds until the next attempt after `failures` failures in a row before this one; null: not before somebody has mended it. */
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

/** Pauses between attempts to reach a server: for ever, and not all workers at once. */
export const reconnectMs = (failures: number, random: number): number =>
  Math.min(10_000, 250 * 2 ** Math.min(failures, 10)) * (0.75 + random / 2);
