/**
 * The seed of a run's random choices. It is the same in every run, so that a run can be repeated;
 * IMAT_SEED gives another one, `IMAT_SEED=random` a new one. Tests name it when they fail.
 */
export function seedOfRun(): number {
  const given = process.env['IMAT_SEED'] ?? '1';
  return given === 'random' ? Math.floor(Math.random() * 2 ** 31) : Number(given);
}
