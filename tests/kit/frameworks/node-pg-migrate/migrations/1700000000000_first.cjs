exports.up = (pgm) => {
  pgm.createTable("customers", { id: "id", name: "text" });
  pgm.createTable("orders", { id: "id", total: "integer", customer_id: { type: "integer", references: "customers" } });
};
exports.down = (pgm) => {
  pgm.dropTable("orders");
  pgm.dropTable("customers");
};
