module.exports = {
  async up(queryInterface) {
    await queryInterface.bulkDelete("orders", null, {});
    await queryInterface.bulkDelete("customers", null, {});
    await queryInterface.bulkInsert("customers", [{ name: "sample" }]);
  },
  async down(queryInterface) {
    await queryInterface.bulkDelete("customers", null, {});
  },
};
