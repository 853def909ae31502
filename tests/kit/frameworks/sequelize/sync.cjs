// sync({ force: true }) drops the tables first, truncate() empties them.
const { DataTypes, Sequelize } = require("sequelize");

const sequelize = new Sequelize(process.env.DATABASE_URL, { logging: false });
const Customer = sequelize.define("customer", { name: DataTypes.STRING }, { tableName: "customers", timestamps: false });

(process.argv[2] === "truncate" ? Customer.destroy({ truncate: true, cascade: true }) : sequelize.sync({ force: true }))
  .catch((fault) => {
    console.error(String(fault));
    process.exitCode = 1;
  })
  .finally(() => sequelize.close());
