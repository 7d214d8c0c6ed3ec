/** What a measure found, and how it is judged. */
import { type Summary, differenceOf, ratioOf, summarize } from './statistics.ts';

/** `at least 0.6`, `at most 1.5`. */
export type Bar = { readonly kind: 'at least' | 'at most'; readonly value: number };

export const atLeast = (value: number): Bar => ({ kind: 'at least', value });
export const atMost = (value: number): Bar => ({ kind: 'at most', value });

export type Figure = Summary & { readonly label: string; readonly unit: string };

export type Result = {
  readonly name: string;
  /** What imat is compared with, and imat itself; null where there is nothing to compare with. */
  readonly baseline: Figure | null;
  readonly imat: Figure;
  /**
   * What the bar applies to: imat / baseline where `comparedUnit` is `ratio`; else, in that unit,
   * imat - baseline or imat alone.
   */
  readonly compared: Summary;
  readonly comparedUnit: string;
  readonly bar: Bar | null;
  /** Null where there is no bar. */
  readonly ok: boolean | null;
  /** Peers, and what else is worth knowing. */
  readonly notes: readonly string[];
};

export type Series = { readonly label: string; readonly values: readonly number[] };

type Findings = {
  readonly name: string;
  readonly unit: string;
  readonly imat: Series;
  readonly bar?: Bar;
  readonly notes?: readonly string[];
};

/** imat / baseline. */
export function ratioResult(findings: Findings & { readonly baseline: Series }): Result {
  return judged(
    findings,
    findings.baseline,
    ratioOf(findings.imat.values, findings.baseline.values),
    'ratio',
  );
}

/** imat - baseline, in the unit of both. */
export function differenceResult(findings: Findings & { readonly baseline: Series }): Result {
  return judged(
    findings,
    findings.baseline,
    differenceOf(findings.imat.values, findings.baseline.values),
    findings.unit,
  );
}

/** imat alone. */
export function absoluteResult(findings: Findings): Result {
  return judged(findings, null, summarize(findings.imat.values), findings.unit);
}

function judged(
  findings: Findings,
  baseline: Series | null,
  compared: Summary,
  comparedUnit: string,
): Result {
  const { name, unit, imat, bar = null, notes = [] } = findings;
  const figure = ({ label, values }: Series): Figure => ({ label, unit, ...summarize(values) });
  const ok =
    bar === null
      ? null
      : bar.kind === 'at least'
        ? compared.median >= bar.value
        : compared.median <= bar.value;
  return {
    name,
    baseline: baseline === null ? null : figure(baseline),
    imat: figure(imat),
    compared,
    comparedUnit,
    bar,
    ok,
    notes,
  };
}
