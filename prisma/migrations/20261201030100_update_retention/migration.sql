-- When the retention rule gave up an update's chunks, and when they were deleted: between the two a crash may come.
ALTER TABLE "site_update"
  ADD COLUMN "given_up_at" TIMESTAMPTZ(3),
  ADD COLUMN "deleted_at" TIMESTAMPTZ(3);

CREATE INDEX "site_update_given_up_at_deleted_at_idx" ON "site_update" ("given_up_at", "deleted_at");
