import { defineConfig } from 'prisma/config';

const shadow = process.env.SHADOW_DATABASE_URL;

/** For Prisma's CLI in development. The coordinator applies the migrations itself and never reads this. */
export default defineConfig({
  schema: 'schema.prisma',
  migrations: { path: 'migrations' },
  datasource: {
    url: process.env.DATABASE_URL ?? 'postgresql://127.0.0.1/none',
    ...(shadow === undefined ? {} : { shadowDatabaseUrl: shadow }),
  },
});
