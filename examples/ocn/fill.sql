-- Fills an empty shop: psql -v rows=1000 -f fill.sql. Every count follows from rows; payments are numbered 1 to rows.
INSERT INTO technicians (name) SELECT 'Technician ' || n FROM generate_series(1, 5) AS n;
INSERT INTO customers (name, phone, city, created_at)
SELECT 'Customer ' || n, '0812' || lpad(n::text, 8, '0'), (ARRAY['Bandung', 'Jakarta', 'Surabaya', 'Medan'])[1 + n % 4], now() - n * interval '1 hour'
FROM generate_series(1, greatest(:rows / 10, 1)) AS n;
INSERT INTO products (code, name, price) SELECT 'P-' || n, 'Product ' || n, 10000 * n FROM generate_series(1, 50) AS n;
INSERT INTO stock_moves (product_id, quantity, reason) SELECT id, 1000, 'opening' FROM products;
INSERT INTO invoices (number, customer_id, technician_id, state)
SELECT 'INV-' || n, 1 + n % greatest(:rows / 10, 1), 1 + n % 5, 'PAID' FROM generate_series(1, :rows) AS n;
INSERT INTO invoice_lines (invoice_id, product_id, quantity, price)
SELECT invoices.id, 1 + (invoices.id + line) % 50, line, 10000 FROM invoices, generate_series(1, 2) AS line;
INSERT INTO payments (number, invoice_id, amount) SELECT row_number() OVER (ORDER BY id), id, 30000 FROM invoices ORDER BY id;
ANALYZE;
