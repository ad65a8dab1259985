-- CreateEnum
CREATE TYPE "RunState" AS ENUM ('draft', 'inviting', 'running', 'waiting', 'paused', 'completed', 'failed', 'aborted');

-- CreateEnum
CREATE TYPE "RoundState" AS ENUM ('planned', 'recruiting', 'training', 'aggregating', 'validating', 'closed', 'aborted');

-- CreateEnum
CREATE TYPE "ParticipationState" AS ENUM ('invited', 'accepted', 'declined', 'fetching', 'training', 'sending', 'submitted', 'evaluated', 'refused', 'missing');

-- CreateEnum
CREATE TYPE "ModelOrigin" AS ENUM ('initial', 'global', 'local');

-- CreateEnum
CREATE TYPE "Split" AS ENUM ('train', 'validation', 'test');

-- CreateEnum
CREATE TYPE "EvaluationState" AS ENUM ('asked', 'received', 'failed', 'missing');

-- CreateTable
CREATE TABLE "site" (
    "id" TEXT NOT NULL,
    "instance_id" TEXT NOT NULL,
    "start_count" BIGINT NOT NULL,
    "agent_version" TEXT NOT NULL,
    "back_ends" JSONB NOT NULL,
    "datasets" JSONB NOT NULL,
    "first_seen_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "last_seen_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "site_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "plan" (
    "hash" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "canonical" BYTEA NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "plan_pkey" PRIMARY KEY ("hash")
);

-- CreateTable
CREATE TABLE "run" (
    "id" UUID NOT NULL,
    "plan_hash" TEXT NOT NULL,
    "state" "RunState" NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 0,
    "initial_model_digest" TEXT NOT NULL,
    "invitation_deadline_at" TIMESTAMPTZ(3),
    "test_deadline_at" TIMESTAMPTZ(3),
    "reason" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "finished_at" TIMESTAMPTZ(3),

    CONSTRAINT "run_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "participant" (
    "run_id" UUID NOT NULL,
    "site_id" TEXT NOT NULL,
    "state" "ParticipationState" NOT NULL,
    "dataset_version" TEXT,
    "example_count" BIGINT,
    "decline_code" TEXT,
    "decline_reason" TEXT,
    "answered_at" TIMESTAMPTZ(3),
    "stop_told_at" TIMESTAMPTZ(3),

    CONSTRAINT "participant_pkey" PRIMARY KEY ("run_id","site_id")
);

-- CreateTable
CREATE TABLE "round" (
    "run_id" UUID NOT NULL,
    "number" INTEGER NOT NULL,
    "state" "RoundState" NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 0,
    "deadline_at" TIMESTAMPTZ(3),
    "base_model_digest" TEXT NOT NULL,
    "base_round" INTEGER NOT NULL,
    "candidate_digest" TEXT,
    "candidate_is_finite" BOOLEAN,
    "aborted_code" TEXT,
    "aborted_reason" TEXT,
    "started_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "closed_at" TIMESTAMPTZ(3),

    CONSTRAINT "round_pkey" PRIMARY KEY ("run_id","number")
);

-- CreateTable
CREATE TABLE "participation" (
    "run_id" UUID NOT NULL,
    "round" INTEGER NOT NULL,
    "site_id" TEXT NOT NULL,
    "state" "ParticipationState" NOT NULL,
    "base_model_digest" TEXT NOT NULL,
    "base_round" INTEGER NOT NULL,
    "refusal_code" TEXT,
    "stage" TEXT,
    "bytes_done" BIGINT NOT NULL DEFAULT 0,
    "bytes_total" BIGINT NOT NULL DEFAULT 0,
    "epoch" INTEGER NOT NULL DEFAULT 0,
    "epochs" INTEGER NOT NULL DEFAULT 0,
    "step" INTEGER NOT NULL DEFAULT 0,
    "steps" INTEGER NOT NULL DEFAULT 0,
    "loss" DOUBLE PRECISION,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "participation_pkey" PRIMARY KEY ("run_id","round","site_id")
);

-- CreateTable
CREATE TABLE "upload" (
    "run_id" UUID NOT NULL,
    "round" INTEGER NOT NULL,
    "site_id" TEXT NOT NULL,
    "manifest_digest" TEXT NOT NULL,
    "manifest" JSONB NOT NULL,
    "offered_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "upload_pkey" PRIMARY KEY ("run_id","round","site_id")
);

-- CreateTable
CREATE TABLE "site_update" (
    "run_id" UUID NOT NULL,
    "round" INTEGER NOT NULL,
    "site_id" TEXT NOT NULL,
    "update_id" TEXT NOT NULL,
    "manifest_digest" TEXT NOT NULL,
    "manifest" JSONB NOT NULL,
    "example_count" BIGINT NOT NULL,
    "local_steps" BIGINT NOT NULL,
    "base_model_digest" TEXT NOT NULL,
    "training_loss" DOUBLE PRECISION NOT NULL,
    "delta_norm" DOUBLE PRECISION NOT NULL,
    "audit_seq" BIGINT NOT NULL,
    "audit_leaf_hash" BYTEA NOT NULL,
    "received_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "site_update_pkey" PRIMARY KEY ("run_id","round","site_id")
);

-- CreateTable
CREATE TABLE "layout" (
    "digest" TEXT NOT NULL,
    "entries" JSONB NOT NULL,

    CONSTRAINT "layout_pkey" PRIMARY KEY ("digest")
);

-- CreateTable
CREATE TABLE "model" (
    "digest" TEXT NOT NULL,
    "layout_digest" TEXT NOT NULL,
    "bytes" BIGINT NOT NULL,
    "chunk_digests" TEXT[],

    CONSTRAINT "model_pkey" PRIMARY KEY ("digest")
);

-- CreateTable
CREATE TABLE "model_version" (
    "run_id" UUID NOT NULL,
    "round" INTEGER NOT NULL,
    "site_id" TEXT NOT NULL DEFAULT '',
    "origin" "ModelOrigin" NOT NULL,
    "digest" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "model_version_pkey" PRIMARY KEY ("run_id","round","site_id")
);

-- CreateTable
CREATE TABLE "evaluation" (
    "id" TEXT NOT NULL,
    "run_id" UUID NOT NULL,
    "round" INTEGER NOT NULL,
    "model_digest" TEXT NOT NULL,
    "site_id" TEXT NOT NULL,
    "split" "Split" NOT NULL,
    "dataset_version" TEXT NOT NULL,
    "state" "EvaluationState" NOT NULL DEFAULT 'asked',
    "statistics" JSONB,
    "failure_code" TEXT,
    "audit_seq" BIGINT,
    "audit_leaf_hash" BYTEA,
    "asked_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "received_at" TIMESTAMPTZ(3),

    CONSTRAINT "evaluation_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "audit_entry" (
    "seq" BIGINT NOT NULL,
    "bytes" BYTEA NOT NULL,
    "leaf_hash" BYTEA NOT NULL,

    CONSTRAINT "audit_entry_pkey" PRIMARY KEY ("seq")
);

-- CreateIndex
CREATE INDEX "run_state_idx" ON "run"("state");

-- CreateIndex
CREATE INDEX "participant_site_id_state_idx" ON "participant"("site_id", "state");

-- CreateIndex
CREATE INDEX "participation_site_id_state_idx" ON "participation"("site_id", "state");

-- CreateIndex
CREATE INDEX "participation_site_id_base_model_digest_idx" ON "participation"("site_id", "base_model_digest");

-- CreateIndex
CREATE INDEX "model_version_digest_idx" ON "model_version"("digest");

-- CreateIndex
CREATE INDEX "evaluation_run_id_round_idx" ON "evaluation"("run_id", "round");

-- CreateIndex
CREATE INDEX "evaluation_site_id_state_idx" ON "evaluation"("site_id", "state");

-- CreateIndex
CREATE INDEX "evaluation_site_id_model_digest_idx" ON "evaluation"("site_id", "model_digest");

-- AddForeignKey
ALTER TABLE "run" ADD CONSTRAINT "run_plan_hash_fkey" FOREIGN KEY ("plan_hash") REFERENCES "plan"("hash") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "participant" ADD CONSTRAINT "participant_run_id_fkey" FOREIGN KEY ("run_id") REFERENCES "run"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "round" ADD CONSTRAINT "round_run_id_fkey" FOREIGN KEY ("run_id") REFERENCES "run"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "participation" ADD CONSTRAINT "participation_run_id_round_fkey" FOREIGN KEY ("run_id", "round") REFERENCES "round"("run_id", "number") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "upload" ADD CONSTRAINT "upload_run_id_round_site_id_fkey" FOREIGN KEY ("run_id", "round", "site_id") REFERENCES "participation"("run_id", "round", "site_id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "site_update" ADD CONSTRAINT "site_update_run_id_round_site_id_fkey" FOREIGN KEY ("run_id", "round", "site_id") REFERENCES "participation"("run_id", "round", "site_id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "model" ADD CONSTRAINT "model_layout_digest_fkey" FOREIGN KEY ("layout_digest") REFERENCES "layout"("digest") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "model_version" ADD CONSTRAINT "model_version_run_id_fkey" FOREIGN KEY ("run_id") REFERENCES "run"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "model_version" ADD CONSTRAINT "model_version_digest_fkey" FOREIGN KEY ("digest") REFERENCES "model"("digest") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "evaluation" ADD CONSTRAINT "evaluation_run_id_fkey" FOREIGN KEY ("run_id") REFERENCES "run"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "evaluation" ADD CONSTRAINT "evaluation_model_digest_fkey" FOREIGN KEY ("model_digest") REFERENCES "model"("digest") ON DELETE RESTRICT ON UPDATE CASCADE;

