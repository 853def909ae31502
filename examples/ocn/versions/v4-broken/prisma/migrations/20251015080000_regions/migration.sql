-- AlterTable
ALTER TABLE "technicians" ADD COLUMN     "region" TEXT NOT NULL DEFAULT '';

-- CreateEnum
CREATE TYPE "PaymentMethod" AS ENUM ('CASH', 'TRANSFER', 'CARD');

-- CreateIndex
CREATE INDEX "technicians_region_idx" ON "technicians"("region");
