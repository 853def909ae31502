-- AlterTable
ALTER TABLE "invoices" ADD COLUMN     "total" INTEGER NOT NULL DEFAULT 0;


-- What every invoice comes to, kept with it from now on
UPDATE "invoices" SET "total" = "sums"."total"
FROM (SELECT "invoice_id", sum("quantity" * "price")::INTEGER AS "total" FROM "invoice_lines" GROUP BY "invoice_id") AS "sums"
WHERE "invoices"."id" = "sums"."invoice_id";

-- Telephone numbers as the rest of the world writes them
UPDATE "customers" SET "phone" = '+62' || substr("phone", 2) WHERE "phone" LIKE '0%';
