exports.up = (knex) => knex.schema.alterTable("customers", (table) => table.string("note"));
exports.down = (knex) => knex.schema.alterTable("customers", (table) => table.dropColumn("note"));
