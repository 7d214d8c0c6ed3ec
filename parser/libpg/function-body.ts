/**
 * What the body of a function does, if it only computes: its expressions, and what becomes of their
 * values. SQL: one SELECT of one expression. PL/pgSQL: variables, assignments, IF, CASE, RETURN and
 * blocks, as PostgreSQL's own grammar reads them. Whatever is not on these lists is refused, an
 * attribute of a statement as well that is not known here.
 */
import { quoteIdent, quoteLiteral } from '../quote.ts';
import type { Grammar } from './load.ts';

/** What the value of an expression is converted to, without a word. */
export type Target =
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'parameter'; readonly number: number }
  | { readonly kind: 'result' }
  | { readonly kind: 'condition' }
  | { readonly kind: 'none' };

export type BodyExpression = { readonly sql: string; readonly target: Target };

/** Names that PostgreSQL looks up when the body runs, as they stand in it without a schema. */
export type LooseNames = {
  readonly types: readonly string[];
  readonly collations: readonly string[];
  /** Whether a call has an argument of no type: a bare string, or NULL. */
  readonly hasUntyped: boolean;
};

export type Body = {
  /** Besides the parameters; types as they are written. */
  readonly variables: readonly { readonly name: string; readonly type: string }[];
  /** Other names of parameters, which are numbered from 1. */
  readonly aliases: readonly { readonly name: string; readonly parameter: number }[];
  readonly expressions: readonly BodyExpression[];
  /** What they are written with besides names: a constant is none. */
  readonly withoutNames: string;
  readonly loose: LooseNames;
};

/** Why a body proves nothing, to be said after "its body". */
export type Refusal = { readonly refusal: string };

class Refused extends Error {}

const refuse = (why: string): never => {
  throw new Refused(why);
};

/** `parameters`: their names in order; '' for one that has none. */
export function readBody(
  grammar: Grammar,
  language: 'sql' | 'plpgsql',
  parameters: readonly string[],
  source: string,
): Body | Refusal {
  try {
    const read =
      language === 'sql' ? readSql(grammar, source) : readPl(grammar, parameters, source);
    const loose: Loose = { types: new Set(), collations: new Set(), hasUntyped: false };
    for (const { sql } of read.expressions) noteLoose(expressionIn(grammar, sql), loose);
    for (const { type } of read.variables) noteLoose(expressionIn(grammar, `NULL::${type}`), loose);
    const [types, collations] = [[...loose.types], [...loose.collations]];
    const withoutNames = read.expressions.map(({ sql }) => notNames(grammar, sql)).join(';');
    return { ...read, withoutNames, loose: { types, collations, hasUntyped: loose.hasUntyped } };
  } catch (error) {
    if (error instanceof Refused) return { refusal: error.message };
    // What PostgreSQL's grammar does not accept, it may accept in another version.
    if (error instanceof Error) return { refusal: 'could not be read' };
    throw error;
  }
}

const notNames = (grammar: Grammar, sql: string): string =>
  grammar
    .scanSync(sql)
    .tokens.filter(({ tokenName }) => tokenName !== 'IDENT')
    .map(({ text }) => text)
    // Two strings with a line break between them are one: no comment hides that.
    .join('\n');

type Read = Omit<Body, 'withoutNames' | 'loose'>;
type Json = { readonly [key: string]: unknown };

const isJson = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The attributes of a node; refuses if it has others than these. */
function only(node: unknown, keys: readonly string[], why: string): Json {
  if (!isJson(node) || Object.keys(node).some((key) => !keys.includes(key))) return refuse(why);
  return node;
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** A node is an object with one key, its kind. */
function kindOf(node: unknown): readonly [string, unknown] {
  const [entry, ...others] = isJson(node) ? Object.entries(node) : [];
  return entry === undefined || others.length > 0 ? refuse('could not be read') : entry;
}

/** The expression of `SELECT <expression>`. */
function selectedIn(grammar: Grammar, text: string, mayHaveName: boolean): Json {
  const { stmts = [] } = grammar.parseSync(text);
  const [first, ...others] = stmts;
  if (first === undefined || others.length > 0) return refuse('is more than one statement');
  const [kind, statement] = kindOf(first.stmt);
  if (kind !== 'SelectStmt') return refuse('is more than an expression');
  const select = only(
    statement,
    ['targetList', 'limitOption', 'op'],
    'reads a table, or is more than an expression',
  );
  const [target, ...more] = listOf(select['targetList']);
  if (select['op'] !== 'SETOP_NONE' || target === undefined || more.length > 0)
    return refuse('is more than an expression');
  const item = only(kindOf(target)[1], ['val', 'name', 'location'], 'is more than an expression');
  if (item['name'] !== undefined && !mayHaveName) return refuse('is more than an expression');
  return item;
}

const expressionIn = (grammar: Grammar, expression: string): unknown =>
  selectedIn(grammar, `SELECT ${expression}\n`, false)['val'];

function readSql(grammar: Grammar, source: string): Read {
  const item = selectedIn(grammar, source, true);
  const tokens = grammar.scanSync(source).tokens.filter((one) => !COMMENTS.has(one.tokenName));
  // What stands before the first expression is SELECT, and behind it a semicolon, or a name.
  while (tokens.at(-1)?.text === ';') tokens.pop();
  if (item['name'] !== undefined) tokens.pop();
  if (item['name'] !== undefined && tokens.at(-1)?.text.toUpperCase() === 'AS') tokens.pop();
  const [select, first] = tokens;
  const last = tokens.at(-1);
  if (select?.text.toUpperCase() !== 'SELECT' || first === undefined || last === undefined)
    return refuse('is more than an expression');
  const sql = Buffer.from(source).subarray(first.start, last.end).toString();
  return { variables: [], aliases: [], expressions: [{ sql, target: { kind: 'result' } }] };
}

const COMMENTS: ReadonlySet<string> = new Set(['SQL_COMMENT', 'C_COMMENT']);

/** A variable or a parameter, with its number, as its expressions are to be read. */
type Datum =
  | { readonly kind: 'parameter'; readonly number: number }
  | { readonly kind: 'variable'; readonly name: string; readonly type: string };

function readPl(grammar: Grammar, parameters: readonly string[], source: string): Read {
  if (/^\s*#/m.test(source)) return refuse('has an option for the compiler');
  const named = parameters.map((name) => `${name === '' ? '' : quoteIdent(name)} text`).join(', ');
  const parsed: unknown = grammar.parsePlPgSQLSync(
    `CREATE FUNCTION f(${named}) RETURNS text LANGUAGE plpgsql AS ${quoteLiteral(source)}`,
  );
  const [first] = listOf(isJson(parsed) ? parsed['plpgsql_funcs'] : null);
  const [kind, found] = kindOf(first);
  const parts = only(found, ['aliases', 'datums', 'action'], 'could not be read');
  if (kind !== 'PLpgSQL_function') return refuse('could not be read');
  const expressions: BodyExpression[] = [];
  const datums = datumsOf(parts['datums'], parameters, expressions);
  const variables = datums.flatMap((one) => (one?.kind === 'variable' ? [one] : []));
  const aliases = listOf(parts['aliases']).map((alias) => {
    const { name, varno } = only(kindOf(alias)[1], ['name', 'varno', 'lineno'], ODD);
    const datum = datumAt(datums, varno);
    if (datum.kind !== 'parameter') return refuse(ODD);
    return { name: textOf(name), parameter: datum.number };
  });
  const names = [...parameters.filter((name) => name !== ''), ...variables, ...aliases].map(
    (one) => (typeof one === 'string' ? one : one.name),
  );
  if (new Set(names).size !== names.length) return refuse('has two variables of one name');
  // The tree leaves it out.
  if (variables.length > 0 && /\bcollate\b/i.test(source))
    return refuse('has variables and collations');
  visitStatement({ datums, expressions }, parts['action']);
  for (const { sql } of expressions) expressionIn(grammar, sql);
  return { variables, aliases, expressions };
}

const ODD = 'has a statement that is not followed';

const textOf = (value: unknown): string => (typeof value === 'string' ? value : refuse(ODD));

/** Those that PostgreSQL makes itself: FOUND, and what CASE compares. */
const isMade = (name: string): boolean => name === 'found' || /^__Case__Variable_\d+__$/.test(name);

/** Variables as the statements number them; null for what has no place in an expression. */
function datumsOf(
  datums: unknown,
  parameters: readonly string[],
  expressions: BodyExpression[],
): readonly (Datum | null)[] {
  return listOf(datums).map((datum, index) => {
    const [kind, found] = kindOf(datum);
    if (index < parameters.length) return { kind: 'parameter', number: index + 1 };
    // A type that is not PostgreSQL's own makes it a record for the grammar, which knows no types.
    // Others are what a query gives its rows to, and fields.
    if (kind !== 'PLpgSQL_var' && kind !== 'PLpgSQL_rec') return null;
    const variable = only(
      found,
      ['refname', 'dno', 'lineno', 'datatype', 'isconst', 'notnull', 'default_val'],
      ODD,
    );
    const name = textOf(variable['refname']);
    if (isMade(name)) return null;
    const type = only(kindOf(variable['datatype'])[1], ['typname'], ODD);
    if (variable['default_val'] !== undefined)
      expressions.push({
        sql: queryOf(variable['default_val'], EXPRESSION),
        target: { kind: 'variable', name },
      });
    return { kind: 'variable', name, type: textOf(type['typname']) };
  });
}

function datumAt(datums: readonly (Datum | null)[], index: unknown): Datum {
  const datum = datums[typeof index === 'number' ? index : 0];
  return datum ?? refuse(ODD);
}

/** How PL/pgSQL parses a text: as an expression, or as an assignment to a simple name. */
const EXPRESSION = 2;
const ASSIGNMENT = 3;

function queryOf(node: unknown, mode: number): string {
  const [kind, found] = kindOf(node);
  const { query, parseMode } = only(found, ['query', 'parseMode'], ODD);
  if (kind !== 'PLpgSQL_expr' || parseMode !== mode) return refuse(ODD);
  return textOf(query);
}

type Scope = {
  readonly datums: readonly (Datum | null)[];
  readonly expressions: BodyExpression[];
};

function visitAll(scope: Scope, statements: unknown): void {
  for (const statement of listOf(statements)) visitStatement(scope, statement);
}

function visitStatement(scope: Scope, statement: unknown): void {
  const [kind, found] = kindOf(statement);
  const visit = STATEMENTS[kind];
  if (visit === undefined) return refuse(REFUSED[kind] ?? ODD);
  visit(scope, found);
}

const REFUSED: Readonly<Record<string, string>> = {
  PLpgSQL_stmt_execsql: 'runs a query',
  PLpgSQL_stmt_perform: 'runs a query',
  PLpgSQL_stmt_fors: 'runs a query',
  PLpgSQL_stmt_dynexecute: 'runs a query that is made as text',
  PLpgSQL_stmt_raise: 'raises messages',
  PLpgSQL_stmt_fori: 'has a loop',
  PLpgSQL_stmt_while: 'has a loop',
  PLpgSQL_stmt_loop: 'has a loop',
  PLpgSQL_stmt_foreach_a: 'has a loop',
};

const STATEMENTS: Readonly<Record<string, (scope: Scope, node: unknown) => void>> = {
  PLpgSQL_stmt_block: (scope, node) => {
    if (isJson(node) && node['exceptions'] !== undefined) return refuse('catches exceptions');
    visitAll(scope, only(node, ['lineno', 'label', 'body'], ODD)['body']);
  },
  PLpgSQL_stmt_assign: visitAssignment,
  PLpgSQL_stmt_return: visitReturn,
  PLpgSQL_stmt_if: (scope, node) => {
    const parts = only(node, ['lineno', 'cond', 'then_body', 'elsif_list', 'else_body'], ODD);
    visitCondition(scope, parts['cond']);
    visitAll(scope, parts['then_body']);
    for (const one of listOf(parts['elsif_list'])) {
      const branch = only(kindOf(one)[1], ['lineno', 'cond', 'stmts'], ODD);
      visitCondition(scope, branch['cond']);
      visitAll(scope, branch['stmts']);
    }
    visitAll(scope, parts['else_body']);
  },
  PLpgSQL_stmt_case: visitCase,
};

function visitCondition({ expressions }: Scope, node: unknown): void {
  expressions.push({ sql: queryOf(node, EXPRESSION), target: { kind: 'condition' } });
}

/** The grammar leaves the target in the text: `x := 1`. */
function visitAssignment({ datums, expressions }: Scope, node: unknown): void {
  const { varno, expr } = only(node, ['lineno', 'varno', 'expr'], ODD);
  const target = /^\s*(?:"(?:[^"]|"")+"|\$\d+|[\w\u0080-\uffff]+)\s*:?=(?!=)([\s\S]*)$/.exec(
    queryOf(expr, ASSIGNMENT),
  );
  if (target === null) return refuse(ODD);
  expressions.push({ sql: target[1] ?? '', target: datumAt(datums, varno) });
}

function visitReturn({ datums, expressions }: Scope, node: unknown): void {
  const { expr, retvarno } = only(node, ['lineno', 'expr', 'retvarno'], ODD);
  if (expr !== undefined)
    expressions.push({ sql: queryOf(expr, EXPRESSION), target: { kind: 'result' } });
  if (typeof retvarno !== 'number') return;
  const datum = datumAt(datums, retvarno);
  const sql = datum.kind === 'variable' ? quoteIdent(datum.name) : `$${String(datum.number)}`;
  expressions.push({ sql, target: { kind: 'result' } });
}

/** `CASE x WHEN a, b` is `__Case__Variable_1__ IN (a, b)`, with the value of x in the variable. */
function visitCase(scope: Scope, node: unknown): void {
  const parts = only(
    node,
    ['lineno', 't_expr', 't_varno', 'case_when_list', 'have_else', 'else_stmts'],
    ODD,
  );
  const subject = parts['t_expr'] === undefined ? null : queryOf(parts['t_expr'], EXPRESSION);
  if (subject !== null) scope.expressions.push({ sql: subject, target: { kind: 'none' } });
  for (const one of listOf(parts['case_when_list'])) {
    const branch = only(kindOf(one)[1], ['lineno', 'expr', 'stmts'], ODD);
    const text = queryOf(branch['expr'], EXPRESSION);
    const compared = /^"__Case__Variable_\d+__"( IN \([\s\S]*)$/.exec(text)?.[1];
    if (subject !== null && (compared === undefined || compared.includes('__Case__Variable_')))
      return refuse(ODD);
    const sql = subject === null ? text : `(${subject}\n)${compared ?? ''}`;
    scope.expressions.push({ sql, target: { kind: 'condition' } });
    visitAll(scope, branch['stmts']);
  }
  visitAll(scope, parts['else_stmts']);
}

type Loose = {
  readonly types: Set<string>;
  readonly collations: Set<string>;
  hasUntyped: boolean;
};

function noteLoose(node: unknown, loose: Loose): void {
  if (Array.isArray(node)) for (const item of node) noteLoose(item, loose);
  if (!isJson(node)) return;
  for (const [key, value] of Object.entries(node)) {
    if (key === 'typeName') noteName(value, 'names', loose.types);
    if (key === 'CollateClause') noteName(value, 'collname', loose.collations);
    if (key === 'FuncCall' && isJson(value) && listOf(value['args']).some(isUntyped))
      loose.hasUntyped = true;
    noteLoose(value, loose);
  }
}

function isUntyped(argument: unknown): boolean {
  const constant = isJson(argument) ? argument['A_Const'] : null;
  return isJson(constant) && ('sval' in constant || 'isnull' in constant);
}

function noteName(node: unknown, key: string, names: Set<string>): void {
  const [name, ...others] = listOf(isJson(node) ? node[key] : null);
  const text = isJson(name) && isJson(name['String']) ? name['String']['sval'] : null;
  if (others.length === 0 && typeof text === 'string') names.add(text);
}
