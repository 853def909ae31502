-- migrate:up
CREATE TABLE customers (id serial PRIMARY KEY, name text NOT NULL);
CREATE TABLE orders (id serial PRIMARY KEY, total integer, customer_id integer REFERENCES customers);

-- migrate:down
DROP TABLE orders;
DROP TABLE customers;
