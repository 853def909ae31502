import { PrismaPg } from "@prisma/adapter-pg";
import { defineConfig } from "prisma/config";
import { createRequire } from "node:module";

// The JavaScript engine stumbles over the column types "char" (18) and name (19): read them as text (25).
const Result = createRequire(import.meta.url)("pg/lib/result");
const addFields = Result.prototype.addFields;
Result.prototype.addFields = function (fields) {
  for (const field of fields) {
    if (field.dataTypeID === 18 || field.dataTypeID === 19) field.dataTypeID = 25;
  }
  return addFields.call(this, fields);
};

export default defineConfig({
  experimental: { adapter: true },
  engine: "js",
  schema: "prisma/schema.prisma",
  migrations: { path: "prisma/migrations", seed: "tsx seed.ts" },
  adapter: async () => new PrismaPg({ connectionString: process.env.DATABASE_URL }),
});
