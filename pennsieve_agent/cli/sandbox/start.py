"""``pennsieve sandbox``: a Pennsieve and an AWS account on this machine."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pennsieve_agent.cli import options
from pennsieve_agent.cli.app import group
from pennsieve_agent.cli.context import Context
from pennsieve_agent.cli.extras import sandbox_parts
from pennsieve_agent.cli.sandbox import check, user
from pennsieve_agent.errors import ExitCode, UsageProblem

if TYPE_CHECKING:
    from pennsieve_agent.sandbox.host.control import Sandbox
    from pennsieve_agent.sandbox.host.state import SandboxState

app = group(
    "A Pennsieve and an AWS account on this machine, for trying. Nothing leaves it; datasets are "
    "plain folders."
)
app.add_typer(user.users, name="user")
app.add_typer(user.workspaces, name="workspace")
Data = user.Data


@app.command()
def start(
    ctx: typer.Context,
    detach: Annotated[
        bool, typer.Option("--detach", help="Start it in the background and come back.")
    ] = False,
    port: Annotated[
        int | None,
        typer.Option(
            metavar="PORT",
            min=0,
            max=65533,
            help="The first of three ports; 0 for any. Default: 9440.",
        ),
    ] = None,
    data: Data = None,
    engine: Annotated[
        str | None,
        typer.Option(
            metavar="ENGINE",
            help="What runs the steps: docker, or process. Default: docker if it answers.",
        ),
    ] = None,
    faults: Annotated[
        str | None,
        typer.Option(
            metavar="SPEC",
            help="What goes wrong on purpose: latency,429,500,503,reset,stale,skew,unsafe or all; "
            "each with =RATE and @PATHS if wanted.",
        ),
    ] = None,
    fault_seed: Annotated[
        int | None, typer.Option(metavar="N", help="Repeats the same faults; alone: all of them.")
    ] = None,
    json: options.Json = False,
) -> None:
    """Start the sandbox with the state it had when it was stopped.

    Put files into its folder below datasets/NAME/ and they are a dataset.
    """
    context = options.use(ctx, as_json=json)
    box = _sandbox(context, data)
    if not detach:
        box.run(port, engine, lambda state: _say(context, state, data), faults, fault_seed)
        return
    state = box.start_detached(port, engine, faults, fault_seed)
    if json:
        context.streams.document(_document(state))
        return
    _say(context, state, data)


@app.command()
def stop(ctx: typer.Context, data: Data = None, json: options.Json = False) -> None:
    """Stop the sandbox; its state is kept."""
    context = options.use(ctx, as_json=json)
    stopped = _sandbox(context, data).stop()
    if json:
        context.streams.document({"stopped": stopped})
    else:
        context.streams.result("Sandbox stopped" if stopped else "The sandbox was not running")


@app.command()
def status(ctx: typer.Context, data: Data = None, json: options.Json = False) -> None:
    """Whether the sandbox runs, and where. Exit code 1 when it does not."""
    from pennsieve_agent.console.tables import details

    context = options.use(ctx, as_json=json)
    box = _sandbox(context, data)
    state = box.status()
    if json:
        context.streams.document(_document(state) if state else {"running": False})
    elif state:
        context.streams.result(details(_pairs(state), context.streams))
    else:
        context.streams.result("The sandbox is not running")
        context.streams.note("start it with: pennsieve sandbox start --detach")
    if state is None:
        raise typer.Exit(int(ExitCode.FAILED))


@app.command()
def env(ctx: typer.Context, data: Data = None, json: options.Json = False) -> None:
    """Lines that point a shell at the sandbox: eval "$(pennsieve sandbox env)"."""
    context = options.use(ctx, as_json=json)
    box = _running(context, data)
    values = box.environment()
    if json:
        context.streams.document(values)
        return
    for name, value in values.items():
        context.streams.result(f"export {name}={shlex.quote(value)}")


@app.command()
def use(
    ctx: typer.Context,
    data: Data = None,
    name: Annotated[
        str, typer.Option("--as", metavar="NAME", help="The profile's name.")
    ] = "sandbox",
    json: options.Json = False,
) -> None:
    """Make the sandbox a profile, and the default one."""
    context = options.use(ctx, as_json=json)
    values = _running(context, data).profile_values()
    context.settings.write_section(name, values, make_default=True)
    if json:
        context.streams.document({"profile": name, "host": values["api_host"]})
    else:
        context.streams.result(f"Profile '{name}' is the sandbox, and the default now")


@app.command()
def reset(
    ctx: typer.Context,
    data: Data = None,
    everything: Annotated[bool, typer.Option("--everything", help="Dataset files too.")] = False,
    yes: options.Yes = False,
    json: options.Json = False,
) -> None:
    """Start afresh: users, nodes, workflows and runs go; dataset files stay."""
    context = options.use(ctx, as_json=json)
    box = _sandbox(context, data)
    what = "and its dataset files" if everything else "(dataset files stay)"
    if not context.streams.confirm(f"Delete the sandbox's state in {box.data} {what}?", assume=yes):
        context.streams.note("nothing was changed")
        return
    box.reset(keep_datasets=not everything)
    if json:
        context.streams.document({"reset": str(box.data), "datasets_kept": not everything})
    else:
        context.streams.result("The sandbox is empty")


def _sandbox(context: Context, data: Path | None) -> Sandbox:
    with sandbox_parts():
        from pennsieve_agent.sandbox.host.control import Sandbox
    return Sandbox(data or context.home / ".pennsieve" / "sandbox")


def _running(context: Context, data: Path | None) -> Sandbox:
    box = _sandbox(context, data)
    if box.status() is None:
        raise UsageProblem(
            "the sandbox is not running",
            where=str(box.data),
            hint="start it with: pennsieve sandbox start --detach",
        )
    return box


def _say(context: Context, state: SandboxState, data: Path | None) -> None:
    from pennsieve_agent.console.tables import details

    folder = "" if data is None else f" --data {shlex.quote(str(data))}"
    context.streams.result(details(_pairs(state), context.streams))
    context.streams.note(
        f'use it in this shell:  eval "$(pennsieve sandbox env{folder})"\n'
        f"or as a profile:       pennsieve sandbox use{folder}"
    )


def _pairs(state: SandboxState) -> list[tuple[str, str]]:
    return [
        ("sandbox", f"running (process {state.pid})"),
        ("Pennsieve", f"{state.api} and {state.api2}"),
        ("AWS", state.aws),
        ("engine", _engine(state.engine)),
        ("datasets", str(Path(state.data) / "datasets")),
    ]


def _engine(name: str) -> str:
    """What runs the steps, with what it keeps apart: processes of this machine little."""
    from pennsieve_agent.engine.docker_backend import DockerBackend
    from pennsieve_agent.engine.process_backend import ProcessBackend

    isolation = {each.name: each.isolation for each in (DockerBackend, ProcessBackend)}
    return ": ".join(filter(None, (name, isolation.get(name, ""))))


def _document(state: SandboxState) -> dict[str, Any]:
    from dataclasses import asdict

    return {"running": True, **asdict(state), "data": str(state.data)}


app.command("key")(user.key)
app.command("aws-user")(user.aws_user)
app.command()(check.check)
