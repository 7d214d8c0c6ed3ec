/**
 * The decision before anything is changed: how a definition will be maintained, and what that will
 * watch.
 */
import type { ConvertOptions, Freshness, Strategy } from '../api.ts';
import type { Db } from '../db/db.ts';
import { ServerError } from '../db/db.ts';
import { durationText, parseDuration } from '../durations.ts';
import { ImatError, positionAt } from '../errors/imat-error.ts';
import { MOMENT } from '../algebra/timed.ts';
import type { Plan, RowsPlan } from '../plan/plan.ts';
import { allStores, planScans } from '../plan/plan.ts';
import type { Analysis } from './analyse.ts';
import { analyse } from './analyse.ts';
import type { Completion } from './completed.ts';
import { columnIn } from './key-costs.ts';
import { rolledBack } from '../db/rolled-back.ts';
import { definitionFailure } from '../db/server-errors.ts';
import { hasContended } from '../db/short-lock.ts';
import { currentSettings } from '../server/current-settings.ts';
import { type Named, checkNamed, named } from '../server/named.ts';
import { relationsOf } from '../server/relations.ts';
import { refuseStrangersCode } from './strangers-code.ts';

export type Prepared = {
  readonly analysis: Analysis;
  /** What the definition and the plan go by. */
  readonly named: Named;
  readonly strategy: Strategy;
  readonly freshness: Freshness;
  readonly notes: readonly string[];
  /**
   * Tables whose logs are watched, with the columns that count; imats among the sources stand for
   * their own.
   */
  readonly watched: readonly {
    readonly oid: number;
    readonly schema: string;
    readonly name: string;
    readonly columns: readonly number[] | null;
  }[];
};

/**
 * The sources whose changes are captured for it: none if the answer depends on the moment, because
 * then no log tells whether it has changed. A log would only grow.
 */
export const capturedSources = ({ analysis, watched }: Prepared): Prepared['watched'] =>
  analysis.dependence === 'moment' ? [] : watched;

/** The plan by which it will be maintained; null for a swap imat. */
export const planOf = ({ strategy, analysis }: Prepared): Plan | null =>
  strategy === 'delta' ? analysis.plan : null;

/** For a definition that was completed when it was converted, and is completed already. */
export function alreadyCompleted(prepared: Prepared, before: Completion): Prepared {
  const { settings, notes } = prepared.analysis.completion;
  const completion = {
    settings: { ...before.settings, ...settings },
    notes: [...new Set([...before.notes, ...notes])],
  };
  return {
    ...prepared,
    analysis: { ...prepared.analysis, completion },
    notes: [...new Set([...completion.notes, ...prepared.notes])],
  };
}

/**
 * Analyses the view and decides; inside a transaction, changes nothing.
 * @throws ImatError `contention` if what the view reads has got other names meanwhile
 */
export async function prepare(
  db: Db,
  oid: number,
  serverMajor: number,
  options: Options,
): Promise<Prepared> {
  // Whatever the owner of the session has set: definitions are printed under this path.
  db.defer('SET LOCAL search_path = pg_catalog');
  const { all } = await relationsOf(db, oid);
  const before = await named(db, all);
  const prepared = await rolledBack(db, () => decide(db, oid, serverMajor, options)).catch(
    async (error: unknown) => {
      // That would wait for the same lock.
      if (!hasContended(error)) await checkNamed(db, before);
      throw error;
    },
  );
  await checkNamed(db, before);
  const { sources, imats } = prepared.analysis;
  const known = new Set(all.map((relation) => relation.oid));
  const others = [...sources, ...imats].filter((relation) => !known.has(relation.oid));
  return { ...prepared, named: await named(db, [...all, ...others]) };
}

type Options = Pick<ConvertOptions, 'strategy' | 'freshness'> & {
  /** Whether statistics choose again how an imat is stored that is there. */
  readonly plansAnew?: boolean;
};

async function decide(
  db: Db,
  oid: number,
  serverMajor: number,
  options: Options,
): Promise<Omit<Prepared, 'named'>> {
  // PostgreSQL overrates what the catalog is asked, and compiled that for seconds where there are
  // many views.
  db.defer('SET LOCAL jit = off');
  const freshness = checkedFreshness(options.freshness ?? 'live');
  const analysis = ofFreshness(
    await analyse(db, oid, serverMajor, options.plansAnew === true),
    freshness,
  );
  await refuseStrangersCode(db, oid, analysis.sources);
  await refuseUnplannable(db, analysis);
  const wanted = options.strategy ?? 'auto';
  if (wanted === 'delta' && analysis.plan === null) throw deltaUnavailable(analysis);
  const strategy = wanted === 'swap' || analysis.plan === null ? 'swap' : 'delta';
  const { watched, unwatchable } = await watchedSources(db, analysis, strategy);
  const complete = {
    ...analysis,
    // The passing of time is a change that a plan knows.
    dependence: strategy === 'delta' ? ('tables' as const) : analysis.dependence,
    dependsOnSettings:
      strategy === 'delta' ? analysis.dependsOnSettings : analysis.dependence === 'settings',
    completion:
      strategy === 'delta' && analysis.dependsOnSettings
        ? await withSettings(db, analysis.completion)
        : analysis.completion,
    unwatchable: [...analysis.unwatchable, ...unwatchable],
  };
  return {
    analysis: complete,
    strategy,
    freshness,
    notes: [
      ...complete.completion.notes,
      ...analysis.instead,
      ...notesOnFunctions(analysis, strategy),
      ...(isConstant({ analysis: complete, watched })
        ? constantNotes(strategy)
        : notesOn(complete, strategy, freshness)),
    ],
    watched,
  };
}

/** What reads the time is swapped as whatever it is declared. */
const notesOnFunctions = ({ proved }: Analysis, strategy: Strategy): string[] =>
  proved.flatMap(({ schema, name, volatility, readsTime, bySettings }) => {
    const isStable = volatility === 's';
    const read = `its body was read, and it depends on its arguments`;
    const declared = `function "${schema}.${name}" is declared ${isStable ? 'STABLE' : 'VOLATILE'}`;
    const better = (as: string): string => `ALTER FUNCTION ... ${as} lets PostgreSQL plan better`;
    if (bySettings && isStable) return [];
    if (bySettings) return [`${declared}; ${read} and on settings: ${better('STABLE')}`];
    if (!readsTime) return [`${declared}; ${read} alone: ${better('IMMUTABLE')}`];
    if (strategy === 'swap') return [];
    const reader = 'the time and the settings of whoever reads';
    const how = `${declared}; ${read} and on ${reader}: each read computes it`;
    return [isStable ? how : `${how}; ${better('STABLE')}`];
  });

/** All of them: a repair computes under the same. */
async function withSettings(db: Db, { settings, notes }: Completion): Promise<Completion> {
  const current = await currentSettings(db);
  const shown = Object.entries(current).map(([name, value]) => `${name} = ${value}`);
  return {
    settings: { ...current, ...settings },
    notes: [
      ...notes,
      `stored under the settings of this session (${shown.join('; ')}): ` +
        'a reader under other ones runs the definition',
    ],
  };
}

/** What is read as it is stored must not be finished under the settings or the time of a reader. */
function ofFreshness(analysis: Analysis, freshness: Freshness): Analysis {
  const { plan, liveReasons } = analysis;
  return plan === null || liveReasons.length === 0 || freshness === 'live'
    ? analysis
    : { ...analysis, plan: null, reasons: liveReasons };
}

/**
 * Planning finds names that the definition's functions leave without a schema, and what fails in
 * constants. It can call functions, so it is left to the load where some belong to other roles, or
 * policies, which can call any, apply to what is read.
 * @throws ImatError `definition_failed`
 */
async function refuseUnplannable(db: Db, analysis: Analysis): Promise<void> {
  if (analysis.untrusted.length > 0) return;
  try {
    await rolledBack(db, async () => {
      if (analysis.searchPath !== null) db.defer(`SET LOCAL search_path = ${analysis.searchPath}`);
      db.defer('SET LOCAL row_security = off');
      await db.execute(`EXPLAIN ${analysis.definition}`);
    });
  } catch (error) {
    // Which rights are missing is found by what needs them.
    if (!(error instanceof ServerError) || error.sqlstate !== INSUFFICIENT_PRIVILEGE)
      throw definitionFailure(error);
  }
}

const INSUFFICIENT_PRIVILEGE = '42501';

/** All that stands against delta, each with its place; the error's own place is the first one. */
function deltaUnavailable({ reasons, definition }: Analysis): ImatError {
  const said = reasons
    .map(({ message, position }) =>
      position === null ? message : `${message} (line ${position.line}, column ${position.column})`,
    )
    .join('; ');
  const hints = [...new Set(reasons.flatMap((reason) => reason.hint ?? []))];
  const place = reasons.find((reason) => reason.position !== null)?.position ?? null;
  return new ImatError('strategy_unavailable', {
    message: 'this definition cannot be maintained by delta',
    detail: `${said.charAt(0).toUpperCase()}${said.slice(1)}.`,
    hint: [
      ...hints,
      'Leave --strategy out: imat then uses swap, which maintains any definition.',
    ].join(' '),
    position: place === null ? undefined : positionAt(definition, place.offset),
  });
}

/** In the one spelling that is stored: `5 sec` and `5s` are the same freshness. */
function checkedFreshness(freshness: string): string {
  if (freshness === 'live' || freshness === 'manual') return freshness;
  const ms = parseDuration(freshness);
  if (ms !== null && ms > 0) return durationText(ms);
  throw new ImatError('invalid_argument', {
    message: `"${freshness}" is not a freshness`,
    hint: 'Use live, manual, or an interval such as 5s, 1 minute or 2h.',
  });
}

async function watchedSources(
  db: Db,
  analysis: Analysis,
  strategy: Strategy,
): Promise<{ watched: Prepared['watched']; unwatchable: string[] }> {
  const own = analysis.sources.filter(
    (source) => source.unwatchable === null && source.kind === 'table',
  );
  const watched = own.map((source) => ({
    oid: source.oid,
    schema: source.schema,
    name: source.name,
    columns: strategy === 'swap' ? source.used : planColumns(analysis, source.oid),
  }));
  const unwatchable: string[] = [];
  for (const imat of analysis.imats) {
    const [row] = await db.query<{ name: string; freshness: string; follows: boolean }>(
      'SELECT name, freshness, follows_tables AS follows FROM imat_catalog.imat WHERE id = $1',
      [imat.imatId],
    );
    if (row?.freshness !== 'live' || !row.follows)
      unwatchable.push(
        `imat "${row?.name ?? imat.name}", which it reads, ` +
          'can change without a change of its sources',
      );
    const inner = await db.query<{
      oid: number;
      schema: string;
      name: string;
      columns: string | null;
    }>(
      `SELECT z.relation::oid AS oid, n.nspname::text AS schema, c.relname::text AS name,
         z.columns::text AS columns
       FROM imat_catalog.imat_source z
         JOIN pg_class c ON c.oid = z.relation
         JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE z.imat_id = $1`,
      [imat.imatId],
    );
    for (const source of inner) {
      if (!watched.some((known) => known.oid === source.oid))
        watched.push({
          ...source,
          columns:
            source.columns === null ? null : [...source.columns.matchAll(/\d+/g)].map(Number),
        });
    }
  }
  return { watched: watched.sort((a, b) => a.oid - b.oid), unwatchable };
}

function planColumns(analysis: Analysis, oid: number): number[] {
  const { plan } = analysis;
  const stores = plan === null ? [] : allStores(plan);
  if (stores.some(({ rule }) => rule === 'regroup')) return regroupColumns(analysis, oid);
  const attnums = stores
    .flatMap((store) => (store.rule === 'add' ? planScans(store) : []))
    .filter((scan) => scan.source.oid === oid)
    .flatMap((scan) => scan.columns.map(({ facts }) => facts.attnum))
    .filter((attnum) => attnum !== MOMENT);
  return [...new Set(attnums)].sort((a, b) => a - b);
}

/**
 * Whatever the definition reads of a source, because a change of it touches the key of its row, and
 * the key, which it may not read.
 */
function regroupColumns({ sources, plan }: Analysis, oid: number): number[] {
  const source = sources.find((one) => one.oid === oid);
  const columns = source?.columns ?? [];
  if (source === undefined || source.used === null) return columns.map(({ attnum }) => attnum);
  const keys = (plan === null ? [] : allStores(plan)).flatMap((store) =>
    store.rule === 'regroup' ? heldIn(store, oid) : [],
  );
  const held = columns.filter(({ name }) => keys.includes(name)).map(({ attnum }) => attnum);
  return [...new Set([...source.used, ...held])].sort((a, b) => a - b);
}

/** The names of the columns of a table that hold the key of rows. */
export const heldIn = ({ holders, outline, sources }: RowsPlan, oid: number): readonly string[] =>
  holders.flatMap(({ item, expr }) => {
    const relation = outline.items.get(item)?.relation;
    const name =
      relation?.kind === 'table' && relation.oid === oid ? columnIn(relation, expr, sources) : null;
    return name === null ? [] : [name];
  });

/** Whether nothing that it reads can change. */
export const isConstant = ({
  analysis,
  watched,
}: Pick<Prepared, 'analysis' | 'watched'>): boolean =>
  watched.length === 0 && analysis.dependence === 'tables' && analysis.unwatchable.length === 0;

const constantNotes = (strategy: Strategy): string[] =>
  strategy === 'delta' ? [] : ['it reads no table: what a swap has stored stays right'];

function notesOn(analysis: Analysis, strategy: Strategy, freshness: Freshness): string[] {
  if (freshness !== 'live')
    return freshness === 'manual'
      ? []
      : [
          `to be at most ${freshness} old it must be ` +
            `${strategy === 'delta' ? 'folded' : 'swapped'} that often, which imat worker does`,
        ];
  if (strategy === 'delta') return [];
  if (analysis.unwatchable.length > 0)
    return analysis.unwatchable.map((why) => `${why}: a live read runs the definition`);
  if (analysis.dependence === 'moment')
    return [
      'the answer can change although no table does: a live read runs the definition; ' +
        '--freshness manual or an interval reads what is stored',
    ];
  return ['a live read runs the definition while a source has changed since the last swap'];
}
