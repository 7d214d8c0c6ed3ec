/**
 * The reasons against delta that facts about relations and functions give, and how reasons are
 * shown.
 */
import { isName, isPunctuation, tokenize } from '../../parser/tokens.ts';
import type { Query, Span } from '../../parser/tree.ts';
import { visit } from '../../parser/walk.ts';
import { ruleFor } from '../aggregates/all.ts';
import type { Reason } from '../api.ts';
import { positionAt } from '../errors/imat-error.ts';
import type { PlanReason } from '../algebra/reason.ts';
import { aggregateNotMaintained } from '../algebra/reason.ts';
import type { FunctionFacts } from '../server/functions.ts';
import type { Inspection } from '../server/relations.ts';

export function inOrderOfPlace(reasons: readonly PlanReason[]): PlanReason[] {
  const place = (reason: PlanReason): number => reason.span?.start ?? Number.MAX_SAFE_INTEGER;
  return reasons.toSorted((a, b) => place(a) - place(b));
}

export function sourceReasons(inspection: Inspection): PlanReason[] {
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
    if (relation.rowSecurity) {
      return [
        {
          kind: 'row_security',
          message: `table ${name} has row-level security, which capture cannot apply to changed rows`,
          hint: null,
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

/**
 * Where the definition could not be read, its aggregates are found by name, so that all that stands
 * against delta is said at once.
 */
export function aggregateReasons(
  definition: string,
  functions: FunctionFacts,
  known: readonly PlanReason[],
): PlanReason[] {
  const { tokens } = tokenize(definition);
  return functions.called.flatMap((called): PlanReason[] => {
    if (
      called.kind !== 'aggregate' ||
      (called.schema === 'pg_catalog' && ruleFor(called.name) !== undefined)
    )
      return [];
    const token = tokens.find(
      (one, index) =>
        isName(one) && one.value === called.name && isPunctuation(tokens[index + 1], '('),
    );
    const said = (span: Span): boolean =>
      known.some(
        (reason) =>
          reason.span !== null && reason.span.start < span.end && span.start < reason.span.end,
      );
    return token === undefined || said(token) ? [] : [aggregateNotMaintained(called.name, token)];
  });
}

export function functionReasons(functions: FunctionFacts, query: Query | null): PlanReason[] {
  return functions.unstable.map((use): PlanReason => {
    const span = query === null ? null : spanOfCall(query, use.name);
    if (use.dependence === 'settings') {
      return {
        kind: 'settings_dependent',
        message: `the result of "${use.name}" depends on session settings such as TimeZone or DateStyle`,
        hint:
          use.name === 'date_trunc'
            ? "Pin the zone: date_trunc('day', x AT TIME ZONE 'UTC')."
            : 'Convert with a function whose result does not depend on settings.',
        span,
      };
    }
    return {
      kind: 'moment_dependent',
      message: `"${use.name}" can give another result although no table has changed`,
      hint: 'Leave the condition out of the definition and put it into the queries that read the imat.',
      span,
    };
  });
}

function spanOfCall(query: Query, name: string): Span | null {
  let span: Span | null = null;
  const exprs = [
    ...query.targets.map((target) => target.expr),
    ...query.groupBy,
    query.where,
    query.having,
  ];
  for (const expr of exprs) {
    if (expr === null) continue;
    visit(expr, (node) => {
      if (node.kind === 'call' && node.name === name) span ??= node.span;
    });
  }
  return span;
}

export function publicReason(reason: PlanReason, definition: string): Reason {
  const place = reason.span === null ? null : positionAt(definition, reason.span.start);
  return {
    kind: reason.kind,
    message: reason.message,
    hint: reason.hint,
    position:
      place === null ? null : { line: place.line, column: place.column, offset: place.offset },
  };
}
