import { createRequire } from "node:module";
import { PrismaPg } from "@prisma/adapter-pg";
import { defineConfig } from "prisma/config";

// The schema engine reads the catalogue, whose types "char" (18) and name (19) the adapter does not know: both are text (25).
const Result = createRequire(import.meta.url)("pg/lib/result");
const addFields = Result.prototype.addFields;
Result.prototype.addFields = function (fields: { dataTypeID: number }[]) {
  for (const field of fields) {
    if (field.dataTypeID === 18 || field.dataTypeID === 19) field.dataTypeID = 25;
  }
  return addFields.call(this, fields);
};

// The engine waits ten seconds at most for its lock, and leaves that timer behind when it has the lock.
// It may ring as long as there is work, but nobody need wait for it.
const setTimer = globalThis.setTimeout;
globalThis.setTimeout = ((then: () => void, wait?: number, ...more: []) => {
  const timer = setTimer(then, wait, ...more);
  return wait === 10_000 ? timer.unref() : timer;
}) as typeof setTimeout;

export default defineConfig({
  schema: "prisma/schema.prisma",
  migrations: { path: "prisma/migrations", seed: "npm run db:seed" },
  experimental: { adapter: true },
  engine: "js",
  adapter: async () => new PrismaPg({ connectionString: process.env.DATABASE_URL, allowExitOnIdle: true }),
});
