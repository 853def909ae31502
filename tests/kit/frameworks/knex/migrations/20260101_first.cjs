exports.up = async (knex) => {
  await knex.schema.createTable("customers", (table) => {
    table.increments("id");
    table.string("name").notNullable();
  });
  await knex.schema.createTable("orders", (table) => {
    table.increments("id");
    table.integer("total").notNullable();
    table.integer("customer_id").references("customers.id");
  });
};
exports.down = async (knex) => {
  await knex.schema.dropTable("orders");
  await knex.schema.dropTable("customers");
};
