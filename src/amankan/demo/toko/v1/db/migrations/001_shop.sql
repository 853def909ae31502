CREATE TABLE customers (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    phone text NOT NULL,
    address text NOT NULL
);
CREATE TABLE items (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE,
    price numeric(12, 2) NOT NULL CHECK (price > 0),
    stock bigint NOT NULL
);
CREATE TABLE invoices (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    number bigint NOT NULL UNIQUE,
    customer_id bigint NOT NULL REFERENCES customers,
    item_id bigint NOT NULL REFERENCES items,
    quantity integer NOT NULL CHECK (quantity > 0),
    total numeric(14, 2) NOT NULL,
    made timestamptz NOT NULL DEFAULT now()
);
