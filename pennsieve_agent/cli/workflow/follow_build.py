"""Following a build on an own node; Ctrl+C offers to stop it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pennsieve_agent.cli.context import Context
    from pennsieve_agent.domain.image_builds import NodeBuild
    from pennsieve_agent.services.workflows.node_builds import NodeBuilds


def follow_build(context: Context, builds: NodeBuilds, build: NodeBuild) -> NodeBuild:
    """Show a build's log on standard error until it has ended.

    Raises:
        SourceError: it made no image.
        KeyboardInterrupt: the user left; the build was stopped if that was wanted.
    """
    from pennsieve_agent.services.workflows.node_builds import LOGS, of_the_build

    note = context.streams.note

    def show(line: str) -> None:
        if of_the_build(line):
            note(line)

    goes_on = f"the build on node '{builds.node.name}' goes on"
    with context.interruption.during(goes_on, f"follow it with: {LOGS} {build.id}", always=True):
        try:
            ended = builds.follow(build, show)
        except KeyboardInterrupt:
            if context.streams.can_ask and context.streams.confirm(
                f"Stop the build on node '{builds.node.name}', too?", assume=False
            ):
                builds.stop(build.id)
                stopped = f"the build on node '{builds.node.name}' was stopped"
                again = f"build it again with: pennsieve workflow build again {build.id}"
                with context.interruption.during(stopped, again, always=True):
                    raise
            raise
    builds.check(ended)
    return ended
