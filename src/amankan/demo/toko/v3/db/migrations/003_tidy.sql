-- "Nobody telephones any more, and old invoices only make the page slow."
ALTER TABLE customers DROP COLUMN phone;
DELETE FROM invoices WHERE made < now() - interval '300 days';
