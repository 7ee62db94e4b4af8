"""A call of every method of the client, for tests that say something about all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice

from pennsieve_agent.domain.datasets import Role
from pennsieve_agent.domain.metrics import Period
from pennsieve_agent.domain.platform_offers import NodeConfig
from pennsieve_agent.domain.runs import RunStatus
from pennsieve_agent.domain.sharing import AppAccess, AppSharing, Scope, Visibility
from pennsieve_agent.domain.webhooks import Webhook
from pennsieve_agent.domain.workflow_identity import Kind, new_integration
from pennsieve_agent.platform.client import Platform
from tests.platform.test_runs import REQUEST
from tests.platform.test_workflows import STEPS

MOST_ITEMS = 40
APP_SHARING = AppSharing(Visibility.PRIVATE, "N:user:ada", (AppAccess("user", "N:user:bob"),))
NEW_INTEGRATION = new_integration("w", "n", Kind.READ)
WEBHOOK = Webhook(1, "n", "https://x.test")


def some(items: Iterable[object]) -> object:
    return list(islice(items, MOST_ITEMS))


METHODS: dict[str, Callable[[Platform], object]] = {
    "identity": lambda p: p.identity(),
    "datasets.list": lambda p: some(p.datasets.list()),
    "datasets.get": lambda p: p.datasets.get("d"),
    "datasets.files": lambda p: some(p.datasets.files("d")),
    "datasets.files_of": lambda p: p.datasets.files_of("d", ["N:package:1"]),
    "integrations.create": lambda p: p.integrations.create(NEW_INTEGRATION),
    "integrations.on_dataset": lambda p: p.integrations.on_dataset("d"),
    "integrations.enable": lambda p: p.integrations.enable("d", 1),
    "integrations.disable": lambda p: p.integrations.disable("d", 1),
    "compute.accounts": lambda p: p.compute.accounts(),
    "compute.register_account": lambda p: p.compute.register_account("1", "r", "x"),
    "compute.delete_account": lambda p: p.compute.delete_account("u"),
    "compute.allow_image_pulls": lambda p: p.compute.allow_image_pulls("1"),
    "compute.enable_workspace": lambda p: p.compute.enable_workspace("u", "o"),
    "compute.disable_workspace": lambda p: p.compute.disable_workspace("u", "o"),
    "compute.nodes": lambda p: p.compute.nodes("o"),
    "compute.node": lambda p: p.compute.node("n"),
    "compute.create_node": lambda p: p.compute.create_node("u", "n", "o"),
    "compute.delete_node": lambda p: p.compute.delete_node("n"),
    "applications.list": lambda p: p.applications.list(),
    "applications.register": lambda p: p.applications.register("u", "t"),
    "applications.build": lambda p: p.applications.build("u", "d"),
    "workflows.list": lambda p: some(p.workflows.list("o")),
    "workflows.get": lambda p: p.workflows.get("w"),
    "workflows.create": lambda p: p.workflows.create("n", "d", "o", STEPS),
    "workflows.set_versions": lambda p: p.workflows.set_versions("w", {"s": "v2"}),
    "workflows.archive": lambda p: p.workflows.archive("w"),
    "runs.start": lambda p: p.runs.start(REQUEST),
    "runs.list": lambda p: some(p.runs.list("o", status=RunStatus.STARTED, limit=3)),
    "runs.get": lambda p: p.runs.get("r"),
    "runs.state": lambda p: p.runs.state("r"),
    "runs.logs": lambda p: p.runs.logs("r", "s"),
    "runs.cancel": lambda p: p.runs.cancel("r"),
    "compute.role_policy": lambda p: p.compute.role_policy(),
    "compute.enablements": lambda p: p.compute.enablements("o"),
    "compute.gpu_tiers": lambda p: p.compute.gpu_tiers("o"),
    "compute.rename_node": lambda p: p.compute.rename_node("n", "new"),
    "compute.pause_node": lambda p: p.compute.pause_node("n"),
    "compute.resume_node": lambda p: p.compute.resume_node("n"),
    "compute.upgrade_node": lambda p: p.compute.upgrade_node("n", "v1"),
    "compute.update_config": lambda p: p.compute.update_config("n", NodeConfig(1)),
    "node_sharing.get": lambda p: p.node_sharing.get("n"),
    "node_sharing.share_user": lambda p: p.node_sharing.share_user("n", "u"),
    "node_sharing.share_team": lambda p: p.node_sharing.share_team("n", "t"),
    "node_sharing.unshare_user": lambda p: p.node_sharing.unshare_user("n", "u"),
    "node_sharing.unshare_team": lambda p: p.node_sharing.unshare_team("n", "t"),
    "node_sharing.set_scope": lambda p: p.node_sharing.set_scope("n", Scope.WORKSPACE),
    "node_secrets.names": lambda p: p.node_secrets.names("n"),
    "node_secrets.shared_names": lambda p: p.node_secrets.shared_names("n"),
    "node_secrets.set": lambda p: p.node_secrets.set("n", {"A": "the-secret"}),
    "node_secrets.set_shared": lambda p: p.node_secrets.set_shared("n", {"A": "the-secret"}),
    "node_secrets.remove": lambda p: p.node_secrets.remove("n", "A"),
    "node_secrets.remove_shared": lambda p: p.node_secrets.remove_shared("n", "A"),
    "node_secrets.allowed_processors": lambda p: p.node_secrets.allowed_processors("n"),
    "node_secrets.allow_processors": lambda p: p.node_secrets.allow_processors("n", ["u"]),
    "layers.list": lambda p: p.layers.list("n"),
    "layers.create": lambda p: p.layers.create("n", "l"),
    "layers.delete": lambda p: p.layers.delete("n", "l"),
    "metrics.counters": lambda p: p.metrics.counters("o", Period.MONTH),
    "metrics.export": lambda p: p.metrics.export("o"),
    "applications.image": lambda p: p.applications.image("u", "v1"),
    "applications.builds": lambda p: p.applications.builds("v", "o"),
    "applications.archive": lambda p: p.applications.archive("a"),
    "applications.restore": lambda p: p.applications.restore("a"),
    "applications.sharing": lambda p: p.applications.sharing("a"),
    "applications.share": lambda p: p.applications.share("a", APP_SHARING),
    "workflows.public": lambda p: some(p.workflows.public("x", official=True)),
    "workflows.restore": lambda p: p.workflows.restore("w"),
    "workflows.rename": lambda p: p.workflows.rename("w", "n", "d"),
    "workflows.set_defaults": lambda p: p.workflows.set_defaults("w", {"s": {"A": "1"}}),
    "workflows.publish": lambda p: p.workflows.publish("w"),
    "workflows.unpublish": lambda p: p.workflows.unpublish("w"),
    "workflows.target_types": lambda p: p.workflows.target_types(),
    "runs.log_archive": lambda p: p.runs.log_archive("r"),
    "runs.metrics": lambda p: p.runs.metrics("r"),
    "datasets.create": lambda p: p.datasets.create("x"),
    "datasets.edit": lambda p: p.datasets.edit("d", name="x"),
    "datasets.delete": lambda p: p.datasets.delete("d"),
    "packages.children": lambda p: (
        some(p.packages.children("N:collection:c")),
        some(p.packages.children("N:dataset:d")),
    ),
    "packages.create_folder": lambda p: p.packages.create_folder("d", "x", "N:collection:c"),
    "packages.rename": lambda p: p.packages.rename("p", "x"),
    "packages.move": lambda p: p.packages.move(["p"], "N:collection:c"),
    "packages.delete": lambda p: p.packages.delete(["p"]),
    "collaborators.get": lambda p: p.collaborators.get("d"),
    "collaborators.set_user": lambda p: p.collaborators.set_user("d", "u", Role.EDITOR),
    "collaborators.remove_user": lambda p: p.collaborators.remove_user("d", "u"),
    "collaborators.set_team": lambda p: p.collaborators.set_team("d", "t", Role.VIEWER),
    "collaborators.remove_team": lambda p: p.collaborators.remove_team("d", "t"),
    "collaborators.set_workspace": lambda p: p.collaborators.set_workspace("d", Role.VIEWER),
    "collaborators.remove_workspace": lambda p: p.collaborators.remove_workspace("d"),
    "collaborators.set_owner": lambda p: p.collaborators.set_owner("d", "u"),
    "collaborators.invite": lambda p: p.collaborators.invite("d", "a@b.org", Role.VIEWER, "hi"),
    "people.workspaces": lambda p: p.people.workspaces(),
    "people.members": lambda p: p.people.members("o"),
    "people.by_email": lambda p: p.people.by_email("o", "a@b.org"),
    "people.teams": lambda p: p.people.teams("o"),
    "people.team_members": lambda p: p.people.team_members("o", "t"),
    "webhooks.list": lambda p: p.webhooks.list(),
    "webhooks.delete": lambda p: p.webhooks.delete(1),
    "webhooks.on_dataset": lambda p: p.webhooks.on_dataset("d"),
    "github.repositories": lambda p: p.github.repositories(2, 50, "x"),
    "github.repository": lambda p: p.github.repository("o", "r"),
    "github.set_publishing": lambda p: p.github.set_publishing(
        "u", to_discover=False, to_app_store=True
    ),
    "github.publish": lambda p: p.github.publish("o", "r", "v1", ["appstore"]),
    "github.account": lambda p: p.github.account(),
    "github.disconnect": lambda p: p.github.disconnect(),
    "github.installations": lambda p: p.github.installations(),
    "assets.create": lambda p: p.assets.create("d", "n", "k", ["p"], {"a": 1}),
    "assets.list": lambda p: p.assets.list("d", "p"),
    "assets.get": lambda p: p.assets.get("d", "a"),
    "assets.change": lambda p: p.assets.change("d", "a", ready=True),
    "assets.delete": lambda p: p.assets.delete("d", "a"),
    "assets.formats": lambda p: p.assets.formats(),
}

RESOURCES = tuple(dict.fromkeys(name.partition(".")[0] for name in METHODS if "." in name))
