/**
 * Each fast rule beside its slow twin: the same pending rows give the same delta, whichever way it
 * is computed.
 */
import { IN_PLACE } from '../../../engine/operators/pending.ts';
import { describe, expect, test } from 'vitest';
import { analyse } from '../../../engine/analysis/analyse.ts';
import { changeQuery } from '../../../engine/generate/change-views.ts';
import { inputsOf } from '../../../engine/algebra/node.ts';
import { faceOf } from '../../../engine/operators/all.ts';
import type { Form } from '../../../engine/operators/join.ts';
import { joinTerms } from '../../../engine/operators/join.ts';
import type { Netting, Pending } from '../../../engine/operators/pending.ts';
import { conditions } from '../../../engine/operators/rule.ts';
import { keyColumns, summed } from '../../../engine/operators/store.ts';
import type { AddPlan } from '../../../engine/plan/plan.ts';
import { coreInput } from '../../../engine/plan/plan.ts';
import { fragment, ident, join, sql } from '../../../engine/sql/sql.ts';
import type { Sql } from '../../../engine/sql/sql.ts';
import { FOLD, useBench } from './support/bench.ts';
import { randomFor, randomHistory } from './support/random.ts';
import { LOOSE_SHOP, RESET, SAMPLES, WRITABLE_SHOP } from './support/shop.ts';

const bench = useBench(LOOSE_SHOP);

type Installed = {
  readonly plan: AddPlan;
  readonly id: number;
  readonly logOf: Pending['logOf'];
};

async function installed(name: string): Promise<Installed> {
  const [imat] = await bench.session.query<{ id: number; view: number }>(
    'SELECT id, definition_view::oid AS view FROM imat_catalog.imat WHERE name = $1',
    [name],
  );
  const logs = await bench.session.query<{ relation: number; log: string }>(
    'SELECT relation::oid AS relation, log::text AS log FROM imat_catalog.source',
  );
  const [version] = await bench.session.query<{ major: number }>(
    `SELECT current_setting('server_version_num')::int / 10000 AS major`,
  );
  const { plan: whole } = await bench.session.transaction('read committed', () =>
    analyse(bench.session, imat?.view ?? 0, version?.major ?? 0),
  );
  const plan = whole?.stores[0];
  if (imat === undefined || plan?.rule !== 'add') throw new Error(`${name} has no delta plan`);
  return {
    plan,
    id: imat.id,
    logOf: (oid) => fragment(logs.find((one) => one.relation === oid)?.log ?? ''),
  };
}

/** The change of the core's input, row by row with its weight added up, in either form. */
function product({ plan, id, logOf }: Installed, form: Form | 'netted'): Sql {
  const pending: Pending = {
    frontier: sql`(SELECT f.snapshot FROM imat_catalog.frontier AS f WHERE f.imat_id = ${id})`,
    logOf,
    moment: sql`now()`,
    ...IN_PLACE,
  };
  const face = coreInput(plan, pending);
  const node = plan.core.input;
  const inputs = inputsOf(node).map((input) => faceOf(input, pending));
  const terms =
    form === 'netted' || node.op !== 'join'
      ? face.change(form === 'netted' ? 'fenced' : 'logged')
      : joinTerms(node, inputs, pending, 'cancelled', form);
  const values = [...face.shape.columns.values()].map((column) => sql`, ${column}::text`);
  const rows = terms.map(
    (term) =>
      sql`SELECT ${term.weight} AS weight, ROW(0${join(values, '')})::text AS content
        FROM ${join(term.from, ', ')}${conditions(term.where)}`,
  );
  return sql`SELECT u.content, pg_catalog.sum(u.weight)::bigint AS weight
    FROM (${join(rows, ' UNION ALL ')}) AS u
    GROUP BY u.content
    HAVING pg_catalog.sum(u.weight) <> 0`;
}

/** The delta of the groups, key by key. */
function groups({ plan, id, logOf }: Installed, netting: Netting): Sql {
  const { store } = plan;
  const rows = changeQuery(plan, { id, logOf, different: [], inner: null }, netting);
  const changes = join(
    store.parts.map((part) => sql`g.${ident(part.name)} <> 0`),
    ' OR ',
  );
  // Zeros at the end of a sum are not a difference: how many are shown is counted apart.
  const values = store.parts.map((part) =>
    part.type === 'numeric'
      ? sql`pg_catalog.trim_scale(g.${ident(part.name)})`
      : sql`g.${ident(part.name)}`,
  );
  const keys = keyColumns(store).map((key) => sql`g.${ident(key)}`);
  return sql`SELECT ROW(${join([...keys, ...values], ', ')})::text AS content
    FROM (${summed(store, rows)}) AS g
    WHERE ${changes}`;
}

const contentOf = (query: Sql): Promise<unknown[]> =>
  bench.session.query(`SELECT * FROM (${query.text}) AS q ORDER BY 1`);

describe.each(SAMPLES)('%s', (definition) => {
  test('expanded, telescoped and netted products, plain and netted groups', async () => {
    await bench.user.execute(RESET);
    const subject = await bench.convert(definition);
    const one = await installed(subject.name);
    // A log does not have a truncation as rows, so these delete.
    const history = randomHistory(randomFor(`twins ${definition}`), WRITABLE_SHOP, 14)
      .filter((step) => step !== FOLD)
      .map((step) => step.replace(/^TRUNCATE/, 'DELETE FROM'));
    for (const step of [
      ...history,
      'ROLLBACK',
      `INSERT INTO orders
       SELECT id, customer, product, region, amount + 1, qty, at, day, flag, note FROM orders`,
      'UPDATE customer SET boss = boss + 1',
      'UPDATE extra SET k = k + 1',
      'UPDATE product SET price = price * 2',
    ]) {
      await bench.user.execute(step);
      if (/^(BEGIN|SAVEPOINT)/.test(step)) continue;
      const expanded = await contentOf(product(one, 'expanded'));
      expect(await contentOf(product(one, 'telescoped'))).toEqual(expanded);
      expect(await contentOf(product(one, 'netted'))).toEqual(expanded);
      expect(await contentOf(groups(one, 'fenced'))).toEqual(
        await contentOf(groups(one, 'logged')),
      );
    }
  });
});
