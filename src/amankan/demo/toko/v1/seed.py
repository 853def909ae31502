"""Fills the shop with sample rows; whatever was there before is deleted first, as seeds do."""

import os

import psycopg

NAMES = ("Adi", "Bunga", "Citra", "Dewi", "Eko", "Fajar", "Gita", "Hadi", "Indah", "Joko")
SURNAMES = ("Santoso", "Lestari", "Wijaya", "Pratama")
TOWNS = ("Bandung", "Jakarta", "Surabaya", "Semarang", "Makassar")
ITEMS = ("Beras 5 kg", "Gula 1 kg", "Kopi 200 g", "Teh celup", "Minyak 2 L", "Sabun cuci", "Mi instan", "Susu 1 L")
INVOICES = 3000


def main() -> None:
    """The shop holds the sample, and nothing else."""
    with psycopg.connect(os.environ["DATABASE_URL"], application_name="seed") as session:
        for table in ("invoices", "customers", "items"):
            session.execute(f"DELETE FROM {table}")
        people = [(f"{name} {surname}", f"Jl. Melati {place + 1}, {TOWNS[place % len(TOWNS)]}") for place, (name, surname) in
                  enumerate((name, surname) for surname in SURNAMES for name in NAMES)]  # fmt: skip
        for place, (name, address) in enumerate(people):
            session.execute(
                "INSERT INTO customers (name, phone, address) VALUES (%s, %s, %s)", (name, f"+62 812 5550 {place:04}", address)
            )
        for place, name in enumerate(ITEMS):
            session.execute("INSERT INTO items (name, price, stock) VALUES (%s, %s, 100000)", (name, 4500 + 3500 * place))
        session.execute(
            "INSERT INTO invoices (number, customer_id, item_id, quantity, total, made)"
            " SELECT n, c.id, i.id, 1 + n %% 4, i.price * (1 + n %% 4), now() - (%s - n) * interval '3 hours'"
            " FROM generate_series(1, %s) n"
            " JOIN (SELECT id, row_number() OVER (ORDER BY id) AS place FROM customers) c ON c.place = 1 + n %% 40"
            " JOIN (SELECT id, price, row_number() OVER (ORDER BY id) AS place FROM items) i ON i.place = 1 + n %% 8",
            (INVOICES, INVOICES),
        )


if __name__ == "__main__":
    main()
