"""The table of all rules: what is wrong, what comes of it, what to do.

Each row has its tests in ``tests/check/cases``: files that break it and files that must not.
"""

from __future__ import annotations

from pennsieve_agent.domain.code_findings import Finding, Level, Place, Rule

_ERROR, _WARNING, _NOTE = Level.ERROR, Level.WARNING, Level.NOTE
_OWN, _BUILD = Place.OWN_NODE, Place.PENNSIEVE_BUILD

_REPOSITORY = (
    Rule(
        "git-none",
        _WARNING,
        "not a git repository",
        "'workflow add' takes what is committed to git",
        "git init && git add . && git commit -m first",
    ),
    Rule(
        "git-part",
        _WARNING,
        "only a part of a repository",
        "a workflow's step is a whole repository, whose Dockerfile is at its top",
        "move the code to a repository of its own, or check the whole one",
    ),
    Rule(
        "git-no-tag",
        _WARNING,
        "no version tag",
        "Pennsieve builds tags only; without one the code runs on your own nodes alone",
        "git tag v1.0.0 && git push --tags",
        _BUILD,
    ),
    Rule(
        "git-lfs",
        _WARNING,
        "content in Git LFS",
        "an image that Pennsieve builds may hold the pointer in place of the content",
        "commit the file itself, download it in the Dockerfile, or add the workflow with --build "
        "here",
        _BUILD,
    ),
    Rule(
        "git-submodule",
        _WARNING,
        "a submodule",
        "an image that Pennsieve builds may lack its files",
        "copy its files into the repository, or add the workflow with --build here",
        _BUILD,
    ),
    Rule(
        "git-submodule-unknown",
        _ERROR,
        "a submodule without an address",
        "its files cannot be fetched",
        "add it to .gitmodules, or remove it: git rm --cached PATH; then commit",
    ),
    Rule(
        "link-outside",
        _ERROR,
        "a link that leads out of the repository",
        "what it leads to is not there when the image is built",
        "replace it with a copy of the file, and commit",
    ),
    Rule(
        "large-file",
        _WARNING,
        "a large file",
        "GitHub warns about files of more than 50 MiB and refuses more than 100 MiB, and every "
        "build "
        "copies them",
        "upload it to a dataset and read it from INPUT_DIR, or download it in the Dockerfile",
    ),
    Rule(
        "licence-missing",
        _NOTE,
        "no licence",
        "without a licence nobody else may use the code",
        "add a file called LICENSE; https://choosealicense.com helps to choose",
    ),
    Rule(
        "secret-in-file",
        _ERROR,
        "a secret in a file",
        "whoever can read the repository or the image can use it",
        "revoke it, remove it from the code, and set a new one on a node: pennsieve secret set",
    ),
)
_DOCKERFILE = (
    Rule(
        "dockerfile-missing",
        _ERROR,
        "no Dockerfile",
        "a workflow's repository needs a file called Dockerfile at its root that says what to "
        "install and, in ENTRYPOINT or CMD, what to run",
        "write one for your script, in its folder: pennsieve workflow init",
    ),
    Rule(
        "dockerfile-unreadable",
        _ERROR,
        "a Dockerfile that cannot be read",
        "the image cannot be built",
        "correct the line",
    ),
    Rule(
        "dockerfile-no-command",
        _ERROR,
        "nothing to run",
        "the base image starts no analysis by itself",
        'add a line such as: ENTRYPOINT ["python", "/app/main.py"]',
    ),
    Rule(
        "dockerfile-copy-missing",
        _ERROR,
        "COPY of what is not there",
        "the build ends at this line",
        "correct the path, which begins at the top of the repository, or commit the file",
    ),
    Rule(
        "dockerfile-base-unset",
        _ERROR,
        "a base image without a name",
        "Pennsieve and your nodes give no build arguments, so the build ends at this line",
        "give the variable a value: ARG NAME=value, above FROM",
    ),
    Rule(
        "dockerfile-base-unpinned",
        _WARNING,
        "a base image without a version",
        "another build gets another image, and may give other results",
        "name a version, or for the same bytes each time a digest: FROM image@sha256:…",
    ),
    Rule(
        "dockerfile-architecture",
        _ERROR,
        "an image for another processor",
        "nodes run linux/amd64; another image ends with 'exec format error'",
        "leave --platform out, or write --platform=linux/amd64",
    ),
    Rule(
        "dockerfile-secret",
        _WARNING,
        "a secret in the Dockerfile",
        "whoever can read the repository or the image can use it",
        "remove it, and set it on a node: pennsieve secret set",
    ),
    Rule(
        "dockerfile-root",
        _NOTE,
        "runs as root",
        "a bug in the program, or in what it reads, can then change everything in its container",
        "create a user and switch to it before ENTRYPOINT: RUN useradd app, then USER app",
    ),
    Rule(
        "entry-missing",
        _ERROR,
        "the program is not there",
        "the container ends as soon as it starts",
        "correct the path in ENTRYPOINT or CMD, or commit the file",
    ),
    Rule(
        "entry-not-executable",
        _ERROR,
        "the program is not executable",
        "the container ends with 'permission denied'",
        "git update-index --chmod=+x FILE and commit, or add RUN chmod +x to the Dockerfile",
    ),
    Rule(
        "entry-line-ends",
        _ERROR,
        "Windows line ends in the program",
        "Linux looks for a program whose name ends in a carriage return, and finds none",
        "save it with Unix line ends, and keep them: echo '* text=auto eol=lf' > .gitattributes",
    ),
)
_MANIFEST = (
    Rule(
        "manifest-missing",
        _NOTE,
        "no manifest",
        "parameters, CPU and memory are declared in it; without it a run has 1 CPU and 2 GB, and "
        "nobody is told what can be set",
        "add an app.yml",
    ),
    Rule(
        "manifest-name",
        _WARNING,
        "a manifest that is not read",
        "Pennsieve and your nodes read app.yml",
        "rename it: git mv app.yaml app.yml",
    ),
    Rule(
        "manifest-unreadable",
        _WARNING,
        "a manifest that cannot be read",
        "what it declares is not used",
        "correct the file and commit it",
    ),
    Rule(
        "manifest-schema",
        _WARNING,
        "a manifest that breaks the schema",
        "where Pennsieve registers the code, it leaves out the manifest's defaults",
        "correct the file and commit it",
    ),
    Rule(
        "manifest-disagrees",
        _WARNING,
        "two places declare different values",
        "Pennsieve and your nodes may not use the same one",
        "keep one of them",
    ),
    Rule(
        "manifest-command",
        _ERROR,
        "a command line that cannot be filled",
        "no run on your own nodes can start",
        "correct command and bids in application.json; {input}, {output} and {NAME} of a parameter "
        "in app.yml are filled",
        _OWN,
    ),
    Rule(
        "manifest-resources",
        _ERROR,
        "more than AWS Fargate has",
        "no run can start: AWS Fargate has no machine of this size",
        "ask for less: at most 16384 (16 CPUs) with 122880 MB",
    ),
    Rule(
        "manifest-resources-rounded",
        _NOTE,
        "resources that AWS Fargate does not have",
        "a run gets, and pays for, the next larger ones",
        "declare what it gets",
    ),
    Rule(
        "parameter-reserved",
        _ERROR,
        "a reserved name",
        "the node or AWS Batch sets a variable of this name, so no run can start",
        "give the parameter another name",
    ),
    Rule(
        "parameter-unread",
        _WARNING,
        "a parameter that nothing reads",
        "setting it does not change the results",
        "read it from the environment variable of the same name, or take it out",
    ),
    Rule(
        "variable-unset",
        _WARNING,
        "a variable that nothing declares",
        "the program ends without it, unless a run passes it",
        "declare it in app.yml under parameters; a password or key is set with: pennsieve secret "
        "set",
    ),
    Rule(
        "variable-undeclared",
        _NOTE,
        "a variable that nothing declares",
        "people who start the workflow do not learn that it can be set",
        "declare it in app.yml under parameters, with its default; a password or key is set with: "
        "pennsieve secret set",
    ),
)
_FILES = (
    Rule(
        "input-written",
        _WARNING,
        "writes into INPUT_DIR",
        "on a node of your own a step can only read it",
        "write to OUTPUT_DIR or /tmp",
        _OWN,
    ),
    Rule(
        "input-top-only",
        _WARNING,
        "reads the top of INPUT_DIR only",
        "an own node keeps the dataset's folders, and files in folders are not seen",
        "pennsieve workflow add REPO --layout flat, or change the program to read folders, too",
        _OWN,
    ),
    Rule(
        "output-outside",
        _WARNING,
        "writes outside OUTPUT_DIR",
        "only what is in OUTPUT_DIR is kept when the step ends",
        "write results to OUTPUT_DIR, and other files to /tmp",
    ),
    Rule(
        "own-run-read",
        _WARNING,
        "asks Pennsieve for its own run",
        "Pennsieve does not have the runs of a node of your own",
        "use a node that Pennsieve runs, or let the code read DATASET_ID",
        _OWN,
    ),
    Rule(
        "token-read",
        _WARNING,
        "reads a token of Pennsieve",
        "on a node of your own a step gets it only if the workflow is added with --needs-pennsieve",
        "add the workflow with --needs-pennsieve",
        _OWN,
    ),
)
RULES = {rule.id: rule for rule in (*_REPOSITORY, *_DOCKERFILE, *_MANIFEST, *_FILES)}
"""All rules by their ids."""


def finding(rule: str, file: str, line: int, text: str, mend: str = "") -> Finding:
    """A rule that is broken at a place; ``mend`` where it is more exact than the rule's own."""
    return Finding(RULES[rule], file, line, text, mend)
