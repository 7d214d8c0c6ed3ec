import { test } from 'vitest';
import { createImat } from '../../../engine/index.ts';
import { useDatabase } from '../../setup/database.ts';
const database = useDatabase();
test('t', async () => {
  const user = await database.connect();
  const session = await database.connect();
  const imat = createImat(session);
  await user.execute('SET search_path = public; CREATE TABLE t (k text, x numeric, y int, id int primary key); CREATE TABLE u (id int primary key, n text)');
  for (let i = 0; i < 5; i++) {
    let t0 = performance.now();
    await user.execute(`CREATE MATERIALIZED VIEW m${i} AS SELECT k, sum(x), avg(x), stddev(x) FROM t JOIN u USING (id) GROUP BY k`);
    const r = await imat.convert(`m${i}`);
    let t1 = performance.now();
    await user.execute('INSERT INTO t VALUES (\'a\', 1.5, 3, ' + i + '); INSERT INTO u VALUES (' + i + ', \'b\')');
    await user.query(`SELECT * FROM imat.m${i}`);
    let t2 = performance.now();
    await imat.fold(`m${i}`);
    let t3 = performance.now();
    await imat.revert(`m${i}`);
    console.log(r.strategy, 'convert', t1 - t0, 'write+read', t2 - t1, 'fold', t3 - t2, 'revert', performance.now() - t3);
  }
});
