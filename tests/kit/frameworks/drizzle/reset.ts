// What a seeding script of this tool does first: empty every table.
import { drizzle } from "drizzle-orm/node-postgres";
import pg from "pg";
import { customers, orders } from "./schema";

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL });
const database = drizzle(pool);

async function main() {
  await database.delete(orders);
  await database.delete(customers);
  await database.insert(customers).values({ name: "sample" });
}

main().finally(() => pool.end());
