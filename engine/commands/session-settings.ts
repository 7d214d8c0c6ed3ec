/** Session settings under which a definition is read, and what depends on them is stored. */
import type { Db } from '../db/db.ts';
import { ServerError } from '../db/db.ts';
import { ImatError } from '../errors/imat-error.ts';
import { PINNED_SETTINGS } from '../server/functions.ts';

export type Settings = Readonly<Record<string, string>>;

/**
 * Runs `body` under settings, which the session has for that long. Outside of a transaction.
 * @throws ImatError `invalid_argument` for a name or value that is none
 */
export async function underSettings<T>(
  db: Db,
  settings: Settings,
  body: () => Promise<T>,
): Promise<T> {
  const entries = Object.entries(settings).map(
    ([name, value]) => [knownName(name), value] as const,
  );
  const before: (readonly [name: string, value: string])[] = [];
  try {
    for (const [name, value] of entries) {
      const [row] = await db.query<{ value: string }>('SELECT current_setting($1) AS value', [
        name,
      ]);
      await set(db, name, value);
      before.push([name, row?.value ?? '']);
    }
    return await body();
  } finally {
    for (const [name, value] of before.toReversed()) {
      const reset = (): Promise<unknown> =>
        db.query('SELECT set_config($1, $2, false)', [name, value]);
      // A cancel that came too late for the body stops one statement.
      await reset()
        .catch(reset)
        .catch(() => undefined);
    }
  }
}

function knownName(given: string): string {
  const known = PINNED_SETTINGS.find((name) => name.toLowerCase() === given.trim().toLowerCase());
  if (known !== undefined) return known;
  throw new ImatError('invalid_argument', {
    message: `"${given}" is not a setting that a definition is computed under`,
    detail: `The settings are ${PINNED_SETTINGS.join(', ')}.`,
  });
}

async function set(db: Db, name: string, value: string): Promise<void> {
  try {
    await db.query('SELECT set_config($1, $2, false)', [name, value]);
  } catch (error) {
    if (!(error instanceof ServerError) || !INVALID.has(error.sqlstate)) throw error;
    throw new ImatError('invalid_argument', {
      message: `"${value}" is not a value of ${name}`,
      detail: `PostgreSQL says: ${error.message}.`,
      ...(name === 'TimeZone' ? { hint: 'Write a name such as Europe/Berlin or UTC.' } : {}),
      cause: error,
    });
  }
}

/** invalid_parameter_value, undefined_object, insufficient_privilege. */
const INVALID: ReadonlySet<string> = new Set(['22023', '42704', '42501']);

/** @throws ImatError `invalid_argument` where an imat was made under others */
export function sameSettings(name: string, kept: Settings, given: Settings = {}): Settings {
  for (const [setting, value] of Object.entries(given)) {
    const known = Object.entries(kept).find(
      ([one]) => one.toLowerCase() === setting.trim().toLowerCase(),
    );
    if (known !== undefined && known[1] !== value)
      throw new ImatError('invalid_argument', {
        message: `imat "${name}" is computed under ${known[0]} = ${known[1]}`,
        hint: 'Revert it first, and convert it again under the other setting.',
      });
  }
  return { ...kept, ...given };
}
