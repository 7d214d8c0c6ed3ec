/** Versions of PostgreSQL as its programs print them, and which of two is newer. */

/** The parts in the order in which they count. */
type Version = { readonly major: number; readonly stage: number; readonly number: number };

/** In the order in which they appear; all are older than the first release, which is `.0`. */
const STAGES = ['devel', 'alpha', 'beta', 'rc', '.'];

export type Relation = 'older' | 'same' | 'newer' | 'of another major version' | 'unknown';

/**
 * How the first version is related to the second. A text is what `SHOW server_version` or
 * `pg_config --version` gives, such as "15.18 (Debian 15.18-0+deb12u1)", "PostgreSQL 18beta1" or
 * "19devel"; what a distributor appends does not count. Builds of one development version cannot be
 * told apart: they count as the same.
 */
export function compareVersions(one: string, other: string): Relation {
  const [first, second] = [parse(one), parse(other)];
  if (first === null || second === null) return 'unknown';
  if (first.major !== second.major) return 'of another major version';
  const difference = first.stage - second.stage || first.number - second.number;
  return difference === 0 ? 'same' : difference < 0 ? 'older' : 'newer';
}

/** Null where a text does not start with a version. */
function parse(text: string): Version | null {
  const [, major, stage, number] =
    /^(?:PostgreSQL )?(\d+)(\.|devel|alpha|beta|rc)(\d*)/.exec(text) ?? [];
  if (major === undefined || stage === undefined) return null;
  return { major: Number(major), stage: STAGES.indexOf(stage), number: Number(number) };
}
