/**
 * From a view in the catalog to the way it will be maintained: read it, have the server confirm the
 * reading, plan it, and collect every reason against the better strategy.
 */
import type { Reason } from '../api.ts';
import type { Db } from '../db/db.ts';
import { rolledBack } from '../db/rolled-back.ts';
import type { PlanReason } from '../algebra/reason.ts';
import type { Plan } from '../plan/plan.ts';
import { isMoved } from '../plan/plan.ts';
import { type InText, unstacked, unstackedView, type Unstacked } from '../server/stacked.ts';
import type { Inspection, ReadRelation } from '../server/relations.ts';
import type { FunctionFacts, FunctionVersion, ProvedFunction } from '../server/function-facts.ts';
import { storedOverRows } from '../server/over-rows.ts';
import { worst } from '../server/functions.ts';
import type { Dependence } from '../server/type-output.ts';
import type { CompletedView, Completion } from './completed.ts';
import { completedView } from './completed.ts';
import { PRINTING, implicitOperators } from './gate.ts';
import { planQuery } from './plan-query.ts';
import {
  aggregateReasons,
  functionReasons,
  sourceReasons,
  shownReasons,
  timeInBodies,
} from './reasons.ts';

export type Analysis = {
  readonly definition: string;
  /**
   * The search_path under which the definition's text means what it says; null where `pg_catalog`
   * alone does.
   */
  readonly searchPath: string | null;
  readonly columns: Inspection['columns'];
  /** Null where the definition cannot be maintained by delta; then `reasons` says why. */
  readonly plan: Plan | null;
  readonly reasons: readonly Reason[];
  /** With a plan: why changes are not only added up; empty where they are. */
  readonly againstAdd: readonly Reason[];
  /** The tables at the bottom. */
  readonly sources: readonly ReadRelation[];
  /** Imats that the definition reads. */
  readonly imats: readonly ReadRelation[];
  /** Why it cannot be known whether the answer has changed; empty where it can. */
  readonly unwatchable: readonly string[];
  readonly dependence: Dependence;
  /**
   * With a plan: whether what is stored depends on session settings that the definition does not
   * name. Then the imat has them (generate/settings.ts), and must be live, because what is computed
   * when read is computed under those of the reader.
   */
  readonly dependsOnSettings: boolean;
  /** With a plan: why it must be live; empty where it need not be. */
  readonly liveReasons: readonly Reason[];
  /** The enums whose labels it reads. */
  readonly enums: readonly string[];
  /** Those of them whose values it lists. */
  readonly listedEnums: readonly string[];
  /** Functions of roles that are not superusers. */
  readonly untrusted: readonly string[];
  /** Functions that their bodies prove to depend on their arguments alone. */
  readonly proved: readonly ProvedFunction[];
  /** Functions that the bodies of those call. */
  readonly calledInBodies: readonly FunctionVersion[];
  /** What is read in place of materialized views, as sentences without a full stop. */
  readonly instead: readonly string[];
  /** Ordinary views whose queries are in its text, by OID. */
  readonly inlined: readonly number[];
  /** Whether it calls a function that must not run in parallel mode. */
  readonly isParallelUnsafe: boolean;
  /** What convert added to the definition. */
  readonly completion: Completion;
};

/**
 * Must run inside a transaction; leaves nothing behind in it. `plansAnew`: whether what statistics
 * decided for an imat that is there does not count.
 */
export async function analyse(
  db: Db,
  oid: number,
  serverMajor: number,
  plansAnew = false,
): Promise<Analysis> {
  return rolledBack(db, async () => {
    const [session] = await db.query<{ zone: string }>(
      `SELECT current_setting('TimeZone') AS zone`,
    );
    const server = {
      major: serverMajor,
      timeZone: session?.zone ?? 'UTC',
      overRows: plansAnew ? null : await storedOverRows(db, oid),
    };
    db.defer(PRINTING);
    const byQueries = await stackOf(db, oid, 'queries');
    const queried = await analyseHere(db, oid, server, byQueries);
    const isPlanned = queried.plan !== null;
    if (isPlanned && !queried.dependsOnSettings) return queried;
    // What is missing in the text of a view can be completed where that is in the definition.
    const isOpen = isPlanned || queried.reasons.every(({ kind }) => COMPLETED.has(kind));
    const inText = isOpen ? await stackOf(db, oid, 'queries', 'all') : null;
    if (inText !== null && inText.query !== byQueries?.query) {
      const inlined = await analyseHere(db, oid, server, inText);
      if (inlined.plan !== null && !(isPlanned && inlined.dependsOnSettings)) return inlined;
    }
    if (isPlanned) return queried;
    // An imat is read where the whole cannot be maintained by delta: it is there already.
    const byImats = byQueries === null ? null : await stackOf(db, oid, 'imats');
    const hasImats = byImats !== null && byImats.query !== byQueries?.query;
    // Whoever reads a live imat may run its definition, and needs no right on tables for that.
    const asOwner = await stackOf(db, oid, hasImats ? 'imats' : 'queries', 'invokers');
    const known = hasImats ? byImats : byQueries;
    const other = asOwner !== null && asOwner.query !== known?.query ? asOwner : null;
    const stack = other ?? (hasImats ? byImats : null);
    if (stack === null) return queried;
    const read = await analyseHere(db, oid, server, stack);
    return hasImats ? { ...read, reasons: reasonsOf(queried, read) } : read;
  });
}

/**
 * Why an imat is no delta imat that reads other imats because of that: what stands against its
 * queries, not that it reads these. Places are those of another text.
 */
function reasonsOf(queried: Analysis, read: Analysis): readonly Reason[] {
  const known = new Map(read.reasons.map((reason) => [reason.message, reason]));
  const told = new Set(queried.reasons.map(({ message }) => message));
  return [
    ...queried.reasons.map((reason) => known.get(reason.message) ?? { ...reason, position: null }),
    ...read.reasons.filter(({ kind, message }) => kind !== 'reads_imat' && !told.has(message)),
  ];
}

/** Reasons that need not be there in the text of a definition. */
const COMPLETED: ReadonlySet<string> = new Set([
  'moment_dependent',
  'settings_dependent',
  'unspecified_order',
]);

async function stackOf(
  db: Db,
  oid: number,
  how: 'queries' | 'imats',
  inText: InText = 'stacked',
): Promise<Unstacked | null> {
  return rolledBack(db, async () => {
    const found = await unstacked(db, oid, how, inText);
    return found !== null && (await unstackedView(db, oid, found)) !== null ? found : null;
  });
}

async function analyseHere(
  db: Db,
  view: number,
  server: Server,
  stack: Unstacked | null,
): Promise<Analysis> {
  return rolledBack(db, async () => {
    const oid = stack === null ? view : ((await unstackedView(db, view, stack)) ?? view);
    const completed = await completedView(db, oid, server.major, server.timeZone);
    const through = [...completed.view.inspection.views, ...(stack?.views ?? [])];
    const analysis = await analyseView(db, completed, server, await otherOwners(db, through));
    return {
      ...analysis,
      instead: stack === null ? [] : insteadOf(stack),
      inlined: stack?.views ?? [],
    };
  });
}

/** The roles that own one of the views and are not the role that asks. */
async function otherOwners(db: Db, views: readonly number[]): Promise<ReadonlySet<number>> {
  const rows = await db.query<{ owner: number }>(
    `SELECT DISTINCT c.relowner AS owner
     FROM pg_class c
     WHERE c.oid = ANY ($1::oid[]) AND pg_get_userbyid(c.relowner) <> current_user`,
    [`{${views.join(',')}}`],
  );
  return new Set(rows.map(({ owner }) => owner));
}

type Server = {
  readonly major: number;
  /** Of the session that converts. */
  readonly timeZone: string;
  /** What statistics decided when it was planned (`Plan.overRows`); null to ask them. */
  readonly overRows: readonly boolean[] | null;
};

const insteadOf = ({ instead }: Unstacked): string[] =>
  [...instead].map(
    ([name, other]) => `reads ${other} in place of materialized view ${name}, not what that holds`,
  );

async function analyseView(
  db: Db,
  { view, completion, reasons: notCompleted }: CompletedView,
  server: Server,
  owners: ReadonlySet<number>,
): Promise<Omit<Analysis, 'instead' | 'inlined'>> {
  const { inspection, functions, reading, searchPath } = view;
  const reasons: PlanReason[] = [...notCompleted];
  const query = 'query' in reading ? reading.query : null;
  if (searchPath !== null) reasons.push(implicitOperators(searchPath));
  if ('reasons' in reading) reasons.push(...reading.reasons, ...aggregateReasons(functions));
  const ofFunctions = functionReasons(functions, query);
  const bySettings = ofFunctions.filter(({ kind }) => kind === 'settings_dependent');
  const keepsSettings = areOfReader(functions);
  reasons.push(
    ...sourceReasons(inspection, owners),
    ...ofFunctions.filter((reason) => !keepsSettings || !bySettings.includes(reason)),
  );

  let plan: Plan | null = null;
  let againstAdd: readonly PlanReason[] = [];
  // Also where something stands against it already: all of that is to be said at once.
  if (query !== null && inspection.all.every((relation) => relation.imatId === null)) {
    const planned = await planQuery(db, query, inspection, functions, server);
    if ('reasons' in planned) reasons.push(...planned.reasons);
    else if (reasons.length === 0 && keepsPlan(planned.plan, functions))
      ({ plan, againstAdd } = planned);
  }
  if (plan === null && keepsSettings) reasons.push(...bySettings);
  const shown = (found: readonly PlanReason[]): Reason[] =>
    shownReasons(found, inspection.definition);
  const bottom = inspection.all.filter(
    (relation) => relation.kind !== 'view' || relation.imatId !== null,
  );
  return {
    definition: inspection.definition,
    searchPath,
    columns: inspection.columns,
    plan,
    reasons: shown(reasons),
    againstAdd: shown(againstAdd),
    sources: bottom.filter((relation) => relation.imatId === null),
    imats: bottom.filter((relation) => relation.imatId !== null),
    unwatchable: bottom.flatMap((relation) =>
      relation.unwatchable === null ? [] : [relation.unwatchable],
    ),
    enums: functions.enums,
    listedEnums: functions.listedEnums,
    untrusted: functions.untrusted,
    proved: functions.proved,
    calledInBodies: functions.calledInBodies,
    isParallelUnsafe: functions.isParallelUnsafe,
    completion,
    dependsOnSettings: bySettings.length > 0,
    liveReasons: shown([...bySettings, ...timeInBodies(functions, query)]),
    dependence: worst(functions.unstable.map(({ dependence }) => dependence)),
  };
}

/** Whether all that changes without a write is the reader's settings and the reader's time. */
const areOfReader = ({ unstable }: FunctionFacts): boolean =>
  unstable.every(({ dependence, isOfReader }) => dependence === 'settings' || isOfReader === true);

/**
 * Whether a plan holds although something may depend on settings: a time that changes what is
 * stored is looked at from outside as well, under any settings.
 */
function keepsPlan(plan: Plan, { unstable }: FunctionFacts): boolean {
  const bySettings = unstable.filter(({ dependence }) => dependence === 'settings');
  return bySettings.length === 0 || bySettings.length === unstable.length || !isMoved(plan);
}
