/**
 * A random history, step by step, of up to three writers with open transactions, of prepared
 * transactions, of a reader that keeps its snapshot, and of folds. It depends on the seed, and on
 * which steps fail, alone: not on the imats.
 */
import { type Random, randomOf } from '../../../tools/random.ts';
import type { Schema } from './columns.ts';
import { firstRows } from './schema.ts';
import { randomStatement } from './statements.ts';

export const WRITERS = 3;

export type Step =
  | { readonly kind: 'write'; readonly writer: number; readonly statements: readonly string[] }
  /** What ends a prepared transaction. */
  | { readonly kind: 'settle'; readonly statement: string }
  | { readonly kind: 'reader'; readonly statement: string }
  /** Each imat in this share of all. */
  | { readonly kind: 'fold'; readonly share: number };

export function printStep(step: Step): string {
  switch (step.kind) {
    case 'write':
      return `writer ${step.writer + 1}: ${step.statements.join('; ')}`;
    case 'settle':
      return `observer: ${step.statement}`;
    case 'reader':
      return `reader: ${step.statement}`;
    case 'fold':
      return `fold ${Math.round(step.share * 100)} % of the imats`;
  }
}

type Writer = { open: boolean; savepoint: boolean };

/** The tables that statements write to. */
export function tablesOf(statements: readonly string[]): string[] {
  const pattern = /^(?:INSERT INTO|UPDATE|DELETE FROM|TRUNCATE) (\w+)/;
  return statements.flatMap((statement) => pattern.exec(statement)?.[1] ?? []);
}

const SNAPSHOT = 'BEGIN ISOLATION LEVEL REPEATABLE READ';

export class History {
  readonly #random: Random;
  readonly #schema: Schema;
  readonly #gid: string;
  readonly #writers: Writer[] = Array.from({ length: WRITERS }, () => ({
    open: false,
    savepoint: false,
  }));
  #prepared: string[] = [];
  #preparedCount = 0;
  #isReading = false;

  /** `gid` begins the names of prepared transactions, which all databases of a server share. */
  constructor(seed: number, schema: Schema, gid: string) {
    this.#random = randomOf(seed);
    this.#schema = schema;
    this.#gid = gid;
  }

  firstRows(): string[] {
    return firstRows(this.#random, this.#schema);
  }

  isOpen(writer: number): boolean {
    return this.#writers[writer]?.open === true;
  }

  get isReading(): boolean {
    return this.#isReading;
  }

  /** Whether no transaction is open that somebody could have to wait for. */
  get isQuiet(): boolean {
    return (
      !this.#isReading && this.#prepared.length === 0 && this.#writers.every(({ open }) => !open)
    );
  }

  next(): Step {
    const dice = this.#random.below(100);
    if (dice < 13) return { kind: 'fold', share: this.#random.pick([0.15, 0.3, 0.3, 1]) };
    if (dice < 21) return this.#read();
    if (dice < 28 && this.#prepared.length > 0) return this.#settle();
    const index = this.#random.below(WRITERS);
    return { kind: 'write', writer: index, statements: this.#write(index) };
  }

  /** The statement that a writer goes on with after an error. */
  failed(writer: number): string {
    const state = this.#writer(writer);
    if (state.savepoint) return 'ROLLBACK TO SAVEPOINT a';
    state.open = false;
    return 'ROLLBACK';
  }

  /** What ends everything that is still open. */
  *end(): Generator<Step> {
    for (const [index, state] of this.#writers.entries())
      if (state.open) yield this.#close(index, 'COMMIT');
    while (this.#prepared.length > 0) yield this.#settle();
    if (this.#isReading) yield this.#read();
    yield { kind: 'fold', share: 1 };
  }

  #read(): Step {
    this.#isReading = !this.#isReading;
    return { kind: 'reader', statement: this.#isReading ? SNAPSHOT : 'COMMIT' };
  }

  #settle(): Step {
    const place = this.#random.below(this.#prepared.length);
    const [gid] = this.#prepared.splice(place, 1);
    const end = this.#random.chance(0.7) ? 'COMMIT' : 'ROLLBACK';
    return { kind: 'settle', statement: `${end} PREPARED '${gid ?? ''}'` };
  }

  #close(index: number, statement: string): Step {
    const state = this.#writer(index);
    state.open = false;
    state.savepoint = false;
    return { kind: 'write', writer: index, statements: [statement] };
  }

  #write(index: number): string[] {
    const state = this.#writer(index);
    const statement = (): string => randomStatement(this.#random, this.#schema.tables);
    const dice = this.#random.below(100);
    if (!state.open) {
      if (dice < 4) return [this.#truncation()];
      if (dice < 50) return [statement()];
      state.open = true;
      state.savepoint = false;
      return [dice < 60 ? SNAPSHOT : 'BEGIN', statement()];
    }
    if (dice < 50) return [statement()];
    if (dice < 68) return this.#savepoint(state, statement);
    state.open = false;
    state.savepoint = false;
    if (dice < 88) return ['COMMIT'];
    if (dice < 94) return ['ROLLBACK'];
    const gid = `${this.#gid}_${++this.#preparedCount}`;
    this.#prepared.push(gid);
    return [`PREPARE TRANSACTION '${gid}'`];
  }

  #savepoint(state: Writer, statement: () => string): string[] {
    if (!state.savepoint) {
      state.savepoint = true;
      return ['SAVEPOINT a', statement()];
    }
    if (this.#random.chance(0.6)) return ['ROLLBACK TO SAVEPOINT a'];
    state.savepoint = false;
    return ['RELEASE SAVEPOINT a'];
  }

  /** It commits at once: nobody else could read the table until then. */
  #truncation(): string {
    const names = this.#schema.tables.map(({ name }) => name);
    const name = this.#random.pick(names);
    return `TRUNCATE ${name}`;
  }

  #writer(index: number): Writer {
    const state = this.#writers[index];
    if (state === undefined) throw new Error(`there is no writer ${index}`);
    return state;
  }
}
