"""Every command of the program, typed once or more, in an order in which each finds what it needs.

``{data}`` is the sandbox's folder, ``{home}`` a folder for files, ``{code}`` and ``{other}`` are
repositories on GitHub and ``{local}`` one of this machine, ``{gateway}`` is the ARN of the gateway
of the own node, ``{key}`` is an API key whose secret ``login`` is given.
"""

from __future__ import annotations

from dataclasses import dataclass

DATASET, NODE, FLOW, RUN = "Mouse EEG", "my-compute", "word-count", "recorded"
D = ("--dataset", DATASET)
ROLE = "arn:aws:iam::222233334444:role/analysts"


@dataclass(frozen=True)
class Typed:
    """A command line. ``codes`` are the right exit codes; ``answers`` is standard input."""

    words: tuple[str, ...]
    codes: frozenset[int] = frozenset({0})
    answers: str = ""


def typed(line: str, *more: str, answers: str = "", codes: tuple[int, ...] = (0,)) -> Typed:
    """A command line: words with spaces between them, and words that have some."""
    return Typed((*line.split(), *more), frozenset(codes), answers)


_SIGN_IN = (
    typed("login"),
    typed("login --profile second --key {key} --secret-stdin --plaintext", answers="{secret}\n"),
    typed("whoami"),
    typed("profile list"),
    typed("profile use sandbox"),
    typed("profile show sandbox"),
    typed("logout --profile second"),
    typed("profile remove third"),
    typed("workspace list"),
    typed("workspace members"),
    typed("workspace teams"),
    typed("workspace teams Publishers"),
)
_SANDBOX = (
    typed("sandbox status --data {data}"),
    typed("sandbox env --data {data}"),
    typed("sandbox workspace add Annex --data {data}"),
    typed("sandbox workspace list --data {data}"),
    typed("sandbox user add mary@example.org --workspace Annex --data {data}"),
    typed("sandbox user add mary --aws --data {data}"),
    typed("sandbox user key mary@example.org --data {data}"),
    typed("sandbox user connect mary@example.org --data {data}"),
    typed("sandbox user list --data {data}"),
)
_DATASETS = (
    typed("dataset create Scratch --description x --tag t"),
    typed("dataset upload Scratch {home}/up --folder in --dry-run"),
    typed("dataset upload Scratch {home}/up --folder in"),
    typed("dataset upload Scratch {home}/up/a.csv --folder in --replace"),
    typed("dataset list"),
    typed("dataset files Scratch --files **"),
    typed("dataset files Scratch --tree"),
    typed("dataset files Scratch --tree --depth 1"),
    typed("dataset fs mkdir Scratch raw/deep --parents"),
    typed("dataset fs mv Scratch in/up/a.csv raw"),
    typed("dataset fs mv Scratch raw/a.csv raw/b.csv"),
    typed("dataset download Scratch --to {home}/down"),
    typed("dataset download Scratch --to {home}/down2 --files raw/*"),
    typed("dataset fs mkdir Scratch rehearsed --dry-run"),
    typed("dataset fs rm Scratch raw --dry-run"),
    typed("dataset fs rm Scratch raw --yes"),
    typed("dataset share Scratch grace@example.org --role editor"),
    typed("dataset share Scratch --workspace"),
    typed("dataset share Scratch Lab"),
    typed("dataset show Scratch"),
    typed("dataset unshare Scratch grace@example.org"),
    typed("dataset unshare Scratch --workspace"),
    typed("dataset unshare Scratch Lab"),
    typed("dataset share Scratch mary@example.com --invite --role viewer --message hello"),
    typed("dataset update Scratch --name Tested --description y"),
    typed("dataset delete Tested --yes"),
    typed("dataset create Gift"),
    typed("dataset update Gift --owner vera@example.org --yes"),
)
_REGISTER = (
    typed("compute policy show"),
    typed("compute policy show --served"),
    typed("compute policy installer"),
    typed("compute policy boundary"),
    typed("compute policy review {home}/review --name lab"),
    typed("compute policy template --name lab"),
    typed("compute register --dry-run"),
    typed("compute register --provisioner platform --dry-run"),
    typed("compute register --yes"),
    typed("compute list"),
    typed("compute list --aws"),
    typed(f"compute show {NODE}"),
    typed(f"compute doctor {NODE}", codes=(0, 1)),
    typed(f"compute doctor {NODE} --run --yes", codes=(0, 1)),
    typed("aws list --registered"),
    typed("compute list --gpu-types"),
)
_WORKFLOWS = (
    typed("workflow init {home}/begun --no-git"),
    typed("workflow add {code} --public"),
    typed("workflow test {local} --input {home}/up --engine process"),
    typed("workflow add {local} --name here"),
    typed("workflow check {local}"),
    typed("workflow check {code} --ref HEAD"),
    typed("workflow list"),
    typed("workflow list --archived"),
    typed("workflow list --other-workspaces"),
    typed(f"workflow show {FLOW}"),
    typed(f"workflow show {FLOW} --yaml"),
    typed("workflow show --schema"),
    typed("workflow versions here"),
    typed("workflow add {local} --name here"),
    typed(f"workflow update {FLOW} --dry-run"),
    typed("workflow update here --layout flat --dry-run"),
    typed("workflow update here --layout flat"),
    typed(f"workflow update {FLOW} --name renamed --description x"),
    typed(f"workflow update renamed --name {FLOW}"),
    typed(f"workflow update {FLOW} --default STYLE=plain"),
    typed(f"workflow share {FLOW}"),
    typed(f"workflow unshare {FLOW}"),
    typed(f"workflow archive {FLOW} --yes"),
    typed(f"workflow restore {FLOW}"),
    typed("workflow add --targets"),
    typed(f"workflow build list {FLOW}"),
    typed("workflow build list"),
    typed("workflow build logs none", codes=(2,)),  # containers build, which are not here
    typed("workflow build again none", codes=(2,)),
    typed("workflow app list"),
    typed(f"workflow app show {FLOW}"),
    typed("workflow app repos"),
    typed(f"workflow app share {FLOW} --user grace@example.org"),
    typed(f"workflow app share {FLOW} --team Lab"),
    typed(f"workflow app share {FLOW} --workspace"),
    typed(f"workflow app unshare {FLOW} --user grace@example.org"),
    typed("workflow add {other} --name other --public"),
    typed("workflow app archive other --yes"),
    typed("workflow app restore other"),
)
_RUNS = (
    typed(f"dataset grant {FLOW} --access read-write", *D),
    typed("dataset grant here --access read", *D),
    typed("dataset grant here --access read --until 30d", *D),
    typed("dataset grants", DATASET),
    typed(f"workflow update {FLOW} --renew-identity --dry-run"),
    typed(f"workflow update {FLOW} --renew-identity"),
    typed("run start --dry-run", *D, "--workflow", FLOW),
    typed("run start --dry-run --version v1.0.0", *D, "--workflow", FLOW),
    typed("run start --files raw --param STYLE=fancy --wait --name", RUN, *D, "-w", FLOW),
    typed("dataset revoke here", *D),
    typed("run start --grant --files raw --name granted --wait", *D, "-w", "here"),
    typed("run start --time-limit 60 --retries 1 --memory-on-oom x2 --files raw", *D, "-w", FLOW),
    typed("run start --skip-done --files raw --param STYLE=fancy", *D, "-w", FLOW),
    typed("run start --mail --dry-run --files raw", *D, "-w", FLOW),
    typed("run start --mail-to lab@example.org --name mailed --files raw --wait", *D, "-w", FLOW),
    typed("run show mailed"),
    typed("run start --dry-run --repeat", RUN),
    typed("run list"),
    typed("run start --dry-run --input-run", RUN, *D, "-w", FLOW),
    typed("run start --local --dry-run --files raw", *D, "-w", FLOW),
    typed(
        "run start --local --engine process --files raw --upload --name here --to {home}/kept",
        *D,
        "-w",
        FLOW,
    ),
    typed(f"run show {RUN}"),
    typed(f"run show {RUN} --status"),
    typed(f"run wait {RUN} granted --then true"),
    typed(f"run watch {RUN}"),
    typed(f"run logs {RUN}"),
    typed(f"run logs {RUN} --follow"),
    typed(f"run logs {RUN} --since 1h --grep done --tail 2"),
    typed(f"run logs {RUN} --archive {{home}}/logs.zip"),
    typed(f"run show {RUN} --outputs"),
    typed(f"run download {RUN} --to {{home}}/results"),
    typed(f"run show {RUN} --web", codes=(2,)),  # a sandbox that is not in the usual folder
    typed("dataset grants --audit", DATASET),
    typed("dataset grants --audit --csv", DATASET, codes=(2,)),  # JSON is asked for as well
    typed(f"run receipt {RUN} --to {{home}}/receipt"),
    typed("run receipt --check {home}/receipt"),
    typed(f"run which results/{RUN}/a-fancy.count", *D),
    typed("run which {home}/results/a-fancy.count", codes=(0, 1, 2)),
    typed(f"run diff {RUN} granted"),
    typed("run start --dry-run --repeat {home}/receipt"),
    typed(f"run diff {{home}}/receipt {RUN}"),
    typed(f"run cost {RUN}"),
    typed("run cost --total"),
    typed("run cost --by workflow"),
    typed("run cost --by person --period month"),
    typed(f"run cost {RUN} --advise"),
    typed(f"run cost --workflow {FLOW} --period month", codes=(0, 2)),
    typed("run start --files raw --param HOLD=true --name held", *D, "-w", FLOW),
    typed("run cancel held --wait"),
    typed("run retry held --dry-run"),
    typed(
        "run start --files raw --param EXIT=3 --keep-steps 7 --name kept --wait",
        *(*D, "-w", FLOW),
        codes=(3,),
    ),
    typed("run retry kept --from word-count --dry-run"),
)
EACH = ("--each-file", "raw/**/*.txt", *D, "-w", FLOW)
_BATCHES = (
    typed("run start --dry-run", *EACH),
    typed("run start --name good --parallel 2 --param STYLE=fancy --wait", *EACH),
    typed("run start --name bad -p EXIT=3 --keep-steps 7 --wait --then true", *EACH, codes=(3,)),
    typed("run start --mail --name told --wait", *EACH),
    typed("run show told"),
    typed("run start --resume bad"),
    typed("run start --skip-done --name more --param STYLE=fancy", *EACH),
    typed("run start --repeat good --skip-done --dry-run"),
    typed("run start --repeat bad -p EXIT=0 --name mended --watch"),
    typed("run list --batches"),
    typed("run list --batch bad"),
    typed("run show bad"),
    typed("run show bad --failed"),
    typed("run show bad --status", codes=(3,)),
    typed("run watch good"),
    typed("run wait bad --then true", codes=(3,)),
    typed("run logs bad --failed --tail 2 --grep ."),
    typed("run download good --to {home}/batch"),
    typed("run download good --to {home}/batch --as-they-come"),
    typed("run download good/a --to {home}/one --as-they-come"),
    typed("run cost good"),
    typed("run retry bad --dry-run"),
    typed("run retry bad --failed --memory-on-oom x2 --wait", codes=(3,)),
    typed("run retry bad --from word-count --dry-run"),
    typed("run retry bad --from word-count --wait --then true", codes=(3,)),
    typed("run retry good", codes=(1,)),
    typed("run start --name stopped -p HOLD=true", *EACH),
    typed("run cancel stopped --yes"),
)
_OWN_NODE = (
    typed(f"secret set {NODE} TOKEN --stdin", answers="value\n"),
    typed(f"secret list {NODE}"),
    typed(f"secret delete {NODE} TOKEN --yes"),
    typed(f"compute update {NODE} --name lab"),
    typed(f"compute update lab --name {NODE}"),
    typed(f"compute update {NODE} --max-vcpus 8 --yes"),
    typed(f"compute share {NODE} --aws {ROLE} --workflow {FLOW}"),
    typed(f"compute show {NODE}"),
    typed(f"compute unshare {NODE} --aws {ROLE}"),
    typed("compute join {gateway}", codes=(2,)),  # it is one's own
    typed(f"compute delete {NODE} --cancel-runs --yes"),
)
_PLATFORM_NODE = (
    typed("compute register --provisioner platform --yes"),
    typed("compute policy role"),
    typed("compute update --role --yes"),
    typed("compute list"),
    typed(f"compute show {NODE}"),
    typed(f"compute doctor {NODE}", codes=(0, 1)),
    typed(f"secret set {NODE} TOKEN --stdin", answers="value\n"),
    typed(f"secret set {NODE} OURS --stdin --shared", answers="value\n"),
    typed(f"secret list {NODE}"),
    typed(f"secret delete {NODE} TOKEN --yes"),
    typed(f"secret delete {NODE} OURS --shared --yes"),
    typed(f"compute layer create {NODE} atlas --description x"),
    typed(f"compute layer list {NODE}"),
    typed(f"compute layer delete {NODE} atlas --yes"),
    typed(f"compute code allow {NODE} {FLOW}"),
    typed(f"compute code list {NODE}"),
    typed(f"compute code disallow {NODE} {FLOW} --yes"),
    typed(f"compute share {NODE} --user grace@example.org"),
    typed(f"compute share {NODE} --team Lab"),
    typed(f"compute share {NODE} --workspace"),
    typed(f"compute show {NODE}"),
    typed(f"compute unshare {NODE} --workspace"),
    typed(f"compute unshare {NODE} --user grace@example.org"),
    typed(f"compute unshare {NODE} --team Lab"),
    typed(f"compute pause {NODE}"),
    typed(f"compute resume {NODE}"),
    typed(f"compute update {NODE} --name lab --description x"),
    typed(f"compute update lab --name {NODE}"),
    typed("run start --files raw --wait --name served", *D, "-w", FLOW),
    typed("run start --name theirs -p EXIT=3 --wait", *EACH, codes=(3,)),
    typed("run start --repeat theirs --dry-run"),
    typed("run retry theirs --wait", codes=(3,)),
    typed("run show theirs"),
    typed("run logs theirs"),
    typed("run cancel theirs", codes=(1,)),
    typed("run list"),
    typed("run show served"),
    typed("run logs served"),
    typed("run show served --outputs"),
    typed(f"compute update {NODE} --version v9.9.9 --yes"),
    typed(f"compute update {NODE} --gpu-tier small --max-gpu 1"),
    typed(f"compute delete {NODE} --yes"),
    typed(f"dataset revoke {FLOW}", *D),
)

COMMANDS: tuple[Typed, ...] = (
    *_SIGN_IN,
    *_SANDBOX,
    *_DATASETS,
    *_REGISTER,
    *_WORKFLOWS,
    *_RUNS,
    *_BATCHES,
    *_OWN_NODE,
    *_PLATFORM_NODE,
)

_NO_PENNSIEVE = "asks Pennsieve nothing"
NOT_TYPED = {
    **{f"aws {word}": _NO_PENNSIEVE for word in ("add", "test", "remove")},
    **{
        f"sandbox {word}": "starts, stops and describes the sandbox; asks Pennsieve nothing"
        for word in ("start", "stop", "use", "reset")
    },
    "sandbox check": "asks what must be refused, too, on purpose",
    "completion": _NO_PENNSIEVE,
}
"""Commands that are not typed here, and why."""
