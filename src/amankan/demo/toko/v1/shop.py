"""What the shop knows and does, in SQL."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """An invoice to be written: its number, the places of a customer and an item in the lists, and how many."""

    number: int
    customer: int
    item: int
    quantity: int


def sell(session, wanted: Wanted) -> int:
    """The invoice is there, once, and its goods are out of stock; returns its number."""
    made = session.execute(
        "INSERT INTO invoices (number, customer_id, item_id, quantity, total)"
        " SELECT %s, c.id, i.id, %s, i.price * %s FROM"
        " (SELECT id FROM customers ORDER BY id OFFSET %s %% (SELECT count(*) FROM customers) LIMIT 1) c,"
        " (SELECT id, price FROM items ORDER BY id OFFSET %s %% (SELECT count(*) FROM items) LIMIT 1) i"
        " ON CONFLICT (number) DO NOTHING RETURNING item_id",
        (wanted.number, wanted.quantity, wanted.quantity, wanted.customer, wanted.item),
    ).fetchone()
    if made is not None:
        session.execute("UPDATE items SET stock = stock - %s WHERE id = %s", (wanted.quantity, made[0]))
    elif count(session, wanted.number) == 0:
        raise LookupError("nothing to sell, or nobody to sell it to")
    return wanted.number


def count(session, number: int | None = None) -> int:
    """Return how many invoices there are, or how many have this number."""
    row = session.execute("SELECT count(*) FROM invoices WHERE %s::bigint IS NULL OR number = %s", (number, number)).fetchone()
    return int(row[0])


def summary(session) -> dict:
    """Return what the page shows."""
    one = session.execute(
        "SELECT (SELECT count(*) FROM customers), (SELECT sum(stock) FROM items),"
        " (SELECT count(*) FROM invoices), (SELECT coalesce(sum(total), 0) FROM invoices)"
    ).fetchone()
    latest = session.execute(
        "SELECT v.number, c.name, i.name, v.quantity, v.total FROM invoices v JOIN customers c ON c.id = v.customer_id"
        " JOIN items i ON i.id = v.item_id ORDER BY v.id DESC LIMIT 8"
    ).fetchall()
    stock = session.execute("SELECT name, price, stock FROM items ORDER BY name LIMIT 12").fetchall()
    return {
        "customers": one[0],
        "stock": one[1] or 0,
        "invoices": one[2],
        "takings": one[3],
        "headings": ("Number", "Customer", "Item", "Pieces", "Total"),
        "latest": [(f"#{number}", name, item, pieces, rupiah(total)) for number, name, item, pieces, total in latest],
        "items": [(name, rupiah(price), pieces) for name, price, pieces in stock],
    }


def rupiah(amount) -> str:
    """Return an amount as it is written in Indonesia."""
    return "Rp " + f"{int(amount):,}".replace(",", ".")
