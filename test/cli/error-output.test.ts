import { describe, expect, test } from 'vitest';
import { errorDocument, errorText, quotedLine, stackText } from '../../cli/error-output.ts';
import { EXIT, exitStatusOf, exitStatusOfSignal } from '../../cli/exit-status.ts';
import { ERROR_CATALOGUE } from '../../engine/errors/catalogue.ts';
import { ImatError, positionAt } from '../../engine/errors/imat-error.ts';

const QUERY = 'SELECT region,\n       summ(amount)\nFROM sales';
const ERROR = new ImatError('invalid_definition', {
  message: 'function "summ(numeric)" does not exist',
  detail: 'No function matches.',
  hint: 'Add casts.',
  position: positionAt(QUERY, QUERY.indexOf('summ')),
});

describe('errors for people', () => {
  test('message, line with caret, detail and hint come in the order of psql', () => {
    expect(errorText(ERROR).split('\n')).toEqual([
      'imat: function "summ(numeric)" does not exist',
      'LINE 2:        summ(amount)',
      '               ^',
      'DETAIL:  No function matches.',
      'HINT:  Add casts.',
      '',
    ]);
  });

  test('what is not known is left out', () => {
    expect(errorText(new ImatError('not_found', { message: 'nothing here' }))).toBe(
      'imat: nothing here\n',
    );
  });

  test('the caret stands below the place, whatever tabs and wide characters are before it', () => {
    const text = "a\r\n\t'東京' || oops\r\n";
    const [line, caret] = quotedLine(text, positionAt(text, text.indexOf('oops'))).split('\n');
    expect(line).toContain("'東京' || oops");
    expect(caret?.length).toBe('LINE 2: '.length + " '東京' || ".length + 2 + 1);
  });

  test('a place behind the last character is shown behind it', () => {
    expect(quotedLine('SELECT', positionAt('SELECT', 6))).toBe('LINE 1: SELECT\n              ^');
    expect(quotedLine('', positionAt('', 0))).toBe('LINE 1: \n        ^');
  });

  test.each([0, 40, 500, 990])(
    'of a long line the part around the place is shown (offset %i)',
    (offset) => {
      const text = `${'x'.repeat(offset)}!${'y'.repeat(999 - offset)}`;
      const [line = '', caret = ''] = quotedLine(text, positionAt(text, offset)).split('\n');
      expect(line.length).toBeLessThan(100);
      expect(line[caret.indexOf('^')]).toBe('!');
    },
  );

  test('a bug says so, and hides its stack until it is asked for', () => {
    for (const error of [
      new TypeError('x is not a function'),
      new ImatError('internal', { message: 'x is not a function' }),
    ]) {
      const text = errorText(error);
      expect(text).toContain(
        'imat: x is not a function\nDETAIL:  This is a bug in imat (IM099).\n' +
          'HINT:  Set IMAT_DEBUG=1',
      );
      expect(text).not.toMatch(/^\s+at /m);
    }
  });

  test('stacks show causes, and nothing but stacks', () => {
    const cause = Object.assign(new Error('inner'), { url: 'postgres://u:s3cret@h/d' });
    const text = stackText(new ImatError('connection_failed', { message: 'outer', cause }));
    expect(text).toMatch(/outer\n\s+at [\s\S]*caused by Error: inner\n\s+at /);
    expect(text).not.toContain('s3cret');
  });
});

describe('errors for programs', () => {
  test('all five fields are always there', () => {
    expect(errorDocument(ERROR)).toEqual({
      error: {
        code: 'IM011',
        message: 'function "summ(numeric)" does not exist',
        detail: 'No function matches.',
        hint: 'Add casts.',
        position: { line: 2, column: 8, offset: 22 },
      },
    });
    expect(errorDocument(new Error('oops')).error).toMatchObject({
      code: 'IM099',
      message: 'oops',
      position: null,
    });
    expect(errorDocument('thrown text').error).toMatchObject({
      code: 'IM099',
      message: 'thrown text',
    });
  });
});

describe('exit status', () => {
  test('follows from the category alone', () => {
    const expected = {
      user: EXIT.user,
      drift: EXIT.user,
      integrity: EXIT.user,
      transient: EXIT.transient,
      internal: EXIT.bug,
    };
    for (const condition of [
      'not_found',
      'frontier_missing',
      'contention',
      'connection_failed',
      'internal',
    ] as const) {
      expect(exitStatusOf(new ImatError(condition, { message: 'm' })), condition).toBe(
        expected[ERROR_CATALOGUE[condition].category],
      );
    }
    expect(exitStatusOf(new Error('unforeseen'))).toBe(1);
  });

  test('of a signal is the convention of shells', () => {
    expect([
      exitStatusOfSignal('SIGINT'),
      exitStatusOfSignal('SIGTERM'),
      exitStatusOfSignal('SIGHUP'),
    ]).toEqual([130, 143, 129]);
  });
});
