exports.seed = async (knex) => {
  await knex.raw("TRUNCATE customers, orders RESTART IDENTITY CASCADE");
  await knex("customers").insert([{ name: "sample" }]);
};
