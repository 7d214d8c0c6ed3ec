import type { Explanation } from '../engine/api.ts';
import type { Costs, StoreExplanation } from '../engine/explanation-api.ts';
import { bytes, count, counted, table } from './output.ts';
import { indented, notesText, reasonsText } from './render.ts';

export function explanationText(explanation: Explanation): string {
  const { name, strategy, definition, sources, plan, stores, missingIndexes, reasons, notes } =
    explanation;
  const sections = [
    `${name}: strategy ${strategy}`,
    `Definition:\n${indented(definition.trimEnd())}`,
  ];
  // A swap logs a mark for each statement, and no columns.
  const columns = `${strategy === 'swap' ? 'read' : 'logged'} columns`;
  if (sources.length > 0)
    sections.push(
      table(
        [{ title: 'source' }, { title: columns }],
        sources.map((source) => [source.relation, source.columns.join(', ')]),
      ),
    );
  if (plan.length > 0) {
    const rows = plan.map((step) => [
      `${'  '.repeat(step.depth)}${step.clause}`,
      step.rule,
      step.stored,
    ]);
    sections.push(table([{ title: 'plan' }, { title: 'rule' }, { title: 'stored' }], rows));
  }
  const isPlain = explanation.residual === null && stores.every(({ rule }) => rule === 'add');
  if (!isPlain) sections.push(...stores.map(storeText));
  if (explanation.residual !== null)
    sections.push(
      `Residual, the query over the stores that is computed when it is read:\n` +
        indented(explanation.residual),
    );
  if (missingIndexes.length > 0)
    sections.push(
      'Missing indexes, by which fewer rows would be read after a change:\n' +
        indented(missingIndexes.join('\n')),
    );
  sections.push(costsText(explanation));
  if (reasons.length > 0) sections.push(reasonsText(strategy, reasons, definition));
  if (notes.length > 0) sections.push(notesText(notes));
  return sections.join('\n\n');
}

function storeText({ name, rule, clause, key, tables }: StoreExplanation): string {
  const head = `${name}: ${clause}, rule ${rule}`;
  if (key === null) return head;
  const rows = tables.map(({ relation, alias, effect, holdsKey, through, indexes }) => [
    relation,
    alias,
    effect,
    holdsKey ? 'yes' : 'no',
    through.join(', '),
    indexes.map(({ column, present }) => `${column}${present ? '' : ' (missing)'}`).join(', '),
  ]);
  const titles = ['table', 'alias', 'one change', 'has the key', 'through', 'indexes'];
  return `${head}\n${table(
    titles.map((title) => ({ title })),
    rows,
  )}`;
}

function costsText({ costs, noCosts }: Explanation): string {
  if (costs === null) return `Predicted costs: unknown. ${noCosts ?? ''}`.trimEnd();
  const { definition, rows, read, sources } = costs;
  const [first] = sources;
  const cost = (value: number): string => costText(value, costs);
  const head =
    `Predicted costs, in units of PostgreSQL's planner and as a share of the definition's:\n` +
    `  definition: ${planCost(definition)}, giving ${counted(rows, 'row')}\n` +
    `  read of all rows while nothing is pending: ${cost(read)}`;
  if (first === undefined) return head;
  const pending = first.reads.filter((one) => one.pending > 0);
  const titles = [
    'changes of',
    'log',
    'fold of 1 % of its rows',
    ...pending.map((one) => `read with ${count(one.pending)} pending`),
  ];
  const lines = sources.map(({ relation, write, fold, reads }) => [
    relation,
    `${bytes(write.bytes)} per ${write.per}`,
    `${counted(fold.rows, 'row')}: ${cost(fold.cost)}`,
    ...reads.filter((one) => one.pending > 0).map((one) => cost(one.cost)),
  ]);
  const columns = titles.map((title) => ({ title }));
  return `${head}\n${table(columns, lines)}`;
}

/** `8.64 (0.2 %)` */
function costText(cost: number, { definition }: Costs): string {
  const percent = definition === 0 ? 100 : (cost / definition) * 100;
  const least = percent > 0 && percent < 0.1;
  const share = least ? '< 0.1' : percent < 10 ? percent.toFixed(1) : count(Math.round(percent));
  return `${planCost(cost)} (${share} %)`;
}

const planCost = (cost: number): string => (cost < 100 ? cost.toFixed(2) : count(Math.round(cost)));

/**
 * The plan as comments, then all statements, each below a comment that states its purpose and
 * each terminated, so that psql can run the whole text.
 */
export function explanationSql({ plan, sql }: Explanation): string {
  const tree = plan.map(({ depth, clause, rule, stored }) =>
    comment(`${'  '.repeat(depth)}${clause}: ${rule}, stores ${stored}`),
  );
  const statements = sql.map(
    (statement) => `${comment(statement.label)}\n${ended(statement.sql.trimEnd())}`,
  );
  return [tree.join('\n'), ...statements].join('\n\n');
}

const comment = (text: string): string => `-- ${text.replace(/\s*\n\s*/g, ' ')}`;

/** A semicolon on the same line as a final line comment would be part of the comment. */
function ended(statement: string): string {
  if (statement.endsWith(';')) return statement;
  const lastLine = statement.slice(statement.lastIndexOf('\n') + 1);
  return lastLine.includes('--') ? `${statement}\n;` : `${statement};`;
}
