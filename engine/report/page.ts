/**
 * The page of a report: data in, HTML out. It is complete in itself, and its policy makes a
 * browser refuse scripts and requests, whatever the names in a database may be.
 */
import type { GroupReport, ReportData } from '../accounting-api.ts';
import { roleSection, tableSection } from './changes.ts';
import { markTable, runSection, schemaSection, sequenceSection } from './events.ts';
import { count, firstName, html, lastName, type Markup, raw, time } from './markup.ts';
import { STYLE } from './style.ts';

const POLICY = "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'";

export function reportPage({ database, madeAt, groups }: ReportData): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Changes of ${database}</title>
<style>${raw(STYLE)}</style>
</head>
<body>
<h1>Changes of database <bdi>${database}</bdi></h1>
<p class="quiet">Read in one snapshot at ${time(madeAt)} UTC. All times are UTC.</p>
${groups.length > 1 ? contents(groups) : raw('')}
${groups.map(groupSection)}
</body>
</html>
`.markup;
}

const contents = (groups: readonly GroupReport[]): Markup =>
  html`<nav><ul>${groups.map(
    ({ group }, i) => html`<li><a href="#${anchor(i)}"><bdi>${group}</bdi></a></li>`,
  )}</ul></nav>`;

const anchor = (number: number): string => `group-${number + 1}`;

function groupSection(report: GroupReport, number: number): Markup {
  const { group, intervals, tables, sequences } = report;
  const empty = tables.length + sequences.length === 0;
  return html`<section>
<h2 id="${anchor(number)}">Group <bdi>${group}</bdi></h2>
${rangeText(report)}
${empty ? html`<p>No table or sequence was in the group in this range.</p>` : tableSection(report)}
${intervals.length === 0 ? html`<p>The range ends at the mark at which it begins.</p>` : raw('')}
${roleSection(report)}
${sequenceSection(report)}
${schemaSection(report)}
${runSection(report)}
${markTable(report)}
</section>
`;
}

function rangeText({ from, to, marks, intervals, owner, isCounting }: GroupReport): Markup {
  const single = intervals.reduce((sum, { joined }) => sum + joined, 0);
  const first = firstName(marks[0]?.name);
  const last = intervals.length === 0 ? first : lastName(intervals.at(-1)?.lastMark);
  const joined =
    single === intervals.length
      ? raw('')
      : html`<p class="quiet">The ${single} intervals between marks are joined to
${intervals.length}; the numbers of each are exact sums.</p>`;
  return html`<p>From <bdi>${first}</bdi> (${time(from.at)}) to <bdi>${last}</bdi>
(${time(to.at)}): ${count(single)} ${single === 1 ? 'interval' : 'intervals'} between marks.
Owner: <bdi>${owner}</bdi>.${isCounting ? '' : ' The group is stopped.'}</p>${joined}`;
}
