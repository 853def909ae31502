module.exports = {
  async up(queryInterface, Sequelize) {
    const id = { type: Sequelize.INTEGER, primaryKey: true, autoIncrement: true };
    await queryInterface.createTable("customers", { id, name: Sequelize.STRING });
    await queryInterface.createTable("orders", { id, total: Sequelize.INTEGER, customer_id: Sequelize.INTEGER });
  },
  async down(queryInterface) {
    await queryInterface.dropTable("orders");
    await queryInterface.dropTable("customers");
  },
};
