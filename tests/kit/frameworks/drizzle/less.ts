// The same, one column and one table less: a push would drop both.
import { pgTable, serial, text } from "drizzle-orm/pg-core";

export const customers = pgTable("customers", { id: serial().primaryKey(), name: text().notNull() });
