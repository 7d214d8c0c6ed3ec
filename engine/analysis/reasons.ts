/**
 * The reasons against delta that facts about relations and functions give, and how reasons are
 * shown.
 */
import type { Expr, Query } from '../../parser/tree.ts';
import { mapExprs } from '../../parser/walk.ts';
import { ruleFor } from '../aggregates/all.ts';
import type { Reason } from '../api.ts';
import { positionAt } from '../errors/imat-error.ts';
import type { PlanReason } from '../algebra/reason.ts';
import { aggregateNotMaintained } from '../algebra/reason.ts';
import type { FunctionFacts } from '../server/function-facts.ts';
import { isClock, isTimeInBody } from '../server/functions.ts';
import { VALUE_FUNCTIONS } from '../server/special-nodes.ts';
import type { Inspection } from '../server/relations.ts';

function inOrderOfPlace(reasons: readonly PlanReason[]): PlanReason[] {
  const place = (reason: PlanReason): number => reason.span?.start ?? Number.MAX_SAFE_INTEGER;
  return reasons.toSorted((a, b) => place(a) - place(b));
}

/**
 * Reasons as they are shown, each once on a line: what completes an expression can write a part of
 * it many times.
 */
export function shownReasons(reasons: readonly PlanReason[], definition: string): Reason[] {
  const all = inOrderOfPlace(reasons).map((reason) => publicReason(reason, definition));
  const isSame = (a: Reason, b: Reason): boolean =>
    a.message === b.message && a.position?.line === b.position?.line;
  return all.filter((one, index) => all.findIndex((other) => isSame(one, other)) === index);
}

/**
 * `otherOwners`: roles other than the one that converts that own views on the way. PostgreSQL asks
 * what the policies of a table show to the owner of the view that reads it.
 */
export function sourceReasons(
  inspection: Inspection,
  otherOwners: ReadonlySet<number>,
): PlanReason[] {
  return inspection.all.flatMap((relation): PlanReason[] => {
    const name = `"${relation.schema}.${relation.name}"`;
    if (relation.imatId !== null)
      return [
        {
          kind: 'reads_imat',
          message: `${name} is an imat itself`,
          hint: 'Write its query into this definition to have it maintained by delta.',
          span: null,
        },
      ];
    const throughOthers = [...otherOwners].some((owner) => owner !== relation.owner);
    if (relation.rowSecurity && (relation.hidesRows || throughOthers)) {
      const to = relation.hidesRows
        ? 'you or to its owner'
        : 'the owner of a view through which it is read';
      return [
        {
          kind: 'row_security',
          message:
            `row-level security of table ${name} may apply to ${to}, ` +
            'and capture cannot apply it to changed rows',
          hint: 'Convert as a role to which no policy applies, and which owns the views as well.',
          span: null,
        },
      ];
    }
    if (relation.unwatchable !== null)
      return [
        { kind: 'unwatchable_source', message: relation.unwatchable, hint: null, span: null },
      ];
    return [];
  });
}

/** Where the definition could not be read: what is known of its aggregates all the same. */
export function aggregateReasons(functions: FunctionFacts): PlanReason[] {
  return functions.called.flatMap(({ kind, schema, name }) =>
    kind !== 'aggregate' || (schema === 'pg_catalog' && ruleFor(name) !== undefined)
      ? []
      : [aggregateNotMaintained(name, null)],
  );
}

/** What is not a function of the tables, under the names by which the definition says it. */
export function functionReasons(functions: FunctionFacts, query: Query | null): PlanReason[] {
  return functions.unstable.flatMap((use): PlanReason[] => {
    const node = query === null ? null : nodeOf(query, use);
    // Each of these is a reason of the plan's, or none.
    if (node?.kind === 'value_function' || (query !== null && (isClock(use) || isTimeInBody(use))))
      return [];
    const isOperator = use.operator !== null && node?.kind !== 'call';
    const name = isOperator ? use.operator.signature : use.name;
    const reads = use.reads ?? null;
    if (reads !== null)
      return [
        {
          kind: 'hidden_table',
          message: `"${name}" is declared IMMUTABLE, but reads ${reads}`,
          hint: 'Join the table in the definition instead.',
          span: node?.span ?? null,
        },
      ];
    if (use.otherwiseWith !== undefined)
      return [
        {
          kind: 'moment_dependent',
          message:
            `"${name}" is declared IMMUTABLE, but computes something else where the search_path ` +
            `has schema "${use.otherwiseWith}"`,
          hint: 'Qualify the names in its body, or ALTER FUNCTION ... SET search_path.',
          span: node?.span ?? null,
        },
      ];
    const [kind, message, otherHint] =
      use.dependence === 'moment'
        ? ([
            'moment_dependent',
            `"${name}" can give another result although no table has changed`,
            READS_WORDS.test(use.name) ? WITHOUT_WORDS : momentHint(use.schema, use.body ?? null),
          ] as const)
        : ([
            'settings_dependent',
            `the result of "${name}" depends on session settings such as TimeZone or DateStyle`,
            settingsHint(use.name, name),
          ] as const);
    const hint = use.isByDefault === true ? GIVE_ALL_ARGUMENTS : otherHint;
    return [{ kind, message, hint, span: node?.span ?? null }];
  });
}

/** A text or JSON that is read as a date or a time. */
const READS_WORDS = /::(date|timestamp(tz)?)$/;
const WITHOUT_WORDS =
  `The text "today" is a date. Write to_date(x, 'YYYY-MM-DD') or to_timestamp(x, ..), which take ` +
  'no such words, or leave it out of the definition.';

/**
 * Functions that read the time in their bodies. What is stored for a while is finished at the
 * moment when it was stored, and they cannot be told that.
 */
export const timeInBodies = (functions: FunctionFacts, query: Query | null): PlanReason[] =>
  functions.unstable.filter(isTimeInBody).map((use) => ({
    kind: 'moment_dependent',
    message: `"${use.name}" reads the time when it runs, later than the time of what is stored`,
    hint: `Give it the time as an argument: ${use.name}(..., now()). Or leave the imat live.`,
    span: (query === null ? null : nodeOf(query, use))?.span ?? null,
  }));

const GIVE_ALL_ARGUMENTS =
  'Write all arguments in the definition: the default of one that it leaves out depends on more ' +
  'than tables.';

/**
 * A function that nobody declared otherwise is volatile, although most depend on nothing else.
 * `body`: why its body does not prove it.
 */
const momentHint = (schema: string, body: string | null): string =>
  (schema === 'pg_catalog'
    ? ''
    : 'Declare the function IMMUTABLE if its result depends on its arguments alone' +
      `${body === null ? '' : `, which imat cannot tell because its body ${body}`}. If not: `) +
  'Leave it out of the definition and put it into the queries that read the imat.';

function settingsHint(name: string, shown: string): string {
  if (name === 'date_trunc') return "Pin the zone: date_trunc('day', x AT TIME ZONE 'UTC').";
  return /with time zone|timestamptz/.test(shown)
    ? "Pin the zone: write x AT TIME ZONE 'UTC' for a timestamp with time zone x."
    : 'Convert with a function whose result does not depend on settings.';
}

/** The node that a use is written as: a call of the function, a word, or else its operator. */
function nodeOf(query: Query, use: FunctionFacts['unstable'][number]): Expr | null {
  let call: Expr | null = null;
  let operator: Expr | null = null;
  mapExprs(query, (node) => {
    if (node.kind === 'call' && node.name === use.name) call ??= node;
    if (node.kind === 'value_function' && use.name === VALUE_FUNCTIONS) call ??= node;
    if (node.kind === 'binary' && node.op === use.operator?.name) operator ??= node;
    return null;
  });
  return call ?? operator;
}

function publicReason(reason: PlanReason, definition: string): Reason {
  const place = reason.span === null ? null : positionAt(definition, reason.span.start);
  return {
    kind: reason.kind,
    message: reason.message,
    hint: reason.hint,
    position:
      place === null ? null : { line: place.line, column: place.column, offset: place.offset },
  };
}
