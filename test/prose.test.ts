/** House style for texts: phrases that documentation, messages and comments must not contain. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Each phrase with what to write instead. */
const BANNED: readonly (readonly [phrase: RegExp, instead: string])[] = [
  [/\b(?:does|do|did) without\b/i, 'say what is missing, or "is optional"'],
  [/\bso many\b/i, 'name the number, or "this many"'],
  [/\bso long\b/i, 'name the time, or "this long"'],
  [/\ball of it\b/i, '"everything" or "the whole ..."'],
  [/\bfor ever\b/i, '"permanently"'],
  [/\b(?:is|are|was|were) over\b(?! \d)/i, '"has ended"'],
  [/\bexists? already\b/i, '"already exists"'],
  [/\bwhere need be\b/i, '"if necessary"'],
];

/** Generated files, recorded texts, and this list itself. */
const NOT_PROSE = /^(?:test\/|package-lock\.json|extension\/test\/|LICENSE)/;

const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], {
  cwd: ROOT,
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => /\.(?:md|ts|mjs|sql|c|h|ya?ml)$/.test(file) && !NOT_PROSE.test(file));

/** `file:line: text  (write ... instead)` for every banned phrase, also across a line break. */
function bannedIn(file: string): string[] {
  const lines = readFileSync(join(ROOT, file), 'utf8').split('\n');
  return lines.flatMap((line, index) => {
    const start = line.length;
    const joined = `${line} ${(lines[index + 1] ?? '').replace(/^\s*(?:\*|\/\/|--|#)?\s*/, '')}`;
    return BANNED.flatMap(([phrase, instead]) => {
      const found = phrase.exec(joined);
      return found === null || found.index >= start
        ? []
        : [`${file}:${index + 1}: ${found[0]} (write ${instead})`];
    });
  });
}

test('texts and comments contain no banned phrase', () => {
  expect(files.length).toBeGreaterThan(100);
  expect(files.flatMap(bannedIn)).toEqual([]);
});
