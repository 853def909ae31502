"""Which release the user means."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

import typer

from amankan.cli.desk import Desk
from amankan.cli.hindered import refuse_ill
from amankan.cli.operate import Work
from amankan.errors import ConfigurationFault
from amankan.model.app import App
from amankan.model.facts import Facts
from amankan.model.release import Release
from amankan.model.sentence import say
from amankan.wiring.wished import Target

Tag = Annotated[str, typer.Option("--tag", metavar="TAG", help="The tag of the new image, or the name of the new release.")]
Image = Annotated[str, typer.Option("--image", metavar="REF", help="The new image, by its whole reference.")]
Build = Annotated[bool, typer.Option("--build", help="Build the new image where it runs.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What stood on the command line; at most one of the three."""

    tag: str = ""
    image: str = ""
    build: bool = False

    def refuse_several(self) -> None:
        """Raise ConfigurationFault for more than one way to name a release."""
        if sum(map(bool, (self.tag, self.image, self.build))) > 1:
            raise ConfigurationFault(
                say("cannot know which release is meant: give one of --tag, --image and --build"), next=say("aman plan --help")
            )


def target_of(desk: Desk, work: Work, *, wish: Wish, app: App) -> Release:
    """Return the release that is meant, bound to digests; it is here afterwards. Raises as `refuse_ill` before it is pulled."""
    return work.house.target(Target(tag=wish.tag, image=wish.image, build=wish.build), arriving=_arriving(desk, work, app=app))


def target_again(desk: Desk, work: Work, *, release: Release, app: App) -> Release:
    """Return the release of a plan as it would be found now; it is here afterwards. Raises as `refuse_ill` before a pull."""
    return work.house.target_again(release, arriving=_arriving(desk, work, app=app))


def _arriving(desk: Desk, work: Work, *, app: App) -> Callable[[Release], None]:
    def tell(release: Release) -> None:
        refuse_ill(desk, work, app=app)
        desk.printer.remark(say("{release} is pulled …", release=release.label))

    return tell


def runs_already(facts: Facts, target: Release) -> bool:
    """Tell whether the release is placed already, with all its migrations, so that there is nothing to do."""
    placed = facts.release.runs_the_images_of(target) and set(target.ledger) <= set(facts.release.ledger)
    return placed and facts.begun
