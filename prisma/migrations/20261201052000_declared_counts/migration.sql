-- AlterTable
ALTER TABLE "participant" ADD COLUMN "validation_count" INTEGER;
ALTER TABLE "participant" ADD COLUMN "test_count" INTEGER;
