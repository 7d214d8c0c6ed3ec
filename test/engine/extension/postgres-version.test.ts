/** Which of two versions of PostgreSQL is newer, as its programs print them. */
import { describe, expect, test } from 'vitest';
import { compareVersions } from '../../../engine/extension/postgres-version.ts';

/** Oldest first; each is what some build prints. */
const IN_ORDER = [
  '18devel',
  'PostgreSQL 18alpha1',
  'PostgreSQL 18beta1',
  '18beta2 (Debian 18~beta2-1.pgdg120+1)',
  'PostgreSQL 18beta10',
  '18rc1',
  'PostgreSQL 18.0',
  '18.6 (Ubuntu 18.6-1.pgdg24.04+1)',
  'PostgreSQL 18.18 (Debian 18.18-0+deb12u1)',
];

describe('two versions are compared by their numbers', () => {
  test.each(IN_ORDER.map((text, place) => [text, place] as const))('%s', (text, place) => {
    for (const [index, other] of IN_ORDER.entries())
      expect(compareVersions(other, text), other).toBe(
        index < place ? 'older' : index === place ? 'same' : 'newer',
      );
  });

  test('what a distributor appends does not count', () => {
    expect(compareVersions('PostgreSQL 15.18 (Debian 15.18-0+deb12u1)', '15.18')).toBe('same');
    expect(compareVersions('PostgreSQL 15.4.0 (EnterpriseDB)', '15.4')).toBe('same');
  });

  test('another major version is neither older nor newer', () => {
    expect(compareVersions('PostgreSQL 16.1', '15.18')).toBe('of another major version');
    expect(compareVersions('PostgreSQL 19devel', '18.1')).toBe('of another major version');
    expect(compareVersions('PostgreSQL 9.6.24', '15.18')).toBe('of another major version');
  });

  test.each(['', 'PostgreSQL', 'MariaDB 10.5', 'PostgreSQL 15', 'x15.1'])(
    '"%s" is no version',
    (text) => {
      expect(compareVersions(text, '15.18')).toBe('unknown');
      expect(compareVersions('15.18', text)).toBe('unknown');
    },
  );
});
