// As the manual shows it: first delete everything, then insert the samples.
exports.seed = async (knex) => {
  await knex("orders").del();
  await knex("customers").del();
  await knex("customers").insert([{ name: "sample" }]);
};
