import { connect, ImatError } from 'imat';
import pg from 'pg';

const url = process.env.DATABASE_URL;
if (url === undefined) throw new Error('set DATABASE_URL');

const client = new pg.Client(url);
await client.connect();
await client.query(`
  CREATE SCHEMA node_api_example;
  CREATE TABLE node_api_example.orders (customer text, amount numeric(10, 2));
  INSERT INTO node_api_example.orders VALUES ('Ann', 10), ('Ann', 20), ('Bob', 5);
  CREATE MATERIALIZED VIEW node_api_example.revenue AS
    SELECT customer, sum(amount) AS revenue FROM node_api_example.orders GROUP BY customer`);

const imat = await connect(url);
try {
  const { relation, strategy } = await imat.convert('node_api_example.revenue');
  console.log(`${relation} uses the strategy ${strategy}`);

  await client.query('BEGIN');
  await client.query("INSERT INTO node_api_example.orders VALUES ('Bob', 7.50)");
  // The view includes the row above, although nothing has been committed or folded.
  const { rows } = await client.query(`SELECT * FROM ${relation} ORDER BY customer`);
  for (const { customer, revenue } of rows) console.log(`${customer}: ${revenue}`);
  await client.query('COMMIT');

  const [folded] = await imat.fold('revenue');
  console.log(`folded ${folded.rows} row`);

  const { results } = await imat.verify('revenue');
  console.log(results.every((result) => result.equal) ? 'equal to its definition' : 'different');
} catch (error) {
  // The category says whether the same call may succeed later; the code is in docs/errors.md.
  if (error instanceof ImatError) console.error(error.code, error.category, error.hint);
  throw error;
} finally {
  await imat.revert('revenue');
  await imat.close();
  await client.query('DROP SCHEMA node_api_example CASCADE');
  await client.end();
}
