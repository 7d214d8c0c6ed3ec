/**
 * A database with tables, imats on them, and sessions that write and look.
 *
 *   user      writes and reads as an application does, with its own search_path
 *   observer  another session: it must never see what is not committed
 *   imat      the session of imat's API
 */
import { afterEach, beforeAll, expect } from 'vitest';
import { ServerError } from '../../../../engine/db/db.ts';
import type { Db } from '../../../../engine/db/db.ts';
import type { ConvertOptions, ConvertResult, Imat } from '../../../../engine/index.ts';
import { createImat } from '../../../../engine/index.ts';
import { usePreparedDatabase } from '../../../setup/database.ts';
import type { Compared } from './oracle.ts';
import { columnsOf, differences, differingColumns } from './oracle.ts';

export type SubjectOptions = Pick<ConvertOptions, 'freshness'> & {
  readonly strategy?: 'delta' | 'swap';
  readonly name?: string;
  /** Group keys whose equal values may look different. */
  readonly ambiguous?: readonly string[];
};

/** One imat under test, beside its definition as the user wrote it. */
export type Subject = Compared & { readonly name: string; readonly converted: ConvertResult };

/** A statement of the user, or a fold of every subject. */
export type Step = string;
export const FOLD: Step = 'FOLD';

export type Bench = {
  readonly user: Db;
  readonly observer: Db;
  readonly imat: Imat;
  /** The session under `imat`. */
  readonly session: Db;
  connect(): Promise<Db>;
  convert(definition: string, options?: SubjectOptions): Promise<Subject>;
  /**
   * Runs steps; after each, inside of transactions too, every subject must equal its definition for
   * every session.
   */
  run(steps: readonly Step[], subjects?: readonly Subject[]): Promise<void>;
  check(subject: Subject, db?: Db): Promise<void>;
  fold(): Promise<void>;
  /** Reverts and drops what was converted; happens after each test anyway. */
  clear(): Promise<void>;
};

/** As many conversions as a session sees before it is replaced. */
const SESSIONS_LAST = 20;

/**
 * The bench of a test file. What a test converts is gone after it; tables stay: `setup` runs before
 * the first test.
 */
export function useBench(setup: string): Bench {
  const database = usePreparedDatabase();
  let sessions: { user: Db; observer: Db; session: Db; imat: Imat } | null = null;
  const current = (): NonNullable<typeof sessions> => {
    if (sessions === null)
      throw new Error('the bench is ready before the first test: use it in a test or hook');
    return sessions;
  };
  const connect = async (): Promise<Db> => {
    const db = await database.connect();
    // Compiling takes longer than these small tables.
    await db.execute('SET search_path = public; SET jit = off');
    return db;
  };
  const subjects: Subject[] = [];
  /** The names of the materialized views, those included whose conversion failed. */
  const made: string[] = [];
  let converted = 0;

  const open = async (): Promise<NonNullable<typeof sessions>> => {
    const session = await database.connect();
    return { user: await connect(), observer: await connect(), session, imat: createImat(session) };
  };
  beforeAll(async () => {
    sessions = await open();
    await sessions.user.execute(setup);
  });
  afterEach(async () => {
    const { user, observer, session } = current();
    await user.execute('ROLLBACK');
    if (made.length === 0) return;
    converted += made.length;
    await clear();
    // A session gets slower with all that is created and dropped in its database; a new one has to
    // learn the catalog again.
    if (converted < SESSIONS_LAST) return;
    converted = 0;
    for (const one of [user, observer, session]) await one.close();
    sessions = await open();
  });
  async function clear(): Promise<void> {
    subjects.length = 0;
    const { user, imat } = current();
    const converted = new Set((await imat.list()).map((one) => one.name));
    for (const name of made.splice(0).toReversed()) {
      if (converted.has(name)) await imat.revert(name);
      await user.execute(`DROP MATERIALIZED VIEW public.${quote(name)}`);
    }
  }

  const check = async (subject: Subject, db: Db = current().user): Promise<void> => {
    const found = await differences(db, subject);
    if (found.length === 0) return;
    const columns = await differingColumns(db, subject);
    const where = columns.length === 0 ? '' : `, in its columns ${columns.join(', ')}`;
    expect(found, `imat.${subject.name} is not ${subject.definition}${where}`).toEqual([]);
  };
  const fold = async (): Promise<void> => {
    for (const subject of subjects) {
      if (subject.converted.strategy === 'delta') await current().imat.fold(subject.name);
      else await current().imat.swap(subject.name);
    }
  };
  return {
    get user() {
      return current().user;
    },
    get observer() {
      return current().observer;
    },
    get imat() {
      return current().imat;
    },
    get session() {
      return current().session;
    },
    connect,
    check,
    fold,
    clear,
    convert: async (definition, options = {}) => {
      const name = options.name ?? `subject_${subjects.length + 1}`;
      await current().user.execute(`CREATE MATERIALIZED VIEW ${quote(name)} AS ${definition}`);
      made.push(name);
      const subject = await convertSubject(current(), name, definition, options);
      subjects.push(subject);
      return subject;
    },
    run: async (steps, chosen = subjects) => {
      let place: Place = 'outside';
      for (const [index, step] of steps.entries()) {
        place = after(place, step);
        // Nobody else gets at a table that an open transaction has truncated.
        if (step === FOLD && place !== 'truncated') await atStep(index, steps, fold);
        if (step !== FOLD) await atStep(index, steps, () => current().user.execute(step));
        for (const subject of chosen) {
          await atStep(index, steps, () => check(subject));
          if (place === 'transaction')
            await atStep(index, steps, () => check(subject, current().observer));
        }
      }
    },
  };
}

type Place = 'outside' | 'transaction' | 'truncated';

function after(place: Place, step: Step): Place {
  if (/^BEGIN/i.test(step)) return 'transaction';
  if (/^(COMMIT|ROLLBACK$|PREPARE)/i.test(step)) return 'outside';
  return place === 'transaction' && /TRUNCATE/i.test(step) ? 'truncated' : place;
}

/** Says after which step it failed. */
async function atStep(
  index: number,
  steps: readonly Step[],
  body: () => Promise<void>,
): Promise<void> {
  try {
    await body();
  } catch (error) {
    if (error instanceof Error)
      error.message =
        `after step ${index + 1}, ${steps[index]}: ${error.message}\nhistory:\n` +
        steps.slice(0, index + 1).join(';\n');
    throw error;
  }
}

async function convertSubject(
  bench: { user: Db; imat: Imat },
  name: string,
  definition: string,
  options: SubjectOptions,
): Promise<Subject> {
  const converted = await bench.imat.convert(
    `public.${quote(name)}`,
    options.freshness === undefined ? {} : { freshness: options.freshness },
  );
  const relation = `imat.${quote(name)}`;
  const columns = await columnsOf(bench.user, relation);
  // Nothing may fall back to swap unnoticed.
  expect({
    strategy: converted.strategy,
    reasons: converted.reasons.map((reason) => reason.message),
  }).toMatchObject(
    options.strategy === 'swap' ? { strategy: 'swap' } : { strategy: 'delta', reasons: [] },
  );
  expect(columns).toEqual(await columnsOf(bench.user, `public.${quote(name)}`));
  return { name, definition, relation, columns, ambiguous: options.ambiguous ?? [], converted };
}

export const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** The SQLSTATE with which a query fails; null where it does not. */
export async function failureOf(db: Db, query: string): Promise<string | null> {
  try {
    await db.query(query);
    return null;
  } catch (error) {
    if (error instanceof ServerError) return error.sqlstate;
    throw error;
  }
}
