"""The page of the shop."""

from html import escape
from pathlib import Path
from string import Template

import shop

RELEASE = Path(__file__).with_name("RELEASE").read_text().strip()


def page(summary: dict) -> str:
    """Return the page as HTML; nothing of what it shows can be read as markup."""
    cards = {
        "Customers": f"{summary['customers']:,}",
        "Pieces in stock": f"{summary['stock']:,}",
        "Invoices": f"{summary['invoices']:,}",
        "Takings": shop.rupiah(summary["takings"]),
    }
    return Template(Path(__file__).with_name("page.html").read_text(encoding="utf-8")).substitute(
        release=escape(RELEASE),
        cards="".join(f"<li><span>{escape(name)}</span><strong>{escape(value)}</strong></li>" for name, value in cards.items()),
        latest=table(summary["headings"], summary["latest"]),
        items=table(("Item", "Price", "Stock"), summary["items"]),
    )


def table(headings, rows) -> str:
    """Return a table as HTML."""
    head = "".join(f"<th>{escape(str(each))}</th>" for each in headings)
    body = "".join("<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
