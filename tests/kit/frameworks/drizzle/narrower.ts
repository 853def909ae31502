// A unique column on a table with rows: a forced push truncates the table first.
import { integer, pgTable, serial, text } from "drizzle-orm/pg-core";

export const customers = pgTable("customers", {
  id: serial().primaryKey(),
  name: text().notNull(),
  note: text(),
  code: integer().notNull(),
});
export const orders = pgTable("orders", {
  id: serial().primaryKey(),
  total: integer().notNull(),
  customerId: integer().references(() => customers.id),
});
