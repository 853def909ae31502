ALTER TABLE customers ADD COLUMN town text NOT NULL DEFAULT '';
UPDATE customers SET town = split_part(address, ', ', 2);
CREATE INDEX customers_by_town ON customers (town);
