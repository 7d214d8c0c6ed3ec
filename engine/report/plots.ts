/** The plots of a report as SVG. All plots over time have the same width, margins and axis. */
import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import type { GroupReport } from '../accounting-api.ts';
import { count, firstName, lastName, type Markup, raw, short, time, visible } from './markup.ts';

const WIDTH = 960;
const LEFT = 180;
const RIGHT = 20;
const LABEL = 22;
/** More lines or labels would cover each other. */
const MOST_LINES = 150;
const MOST_ROWS = 24;
const MOST_LABELS = 16;
const ROW = 22;
/** Below an axis of time, whose labels have two lines. */
const TWO_LINES = 40;

/** A part of a bar: of an interval, or of a role. */
export type Part = {
  readonly interval: number;
  readonly value: number;
  readonly colour: string;
  readonly title: string;
};

/** A point or a stretch of time in a row of its own. */
export type Event = {
  /** Which row: rows with equal labels stay apart. */
  readonly key: string;
  readonly label: string;
  readonly from: number;
  readonly to: number;
  readonly colour: string;
  /** What stands at its end, over the line: a dot for a point, a cross for a failure. */
  readonly end: 'dot' | 'cross' | null;
  readonly title: string;
};

type Times = Pick<GroupReport, 'from' | 'to' | 'intervals' | 'marks' | 'schemaChanges'>;

// The DOM that the library draws into; it is never shown.
const { document } = parseHTML('<!doctype html><html><body></body></html>');

function drawn(label: string, options: Plot.PlotOptions): Markup {
  const plot = Plot.plot({
    document,
    width: WIDTH,
    marginLeft: LEFT,
    marginRight: RIGHT,
    color: { type: 'identity' },
    style: { fontSize: '12px' },
    ...options,
  });
  plot.setAttribute('role', 'img');
  plot.setAttribute('aria-label', label);
  return raw(`<div class="plot">${plot.outerHTML}</div>`);
}

/** A range without a width has no place for a bar. */
function timeAxis({ from, to }: Times): Plot.ScaleOptions {
  return {
    type: 'utc',
    domain: [from.ms, to.ms > from.ms ? to.ms : from.ms + 1000],
    clamp: true,
    // The page says that times are UTC; there is no place for it beside the last label.
    label: null,
  };
}

const numbers: Plot.ScaleOptions = { grid: true, nice: true, tickFormat: count, ticks: 5 };

const STACKED = { z: 'colour', fill: 'colour', title: 'title' } as const;

/** What changed in each interval, from its first to its last moment. */
export function overTime(times: Times, parts: readonly Part[], label: string): Markup {
  const bars = parts.map((part) => ({
    ...part,
    from: times.intervals[part.interval]?.from.ms ?? 0,
    to: times.intervals[part.interval]?.to.ms ?? 0,
  }));
  const stops = times.marks.flatMap((mark, i) =>
    mark.isStop ? [{ from: mark.ms, to: times.marks[i + 1]?.ms ?? times.to.ms }] : [],
  );
  const marks = times.marks.length <= MOST_LINES ? times.marks : [];
  const schema = times.schemaChanges.slice(0, MOST_LINES);
  return drawn(label, {
    height: 270,
    marginBottom: TWO_LINES,
    x: timeAxis(times),
    y: { ...numbers, label },
    marks: [
      Plot.rect(stops, { x1: 'from', x2: 'to', fill: 'var(--stop)' }),
      Plot.ruleX(marks, { x: 'ms', stroke: 'var(--mark)', strokeDasharray: '1,3' }),
      Plot.rectY(bars, {
        ...STACKED,
        x1: 'from',
        x2: 'to',
        y: 'value',
        // An interval too short for a width shows as a line.
        stroke: 'colour',
        insetLeft: 0.5,
        insetRight: 0.5,
      }),
      Plot.ruleX(schema, { x: 'ms', stroke: 'var(--schema)', strokeDasharray: '5,3' }),
      Plot.ruleY([0]),
    ],
  });
}

/** The same, each interval as wide as the others, with the names of marks. */
export function overMarks(times: Times, parts: readonly Part[], label: string): Markup {
  const { intervals } = times;
  const step = Math.ceil(intervals.length / MOST_LABELS);
  return drawn(label, {
    height: 290,
    marginBottom: 90,
    x: { type: 'band', domain: intervals.map((_, i) => i), padding: 0.15, label: null },
    y: { ...numbers, label },
    marks: [
      Plot.axisX({
        ticks: intervals.flatMap((_, i) => (i % step === 0 ? [i] : [])),
        tickFormat: (i: number) => short(firstName(intervals[i]?.firstMark), 15),
        tickRotate: -35,
        label: null,
      }),
      Plot.barY(parts, { ...STACKED, x: 'interval', y: 'value' }),
      Plot.ruleY([0]),
    ],
  });
}

/** One bar a row, with the greatest first. */
export function bars(
  rows: readonly { readonly label: string; readonly parts: readonly Omit<Part, 'interval'>[] }[],
  label: string,
): Markup {
  const shown = rows.slice(0, MOST_ROWS);
  const parts = shown.flatMap((row, i) => row.parts.map((part) => ({ ...part, row: i })));
  return drawn(label, {
    height: 60 + shown.length * ROW,
    x: { ...numbers, label: null },
    y: rowAxis(shown.map((row) => row.label)),
    marks: [Plot.barX(parts, { ...STACKED, y: 'row', x: 'value' }), Plot.ruleX([0])],
  });
}

/** Events in rows over the same time as `overTime`. */
export function events(times: Times, all: readonly Event[], label: string): Markup {
  const rows = busiest(all);
  const places = new Map(rows.map(({ key }, i) => [key, i]));
  const shown = all.flatMap((event) => {
    const place = places.get(event.key);
    return place === undefined ? [] : [{ ...event, place }];
  });
  return drawn(label, {
    height: 60 + rows.length * ROW,
    marginBottom: TWO_LINES,
    x: { ...timeAxis(times), grid: true },
    y: rowAxis(rows.map((row) => row.label)),
    marks: [
      Plot.ruleY(shown, {
        y: 'place',
        x1: 'from',
        x2: 'to',
        stroke: 'colour',
        // A line that leads to a dot is thin.
        strokeWidth: ({ end }: Event) => (end === 'dot' ? 3 : 8),
        strokeLinecap: 'round',
        title: 'title',
      }),
      Plot.dot(
        shown.filter(({ end }) => end === 'dot'),
        { x: 'to', y: 'place', fill: 'colour', r: 5, title: 'title' },
      ),
      Plot.dot(
        shown.filter(({ end }) => end === 'cross'),
        { x: 'to', y: 'place', symbol: 'times', stroke: 'var(--failed)', strokeWidth: 2, r: 5 },
      ),
    ],
  });
}

/** One event of each row that a plot has room for, in their own order. */
function busiest(all: readonly Event[]): Event[] {
  const rows = new Map<string, { readonly event: Event; number: number }>();
  for (const event of all) {
    const row = rows.get(event.key);
    if (row === undefined) rows.set(event.key, { event, number: 1 });
    else row.number += 1;
  }
  const numbers = [...rows.values()].map(({ number }) => number).toSorted((a, b) => b - a);
  const least = numbers[MOST_ROWS - 1] ?? 0;
  return [...rows.values()]
    .filter(({ number }) => number >= least)
    .map(({ event }) => event)
    .slice(0, MOST_ROWS);
}

function rowAxis(labels: readonly string[]): Plot.ScaleOptions {
  return {
    type: 'band',
    domain: labels.map((_, i) => i),
    padding: 0.25,
    label: null,
    tickSize: 0,
    tickFormat: (i: number) => short(labels[i] ?? '', LABEL),
  };
}

/** The text that a browser shows when the pointer rests on a bar. */
export const title = (interval: GroupReport['intervals'][number], text: string): string =>
  [
    text,
    `${firstName(interval.firstMark)} to ${lastName(interval.lastMark)}`,
    `${time(interval.from.at)} to ${time(interval.to.at)}`,
  ]
    .map(visible)
    .join('\n');
