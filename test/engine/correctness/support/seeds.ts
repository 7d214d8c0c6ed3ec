/** Seeds of random tests that run both without the extension and with it. */
import { WITH_EXTENSION } from '../../../setup/database.ts';

/** The even seeds below `count` in a run without the extension, the odd ones in a run with it. */
export const seedsHere = (count: number): readonly number[] =>
  Array.from({ length: count }, (_, seed) => seed).filter(
    (seed) => (seed % 2 === 1) === WITH_EXTENSION,
  );
