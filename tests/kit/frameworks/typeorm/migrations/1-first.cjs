class First1700000000000 {
  async up(runner) {
    await runner.query("CREATE TABLE customers (id serial PRIMARY KEY, name varchar NOT NULL, note text)");
    await runner.query("CREATE TABLE orders (id serial PRIMARY KEY, total integer, customer_id integer REFERENCES customers)");
  }
  async down(runner) {
    await runner.query("DROP TABLE orders");
    await runner.query("DROP TABLE customers");
  }
}
module.exports = { First1700000000000 };
