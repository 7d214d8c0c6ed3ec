/** What errors of the server mean for the caller. */
import { expect, test } from 'vitest';
import { ServerError } from '../../../engine/db/db.ts';
import { toImatError } from '../../../engine/db/server-errors.ts';

test('a column that was renamed under a command can be tried again', () => {
  const error = new ServerError({
    message: 'column a.g does not exist',
    sqlstate: '42703',
    detail: null,
    hint: null,
    position: null,
    statement: 'CREATE VIEW v AS SELECT a.g FROM t a',
  });
  expect(toImatError(error)).toMatchObject({
    condition: 'contention',
    category: 'transient',
    message: 'column a.g does not exist',
  });
});
