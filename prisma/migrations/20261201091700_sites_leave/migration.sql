-- AlterEnum
ALTER TYPE "ParticipationState" ADD VALUE 'left';

-- AlterTable
ALTER TABLE "participant" ADD COLUMN "left_at" TIMESTAMPTZ(3);
ALTER TABLE "participant" ADD COLUMN "left_audit_seq" BIGINT;
ALTER TABLE "participant" ADD COLUMN "left_audit_leaf_hash" BYTEA;
