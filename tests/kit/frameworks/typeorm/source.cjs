const { DataSource, EntitySchema } = require("typeorm");

const columns = { id: { type: Number, primary: true, generated: true }, name: { type: String } };
// The entity knows no column "note": a synchronization drops it.
const Customer = new EntitySchema({ name: "Customer", tableName: "customers", columns });
const total = { type: Number, nullable: true };
const Order = new EntitySchema({ name: "Order", tableName: "orders", columns: { id: columns.id, total } });

module.exports = new DataSource({
  type: "postgres",
  url: process.env.DATABASE_URL,
  entities: [Customer, Order],
  migrations: ["./migrations/*.cjs"],
});
