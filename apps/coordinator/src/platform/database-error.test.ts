import { ConsiliumError } from '@consilium/errors';
import { expect, it } from 'vitest';
import { withDatabaseErrors } from './database-error.js';

/** As Prisma reports what its driver adapter has thrown. */
function reported(code: string, cause: object): Error {
  return Object.assign(new Error('a sentence'), { code, meta: { driverAdapterError: { cause } } });
}

it.each([
  ['the server stops', reported('P2039', { kind: 'postgres', originalCode: '57P01' })],
  ['the server starts, in a raw query', reported('P2010', { kind: 'postgres', originalCode: '57P03' })],
  ['the server starts, from the driver itself', Object.assign(new Error('starting up'), { code: '57P03' })],
  ['a deadlock', reported('P2034', { kind: 'TransactionWriteConflict', originalCode: '40P01' })],
  ['nobody listens', reported('P2010', { kind: 'DatabaseNotReachable' })],
])('says that the database is away when %s', (_, error) => {
  expect(withDatabaseErrors(error)).toMatchObject({ code: 'DATABASE_UNAVAILABLE', cause: error });
});

it('leaves every other error as it is', () => {
  for (const error of [
    reported('P2039', { kind: 'postgres', originalCode: '22021' }),
    reported('P2002', { kind: 'UniqueConstraintViolation', originalCode: '23505' }),
    new ConsiliumError('UPDATE_LATE'),
    'a text',
  ])
    expect(withDatabaseErrors(error)).toBe(error);
});
