/** Seeds of random tests that run both without the extension and with it. */
import { WITH_EXTENSION } from '../../../setup/database.ts';

/** Of so many seeds the even ones without the extension, and the odd ones with it. */
export const seedsHere = (count: number): readonly number[] =>
  Array.from({ length: count }, (_, seed) => seed).filter(
    (seed) => (seed % 2 === 1) === WITH_EXTENSION,
  );
