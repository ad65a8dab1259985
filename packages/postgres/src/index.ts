export { findPostgres, type PostgresBinaries } from './binaries.js';
export {
  deletePostgres,
  type PostgresOptions,
  type PostgresServer,
  startPostgres,
  stopPostgres,
} from './start-postgres.js';
