/** What errors of the server mean for the caller. */
import { expect, test } from 'vitest';
import { isContended, ServerError } from '../../../engine/db/db.ts';
import { toImatError } from '../../../engine/db/server-errors.ts';

const reported = (
  sqlstate: string,
  fields: {
    readonly schema?: string;
    readonly table?: string;
    readonly context?: string;
    readonly message?: string;
    readonly hint?: string;
  } = {},
): ServerError =>
  new ServerError({
    message: 'column a.g does not exist',
    sqlstate,
    detail: null,
    hint: null,
    position: null,
    statement: 'CREATE VIEW v AS SELECT a.g FROM t a',
    ...fields,
  });

test.each([
  ['an imat that was removed under a command', reported('23503', { schema: 'imat_catalog' })],
  [
    'a table that was dropped under a command',
    reported('42601', {
      message: 'syntax error at or near "17446"',
      context: 'PL/pgSQL function imat_catalog.fill_slot(integer,boolean) line 48 at EXECUTE',
    }),
  ],
  [
    'a relation whose name a statement of imat needs, and which was dropped',
    reported('42P01', {
      message: 'the relation with OID 17446 was dropped',
      context: 'PL/pgSQL function imat_catalog.required_name(regclass) line 6 at RAISE',
    }),
  ],
  [
    'a view that was dropped while its text was asked for',
    reported('XX000', { message: 'could not open relation with OID 17475' }),
  ],
  [
    'a function that was dropped meanwhile',
    reported('XX000', { message: 'cache lookup failed for function 17475' }),
  ],
  [
    'a table that was dropped meanwhile, with its columns',
    reported('XX000', { message: 'cache lookup failed for attribute 1 of relation 25731' }),
  ],
  [
    'a partition whose detachment is not complete',
    reported('55000', { message: 'cannot alter partition "p" with an incomplete detach' }),
  ],
])('%s: the command can be tried again', (_, error) => {
  expect(toImatError(error)).toMatchObject({ condition: 'contention', category: 'transient' });
});

test.each([
  ['a column that is not there', reported('42703')],
  ['a number in a query', reported('42601', { message: 'syntax error at or near "17446"' })],
  ['a fault of the server', reported('XX000', { message: 'unexpected relkind: 105' })],
  ['a foreign key of a user', reported('23503', { schema: 'public' })],
])('%s: no', (_, error) => {
  expect(toImatError(error)).toMatchObject({ condition: 'internal' });
});

test('what waits shortly for a lock tries again after a change of the same row', () => {
  const tried = (sqlstate: string, message: string): boolean =>
    isContended(reported(sqlstate, { message }));
  expect(tried('55P03', 'canceling statement due to lock timeout')).toBe(true);
  expect(tried('XX000', 'tuple concurrently updated')).toBe(true);
  expect(tried('XX000', 'tuple concurrently deleted')).toBe(true);
  expect(tried('XX000', 'unexpected node type: 17')).toBe(false);
  expect(tried('42501', 'permission denied')).toBe(false);
});

test('a query that is nested too deeply for imat is no bug', () => {
  const deep = (): number => deep() + 1;
  const error = (() => {
    try {
      return deep();
    } catch (caught) {
      return caught;
    }
  })();
  expect(toImatError(error)).toMatchObject({
    condition: 'definition_failed',
    message: 'the query is nested too deeply',
  });
});

test.each([
  ['a domain', reported('23514', { schema: 'public', message: 'value for domain d violates' })],
  ['a domain without NULL', reported('23502', { message: 'domain d does not allow null values' })],
  ['a subquery with two rows', reported('21000')],
  ['a function in SQL', reported('2F005')],
  ['a function in another language', reported('38000')],
  ['a foreign table', reported('HV00L')],
  ['a code of a user', reported('UE123')],
  ['the depth of the stack', reported('54001')],
])('%s makes a definition fail: no bug in imat', (_, error) => {
  expect(toImatError(error)).toMatchObject({ condition: 'definition_failed' });
});

test.each([
  ['of a table of imat', { schema: 'imat_store', table: 'state_a' }, '23514'],
  ['that changes a row twice', { hint: 'Ensure that no rows proposed have duplicates.' }, '21000'],
])('what %s says is', (_, fields, sqlstate) => {
  expect(toImatError(reported(sqlstate, fields))).toMatchObject({ condition: 'internal' });
});
