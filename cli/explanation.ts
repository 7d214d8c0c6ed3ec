import type { Explanation, StoreExplanation } from '../engine/api.ts';
import { table } from './output.ts';
import { indented, notesText, reasonsText } from './render.ts';

export function explanationText(explanation: Explanation): string {
  const { name, strategy, definition, sources, plan, stores, missingIndexes, reasons, notes } =
    explanation;
  const sections = [
    `${name}: strategy ${strategy}`,
    `Definition:\n${indented(definition.trimEnd())}`,
    table(
      [{ title: 'source' }, { title: 'logged columns' }],
      sources.map((source) => [source.relation, source.columns.join(', ')]),
    ),
  ];
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
      'Missing indexes, by which fewer rows would be read when touched keys are computed again:\n' +
        indented(missingIndexes.join('\n')),
    );
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
