"""A BIDS App of our own, as an image in a registry on loopback."""

from __future__ import annotations

import subprocess
from pathlib import Path

from pennsieve_agent.aws.registry import Registry
from tests.engine.images import busybox_image

BIDS_APP = """\
#!/bin/sh
# A BIDS App: bids_dir output_dir level [--participant-label LABEL...]
echo "arguments: $*"
input=$1 output=$2 level=$3
shift 3
[ "$1" = --participant-label ] && shift
labels=$*
case $level in
participant)
    for folder in "$input"/sub-*; do
        label=${folder##*/sub-}
        [ -z "$labels" ] || echo " $labels " | grep -q " $label " || continue
        table="$output/sub-$label/beh/sub-${label}_task-rest_desc-size_beh.tsv"
        mkdir -p "${table%/*}"
        size=$(cat "$folder"/anat/* | wc -c)
        printf 'bytes\\n%s\\n' $size > "$table"
    done
    ;;
group)
    ls "$input"/dataset_description.json || exit 4
    printf 'participant_id\\tbytes\\n' > "$output/participants.tsv"
    for table in "$output"/sub-*/beh/*.tsv; do
        label=${table##*/sub-}
        printf 'sub-%s\\t%s\\n' "${label%%_*}" "$(tail -n 1 "$table")" >> "$output/participants.tsv"
    done || exit 5
    ;;
*)
    echo "no level $level"
    exit 3
    ;;
esac
"""
FILES = {
    "dataset_description.json": '{"Name": "Phantoms", "BIDSVersion": "1.8.0"}\n',
    "sub-01/anat/sub-01_T1w.json": "{}\n",
    "sub-02/anat/sub-02_T1w.json": '{"EchoTime": 0.03}\n',
}


def bids_dataset(folder: Path) -> None:
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def bids_app(folder: Path, name: str, tag: str = "1.0.0") -> str:
    """Build the BIDS App and push it to ``name``, ``HOST:PORT/REPOSITORY``; its address."""
    folder.mkdir(parents=True)
    (folder / "run.sh").write_text(BIDS_APP)
    (folder / "run.sh").chmod(0o755)
    (folder / "Dockerfile").write_text(
        f'FROM {busybox_image()}\nCOPY run.sh /run.sh\nENTRYPOINT ["/run.sh"]\nCMD ["--help"]\n'
    )
    image = f"{name}:{tag}"
    for words in (("build", "-q", "-t", image, str(folder)), ("push", image), ("rmi", image)):
        subprocess.run(["docker", *words], check=True, capture_output=True, timeout=120)
    return f"docker://{image}"


def digest_of(address: str) -> str:
    """The digest of an image in a registry on loopback, by its address."""
    name, _, tag = address.removeprefix("docker://").rpartition(":")
    host, _, repository = name.partition("/")
    return Registry(f"http://{host}").document(repository, tag).digest
