/**
 * A random history in which time passes: sessions write, fold and keep transactions open, and each
 * compares imats with their definitions at its own now(), in one statement.
 */
import { expect } from 'vitest';
import { randomOf } from '../../../../tools/random.ts';
import type { Sandbox, Session } from '../../commands/support/sandbox.ts';
import { columnsOf, type Compared, differences } from './oracle.ts';

export type InTime = {
  readonly sandbox: Sandbox;
  readonly sessions: readonly Session[];
  /** The definitions of imats, by name. */
  readonly definitions: Readonly<Record<string, string>>;
  readonly writes: readonly ((n: number) => string)[];
  readonly steps: number;
  /** Called after each step. */
  readonly after?: () => Promise<void>;
};

export async function everySessionAtItsTime(
  { sandbox, sessions, definitions, writes, steps, after }: InTime,
  seed: number,
): Promise<void> {
  const random = randomOf(seed);
  const subjects: (Compared & { readonly name: string })[] = [];
  for (const [name, definition] of Object.entries(definitions)) {
    const relation = `imat.${name}`;
    const columns = await columnsOf(sandbox.db, relation);
    subjects.push({ name, relation, definition, columns, ambiguous: [] });
  }
  const open = new Set<Session>();
  for (let step = 0; step < steps; step++) {
    const session = random.pick(sessions);
    if (!open.has(session) && random.chance(0.4)) {
      const level = random.pick(['READ COMMITTED', 'REPEATABLE READ']);
      await session.db.execute(`BEGIN ISOLATION LEVEL ${level}`);
      await session.db.execute('SELECT now()');
      open.add(session);
    }
    // Only sessions without a snapshot of their own write: others would fail beside them.
    const writer = open.has(session) ? sandbox : session;
    await writer.sql(random.pick(writes)(random.below(10_000)));
    if (random.chance(0.3)) await sandbox.sql('SELECT pg_sleep(0.02)');
    if (random.chance(0.3))
      for (const { name } of subjects) if (random.chance(0.5)) await sandbox.imat.fold(name);
    await after?.();
    for (const reader of [session, sandbox])
      for (const subject of subjects)
        if (random.chance(0.5))
          expect(
            await differences(reader.db, subject),
            `${subject.relation} differs from its definition (step ${step})`,
          ).toEqual([]);
    if (open.has(session) && random.chance(0.4)) {
      await session.db.execute('COMMIT');
      open.delete(session);
    }
  }
  for (const session of open) await session.db.execute('COMMIT');
}
