/** imat's public API. */
export * from './accounting-api.ts';
export * from './api.ts';
export * from './environment-api.ts';
export * from './explanation-api.ts';
export { ERROR_CATALOGUE, type ErrorCategory, type ErrorCondition } from './errors/catalogue.ts';
export { ImatError, type Position } from './errors/imat-error.ts';
export type { ConnectTarget } from './db/db.ts';
export { connect, createImat } from './imat.ts';
