// Repository.clear() truncates; DataSource.synchronize(true) drops everything first.
const source = require("./source.cjs");

source
  .initialize()
  .then(() => (process.argv[2] === "drop" ? source.synchronize(true) : source.getRepository("Order").clear()))
  .catch((fault) => {
    console.error(String(fault));
    process.exitCode = 1;
  })
  .finally(() => source.destroy());
