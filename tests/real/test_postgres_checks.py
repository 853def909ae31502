"""Questions of the user's are answered, rows are counted, and neither can change anything."""

from __future__ import annotations

import pytest
from tests.kit.postgres.engines import app_server
from tests.kit.postgres.server import Server

from amankan.adapters.engines.postgres.address import Address, parse_address
from amankan.adapters.engines.postgres.checks import answer_of, count_rows
from amankan.errors import EngineFailed
from amankan.model.secret import Secret

pytestmark = pytest.mark.real


def address_of(url: str) -> Address:
    """Return the address of a URL."""
    return parse_address(Secret(url))


def test_rows_are_counted_by_the_label_of_their_table(postgres: Server) -> None:
    """Every table of the app is counted, exactly, and no other."""
    with app_server(postgres) as app, postgres.connect(app.live) as session:
        session.execute('create table "Order line" as select generate_series(1, 7)')
        found = count_rows(address_of(postgres.url(app.live)))
        assert 7 == found['public."Order line"']
        assert session.execute("select count(*) from customers").fetchone() == (found["public.customers"],)
        assert {"public"} == {name.partition(".")[0] for name in found}


@pytest.mark.parametrize(
    "question",
    [
        "delete from customers returning true",
        "select true; delete from customers",
        "commit",
        "set transaction read write",
        "select set_config('transaction_read_only', 'off', true) is null or null",
        "select true from generate_series(1, 2)",
        "select true where false",
        "select true, true",
        "select",
        "do $$ begin delete from customers; end $$",
    ],
)
def test_a_question_can_only_read(postgres: Server, question: str) -> None:
    """What would write, what is no single statement and what has no single answer is refused; every row is left."""
    with app_server(postgres) as app:
        before = count_rows(address_of(postgres.url(app.live)))
        with pytest.raises(EngineFailed):
            answer_of(address_of(postgres.url(app.live)), question)
        assert before == count_rows(address_of(postgres.url(app.live)))


def test_a_question_means_what_it_means_to_the_app(postgres: Server) -> None:
    """A table is found without its schema, as the app's role finds it."""
    role = postgres.role()
    with app_server(postgres, role=role) as app:
        address = address_of(postgres.url(app.live, role=role))
        assert answer_of(address, "select count(*) >= 0 from customers") is True
        assert role.name == answer_of(address, "select current_user::text")
