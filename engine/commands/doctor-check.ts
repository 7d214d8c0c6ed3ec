/** The two kinds of answers that doctor's checks give. */
import type { DoctorCheck } from '../environment-api.ts';

export const ok = (check: string, message: string): DoctorCheck => ({
  check,
  status: 'ok',
  message,
  hint: null,
});

export const problem = (
  status: 'warning' | 'error',
  check: string,
  message: string,
  hint: string,
): DoctorCheck => ({
  check,
  status,
  message,
  hint,
});
