-- AlterTable
ALTER TABLE "run" ADD COLUMN "waiting_since" TIMESTAMPTZ(3);

-- Runs that wait already begin to be counted now.
UPDATE "run" SET "waiting_since" = clock_timestamp() WHERE "state" = 'waiting';
