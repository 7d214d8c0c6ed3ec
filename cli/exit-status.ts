import { constants } from 'node:os';
import type { ErrorCategory } from '../engine/errors/catalogue.ts';
import { ImatError } from '../engine/errors/imat-error.ts';

/** The exit statuses, which scripts rely on; `imat --help` lists them. */
export const EXIT = { done: 0, bug: 1, user: 2, difference: 3, transient: 4 } as const;

const BY_CATEGORY: Readonly<Record<ErrorCategory, number>> = {
  user: EXIT.user,
  drift: EXIT.user,
  integrity: EXIT.user,
  transient: EXIT.transient,
  internal: EXIT.bug,
};

/** Anything other than an `ImatError` is unexpected, so it counts as a bug. */
export function exitStatusOf(error: unknown): number {
  return error instanceof ImatError ? exitStatusOfCategory(error.category) : EXIT.bug;
}

export const exitStatusOfCategory = (category: ErrorCategory): number => BY_CATEGORY[category];

const WORST: readonly ErrorCategory[] = ['internal', 'integrity', 'drift', 'user', 'transient'];

/** The exit status of a command that goes on past failures: that of the worst one. */
export function exitStatusOfWorst(categories: readonly ErrorCategory[]): number {
  const worst = WORST.find((category) => categories.includes(category));
  return worst === undefined ? EXIT.done : exitStatusOfCategory(worst);
}

/** The shell's convention for a process that a signal ended: 130 for Ctrl-C, 143 for `kill`. */
export function exitStatusOfSignal(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal];
}
