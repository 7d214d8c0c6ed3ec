/** Tables with exact numbers. */
import { html, type Markup, raw } from './markup.ts';

export type Column<T> = {
  readonly title: string;
  readonly of: (row: T) => string | number;
  /** Numbers are aligned to the right, times are never broken. */
  readonly kind?: 'number' | 'time';
};

/** A longer table is closed at first. */
const OPEN = 20;
const MOST = 5000;

export function table<T>(
  name: string,
  caption: string,
  columns: readonly Column<T>[],
  rows: readonly T[],
): Markup {
  if (rows.length === 0) return raw('');
  const shown = rows.slice(0, MOST);
  const header = html`<tr>${columns.map(
    (column) => html`<th class="${column.kind ?? ''}">${column.title}</th>`,
  )}</tr>`;
  const body = shown.map((row) => html`<tr>${columns.map((column) => cell(column, row))}</tr>\n`);
  const rest =
    rows.length > MOST
      ? html`<p class="quiet">The first ${MOST} of ${rows.length} rows.</p>`
      : raw('');
  return html`<details ${raw(rows.length <= OPEN ? 'open' : '')}>
<summary>${caption} (${rows.length} ${rows.length === 1 ? 'row' : 'rows'})</summary>
<div class="table">
<table data-table="${name}"><thead>${header}</thead><tbody>
${body}</tbody></table>
</div>${rest}
</details>`;
}

const cell = <T>({ kind, of }: Column<T>, row: T): Markup => {
  const value = of(row);
  if (typeof value === 'string' && kind === undefined) return html`<td><bdi>${value}</bdi></td>`;
  return html`<td class="${kind ?? ''}">${value}</td>`;
};
