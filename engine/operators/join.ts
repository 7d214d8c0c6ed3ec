/**
 * The inner join: a product of its inputs under a conjunction, over signed multisets.
 *
 * With D the change of an input, new(R) its rows now and old(R) = R - D, the change of R1 x ... x
 * Rn is
 *
 *   telescoped   sum over i of old(R1) x .. x old(Ri-1) x Di x new(Ri+1) x .. x new(Rn)
 *   expanded     sum over S, not {}, of (-1)^(|S|+1) x product of Di, i in S
 *                                                    x product of new(Rj), j not in S
 *
 * and weights multiply. Both are right because new = old + D in each input and the product is
 * linear in each of them (Gupta and Mumick, "Maintenance of Materialized Views", 1995); a test
 * proves them equal. A self-join is two inputs with the same D. Everything is read in one snapshot,
 * so D and R never come from different moments.
 *
 * The expanded form reads tables by their indexes and joins pending rows with each other only if
 * two sources have some; in the telescoped form each lookup in old(R) also scans the pending rows
 * of R. But its terms double with each input, and so does the time to plan them: it is used up to
 * three inputs. The sum of the telescoped form begins with the largest input, by its keys, which
 * mostly has the most changes as well: they meet no old(R). Where others meet that input, two
 * terms, of new(R) and of -D, stand for old(R), so that it is read by its indexes.
 *
 * From four inputs on a term is joined in the order in which it is written (CROSS JOIN, under
 * `join_collapse_limit = 1`): so planning takes time in proportion to the inputs, and a log without
 * statistics cannot lead the planner through a column that many rows share (8 s for 1,191 changed
 * rows, where 60 ms do). See `join-order.ts`.
 *
 * Each term belongs to one input of which it has the change. A table without pending rows has none
 * in the terms of its inputs, so those of the other tables are the whole change (`Pending.only`).
 *
 * Inputs are asked for changes that are cancelled: a row of a small table that has changed a
 * hundred times would otherwise meet all its partners two hundred times.
 */
import type { ColumnRef, Expr } from '../../parser/tree.ts';
import { failingAcross, failsIn, oidsIn } from '../algebra/fails-in.ts';
import type { NodeOf } from '../algebra/node.ts';
import { idOf, placesOf, referencesOf } from '../algebra/node.ts';
import { solvedFor } from '../algebra/solved.ts';
import type { Sql } from '../sql/sql.ts';
import { fragment, ident, join as joined, lines, sql, unique } from '../sql/sql.ts';
import { canNet, imageGrouping } from './image.ts';
import { joinOrder, largestFirst } from './join-order.ts';
import type { Netting, Pending } from './pending.ts';
import { anyPending } from './pending.ts';
import type { Face, Relation, Rows, Rule, Shape, Term } from './rule.ts';
import { conditions, fromWhere, nothingAgainst, termLabel, written } from './rule.ts';

/** What stands in an input's place in a term. */
type Role = 'new' | 'change' | 'old';
/** `leader`: an input of which it has the change, for `Pending.only`. */
type Roles = { readonly roles: readonly Role[]; readonly leader: number; readonly sign: 1 | -1 };
export type Form = 'expanded' | 'telescoped';

const MAX_EXPANDED = 3;

/** Whether its terms are joined in the order in which they are written. */
export const isOrdered = ({ inputs }: NodeOf<'join'>): boolean => inputs.length > MAX_EXPANDED;

export const join: Rule<'join'> = {
  shape: (_node, inputs) => shapeOf(inputs),
  now: (node, inputs) => ({
    from: inputs.flatMap((input) => input.now.from),
    where: [...inputs.flatMap((input) => input.now.where), ...conditionsOf(node, inputs)],
  }),
  change: (node, inputs, pending, netting) => {
    const form = inputs.length <= MAX_EXPANDED ? 'expanded' : 'telescoped';
    if (netting !== 'fenced') return joinTerms(node, inputs, pending, 'cancelled', form);
    const { relations } = shapeOf(inputs.map(({ shape }) => shape));
    const columns = relations.flatMap((relation) => relation.columns.map(({ facts }) => facts));
    if (!canNet(columns)) return joinTerms(node, inputs, pending, 'fenced', form);
    const later = failingAcross(node);
    const conditions = node.conditions.filter((condition) => !later.includes(condition));
    const terms = joinTerms({ ...node, conditions }, inputs, pending, 'fenced', form);
    const where = conditionsOf({ ...node, conditions: later }, inputs);
    return terms.length === 0 ? [] : [netted(terms, relations, where)];
  },
  against: nothingAgainst,
};

const shapeOf = (inputs: readonly Shape[]): Shape => ({
  columns: new Map(inputs.flatMap((input) => [...input.columns])),
  relations: inputs.flatMap((input) => input.relations),
  sources: inputs.flatMap((input) => input.sources),
  label: inputs.map(({ label }) => label).join(' with '),
});

const conditionsOf = (node: NodeOf<'join'>, inputs: readonly Face[]): Sql[] => {
  const shape = shapeOf(inputs.map((input) => input.shape));
  return node.conditions.map((condition) => written(condition, shape));
};

/**
 * The conditions of a term: what an input is compared with is solved for its column where only the
 * other side has changed, so that an index finds its rows.
 */
function perChange(
  node: NodeOf<'join'>,
  inputs: readonly Face[],
): (roles: readonly Role[]) => readonly Sql[] {
  const oids = oidsIn(node);
  const places = placesOf(node);
  return (roles) => {
    const isRead = (ref: ColumnRef): boolean => roles[places.get(idOf(ref)) ?? -1] !== 'change';
    const conditions = node.conditions.map(
      (one) => solvedFor(one, isRead, (ref) => oids.get(idOf(ref)) ?? null) ?? one,
    );
    return conditionsOf({ ...node, conditions }, inputs);
  };
}

/**
 * By the position of an input, the conditions on its rows alone that no row makes fail. Where
 * changes are computed once, the conditions of a term do not reach the log.
 */
function conditionsOfOne(node: NodeOf<'join'>): ReadonlyMap<number, readonly Expr[]> {
  const places = placesOf(node);
  const fails = failsIn(node);
  const found = new Map<number, Expr[]>();
  for (const condition of node.conditions) {
    const [position, ...others] = new Set(
      referencesOf(condition).map((column) => places.get(column)),
    );
    if (position === undefined || others.length > 0 || fails(condition)) continue;
    found.set(position, [...(found.get(position) ?? []), condition]);
  }
  return found;
}

/** The change of the join in one of its two forms. */
export function joinTerms(
  node: NodeOf<'join'>,
  inputs: readonly Face[],
  pending: Pending,
  netting: Netting,
  form: Form,
): readonly Term[] {
  const asked = pending.once === null ? null : conditionsOfOne(node);
  const computed = inputs.map((input, position) =>
    lazily(() => computedOnce(input, input.change(netting, asked?.get(position)), pending)),
  );
  const own = perChange(node, inputs);
  const { only } = pending;
  const all = form === 'expanded' ? expanded(inputs.length) : telescoped(largestFirst(node));
  const forms =
    only === null
      ? all
      : all.filter(({ leader }) => inputs[leader]?.shape.sources.includes(only) === true);
  return forms.flatMap(({ roles, sign }) => {
    const choices = inputs.map((input, position): readonly (Rows | Term)[] => {
      const role = roles[position] ?? 'new';
      if (role === 'new' && input.before === undefined) return [input.now];
      const terms = computed[position]?.().terms ?? [];
      if (role === 'change') return terms;
      if (input.before === undefined) return [before(input, terms)];
      return role === 'old' ? [input.before] : [input.before, ...terms];
    });
    const changing = inputs.filter(({ shape }) => shape.sources.length > 0);
    const changed = computed.filter((_, position) => roles[position] === 'change');
    const gates = changing.length > 1 ? unique(changed.map((one) => one().gate)) : [];
    const order = isOrdered(node) ? joinOrder(node, roles.indexOf('change')) : null;
    return combinations(choices).map((parts) => product(parts, sign, gates, own(roles), order));
  });
}

/** Asked for where it is needed, and then once. */
function lazily<T>(make: () => T): () => T {
  let made: { readonly value: T } | null = null;
  return () => (made ??= { value: make() }).value;
}

/**
 * The change of an input, and whether it has any row: a condition that does not depend on a row. A
 * product with a change that has none must cost nothing, however the planner would join.
 */
type Computed = { readonly terms: readonly Term[]; readonly gate: Sql };

/** What several terms read, and in old(R) others, is computed once where that can be said. */
function computedOnce(input: Face, terms: readonly Term[], pending: Pending): Computed {
  const [relation, ...others] = input.shape.relations;
  const { once } = pending;
  if (once === null || relation === undefined || others.length > 0)
    return { terms, gate: anyChange(input, pending) };
  const alias = ident(relation.alias);
  const weight = ident(freshName('weight', relation));
  const columns = relation.columns.map(({ name }) => sql`${alias}.${ident(name)}`);
  const names = terms.map((term) => {
    const rows = sql`SELECT ${joined([sql`${term.weight} AS ${weight}`, ...columns], ', ')}
  FROM ${joined(term.from, ', ')}${conditions(term.where)}`;
    return once(`changes_${relation.alias}`, rows);
  });
  return {
    terms: terms.map((term, index) => ({
      ...term,
      from: [sql`${names[index] ?? sql``} AS ${alias}`],
      where: [],
      weight: sql`${alias}.${weight}`,
    })),
    gate: pending.asksChanges ? anyRow(names) : anyChange(input, pending),
  };
}

const anyRow = (names: readonly Sql[]): Sql =>
  names.length === 0
    ? sql`FALSE`
    : sql`(SELECT ${joined(
        names.map((name) => sql`EXISTS (SELECT FROM ${name})`),
        ' OR ',
      )})`;

function anyChange({ shape }: Face, pending: Pending): Sql {
  const sources = [...new Set(shape.sources)];
  const { changed } = pending;
  if (changed === null) return sql`(SELECT ${anyPending(pending, sources)})`;
  const any = joined(sources.map(changed), ' OR ');
  return sources.length === 1 ? any : sql`(${any})`;
}

/** One row of a term for each combination of rows of its parts; their weights multiply. */
function product(
  parts: readonly (Rows | Term)[],
  sign: 1 | -1,
  gates: readonly Sql[],
  own: readonly Sql[],
  order: readonly number[] | null,
): Term {
  const signed = parts.filter((part): part is Term => 'weight' in part);
  const changed = signed.filter(({ label }) => label !== BEFORE);
  const weights = joined(
    signed.map(({ weight }) => weight),
    ' * ',
  );
  return {
    from: order === null ? parts.flatMap(({ from }) => from) : [inOrder(parts, order)],
    where: [...gates, ...parts.flatMap(({ where }) => where), ...own],
    weight:
      signed.length === 1 && sign === 1
        ? weights
        : sql`(${fragment(sign === 1 ? '' : '-')}${weights})`,
    sign: changed.reduce<Term['sign']>((all, one) => times(all, one.sign), sign),
    label: changed.map(({ label }) => label).join(' with '),
  };
}

/** One item of FROM. */
function inOrder(parts: readonly Rows[], order: readonly number[]): Sql {
  const items = order.flatMap((position) => parts[position]?.from ?? []);
  return joined(items, '\n  CROSS JOIN ');
}

const times = (a: Term['sign'], b: Term['sign']): Term['sign'] => {
  if (a === null || b === null) return null;
  return a === b ? 1 : -1;
};

const BEFORE = '';

/**
 * The rows of an input as they were at the frontier, signed: its rows now, and its change with the
 * other sign. `OFFSET 0` makes a subquery of what a common table expression has: PostgreSQL looks
 * up rows of a UNION ALL by an index only if each half is something that can be looked up.
 */
function before(input: Face, changes: readonly Term[]): Term {
  const [relation, ...others] = input.shape.relations;
  if (relation === undefined || others.length > 0)
    throw new Error('only a relation with one name has rows from before');
  const alias = ident(relation.alias);
  const columns = joined(
    relation.columns.map(({ name }) => sql`, ${alias}.${ident(name)}`),
    '',
  );
  const weight = ident(freshName('weight', relation));
  const gone = changes.map(
    (term) => sql`UNION ALL
  (SELECT -${term.weight}${columns}
  FROM ${joined(term.from, ', ')}${conditions(term.where)}
  OFFSET 0)`,
  );
  return {
    from: [
      sql`(
  SELECT 1::bigint AS ${weight}${columns}
  FROM ${joined(input.now.from, ', ')}${conditions(input.now.where)}
  ${joined(gone, '\n')}
) AS ${alias}`,
    ],
    where: [],
    weight: sql`${alias}.${weight}`,
    sign: 1,
    label: BEFORE,
  };
}

/**
 * All terms as one, the rows of the product cancelled against each other: an expression then meets
 * only rows that the definition meets now, or met when they were folded. So does a condition of
 * `where`, one that can fail for rows of two inputs; the others see the rows of each term. `OFFSET
 * 0` keeps the planner from computing anything below the cancelling.
 */
function netted(
  terms: readonly Term[],
  relations: readonly Relation[],
  where: readonly Sql[],
): Term {
  const columns = relations.flatMap(({ alias, columns: own }) =>
    own.map(({ name, short, facts }) => ({
      facts,
      value: sql`${ident(alias)}.${ident(name)}`,
      name: ident(`${alias}_${short}`),
    })),
  );
  const items = columns.map(({ value, name }) => sql`${value} AS ${name}`);
  const rows = terms.map(
    (term) => sql`-- ${termLabel(term)}
SELECT ${joined([sql`${term.weight} AS weight`, ...items], ', ')}
${fromWhere(term)}`,
  );
  const images = columns.map(({ facts, name }) => imageGrouping(sql`u.${name}`, facts));
  const groups = images.flatMap((image) => image.groupBy);
  const selected = columns.map(
    ({ name }, index) => sql`${images[index]?.select ?? name} AS ${name}`,
  );
  const named = relations.map(({ alias, columns: own }) => {
    const values = own.map(
      ({ name, short }) => sql`p.${ident(`${alias}_${short}`)} AS ${ident(name)}`,
    );
    return sql`LATERAL (SELECT ${joined(values, ', ')}) AS ${ident(alias)}`;
  });
  const all = sql`(
  SELECT ${joined([sql`pg_catalog.sum(u.weight)::bigint AS weight`, ...selected], ', ')}
  FROM (
    ${joined(rows, '\nUNION ALL\n')}
  ) AS u
  GROUP BY ${groups.length === 0 ? sql`()` : joined(groups, ', ')}
  HAVING pg_catalog.sum(u.weight) <> 0
  OFFSET 0
) AS p`;
  return {
    from: [lines([all, ...named])],
    where,
    weight: sql`p.weight`,
    sign: null,
    label: 'all changes, cancelled against each other',
  };
}

/** `inputs`: their positions, in the order of the sum. */
function telescoped(inputs: readonly number[]): Roles[] {
  return inputs.flatMap((changed, at) => {
    const roles = inputs.map((_, position): Role => {
      if (position === changed) return 'change';
      return inputs.indexOf(position) < at ? 'old' : 'new';
    });
    const all = at === 0 ? [{ roles, sign: 1 as const }] : withoutOld(roles, inputs[0] ?? 0);
    return all.map((one) => ({ ...one, leader: changed }));
  });
}

/** The same with new(R) - D in the place of old(R) of one input, as two terms. */
const withoutOld = (roles: readonly Role[], input: number): Omit<Roles, 'leader'>[] => [
  { roles: roles.with(input, 'new'), sign: 1 },
  { roles: roles.with(input, 'change'), sign: -1 },
];

/** The subsets of one input first, then of two, and so on. */
function expanded(count: number): Roles[] {
  const subsets = Array.from({ length: 2 ** count - 1 }, (_, index) => index + 1);
  const size = (subset: number): number =>
    Array.from({ length: count }, (_, bit) => (subset >> bit) & 1).reduce((a, b) => a + b, 0);
  return subsets
    .sort((a, b) => size(a) - size(b) || a - b)
    .map((subset) => {
      const roles = Array.from({ length: count }, (_, bit) =>
        ((subset >> bit) & 1) === 1 ? ('change' as const) : ('new' as const),
      );
      return { roles, leader: roles.indexOf('change'), sign: size(subset) % 2 === 1 ? 1 : -1 };
    });
}

/** Every way to take one of each choice, the first choice changing last. */
function combinations<T>(choices: readonly (readonly T[])[]): readonly (readonly T[])[] {
  return choices.reduce<readonly (readonly T[])[]>(
    (all, choice) => all.flatMap((taken) => choice.map((one) => [...taken, one])),
    [[]],
  );
}

function freshName(base: string, relation: Relation): string {
  const taken = new Set(relation.columns.map(({ name }) => name));
  let name = base;
  while (taken.has(name)) name = `_${name}`;
  return name;
}
