-- AlterTable
ALTER TABLE "evaluation" ADD COLUMN "score_edges_digest" TEXT;

-- CreateTable
CREATE TABLE "score_edges" (
    "digest" TEXT NOT NULL,
    "edges" JSONB NOT NULL,

    CONSTRAINT "score_edges_pkey" PRIMARY KEY ("digest")
);

-- AddForeignKey
ALTER TABLE "evaluation" ADD CONSTRAINT "evaluation_score_edges_digest_fkey" FOREIGN KEY ("score_edges_digest") REFERENCES "score_edges"("digest") ON DELETE RESTRICT ON UPDATE CASCADE;
