export { findPostgres, type PostgresBinaries } from './binaries.js';
export { type PostgresOptions, type PostgresServer, startPostgres } from './start-postgres.js';
