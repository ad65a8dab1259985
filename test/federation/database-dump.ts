import pg from 'pg';

/** Rows of one query on a federation's database. */
export async function query<R extends pg.QueryResultRow>(databaseUrl: string, text: string, values: unknown[] = []) {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    return (await client.query<R>(text, values)).rows;
  } finally {
    await client.end();
  }
}

/** Every row of every table as text, bytes in hexadecimal; table -> dump. */
export async function dumpDatabase(databaseUrl: string): Promise<Map<string, string>> {
  const tables = await query<{ name: string }>(
    databaseUrl,
    `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
     WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1`,
  );
  const dump = new Map<string, string>();
  for (const { name } of tables) {
    const rows = await query<{ line: string }>(databaseUrl, `SELECT t::text AS line FROM ${name} t`);
    dump.set(name, rows.map(({ line }) => line).join('\n'));
  }
  return dump;
}
