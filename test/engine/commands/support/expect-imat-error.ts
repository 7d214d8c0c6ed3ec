/**
 * Asserts that imat refuses, and how. `errors.test.ts` looks for calls of this with each condition
 * of the catalogue, so the condition must be written as a string literal.
 */
import { expect } from 'vitest';
import { ERROR_CATALOGUE, type ErrorCondition } from '../../../../engine/errors/catalogue.ts';
import { ImatError } from '../../../../engine/errors/imat-error.ts';

/** The error that `attempt` must fail with, for looking closer. */
export async function expectImatError(
  condition: ErrorCondition,
  attempt: () => Promise<unknown>,
): Promise<ImatError> {
  const error = await attempt().then(
    (value: unknown) => expect.fail(`expected ${condition}, got ${JSON.stringify(value)}`),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ImatError)) throw error;
  expect({ condition: error.condition, message: error.message }).toEqual({
    condition,
    message: expect.any(String),
  });
  expect(error.code).toBe(ERROR_CATALOGUE[condition].code);
  expectHouseStyle(error);
  return error;
}

/**
 * PostgreSQL's manner: the message is one line without a full stop, detail and hint are sentences.
 */
function expectHouseStyle(error: ImatError): void {
  expect(error.message).toMatch(/^(?:[^A-Z\n]|PostgreSQL)[^\n]*[^.\n]$/);
  for (const sentence of [error.detail, error.hint])
    if (sentence !== null) expect(sentence).toMatch(/[.?!)]$/);
}
