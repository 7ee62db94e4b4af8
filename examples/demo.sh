#!/usr/bin/env bash
# The whole journey on real files, against a sandbox: from nothing to results.
# Everything it makes is below .demo/; no account, no AWS, no container engine is needed.
# DEMO_ENGINE=docker runs the steps in containers, where an engine can pull their base images.
set -euo pipefail
cd "$(dirname "$0")/.."
demo=$PWD/.demo
bin=$(dirname "$(command -v pennsieve)")
dataset="Head CT and MR"
repository=$demo/repositories/dicom-deid

tell() { printf '\n# %s\n' "$*"; }
say() { printf '\n$ %s\n' "$*"; }
run() {
  local words=() word
  for word in "$@"; do [[ $word == *[^A-Za-z0-9_./=-]* ]] && word="'$word'"; words+=("$word"); done
  say "${words[*]}"
  "$@"
}

tell "A fresh start: everything is made below ${demo/#$PWD/.}"
pennsieve sandbox stop --data "$demo" >/dev/null 2>&1 || true
rm -rf "$demo"

tell "The input: four real CT and MR images, which the pydicom package ships"
mkdir -p "$demo/datasets/$dataset" "$repository"
python - "$demo/datasets/$dataset" <<'PY'
import shutil, sys
from pathlib import Path
from pydicom.data import get_testdata_file
for name in ("CT_small.dcm", "MR_small.dcm", "MR_small_bigendian.dcm", "MR_small_RLE.dcm"):
    into = Path(sys.argv[1]) / "raw" / name[:2].lower()
    into.mkdir(parents=True, exist_ok=True)
    shutil.copy(get_testdata_file(name, download=False), into)
PY

tell "The code: examples/dicom-deid as a git repository of its own, as a scientist would have it"
cp -R examples/dicom-deid/. "$repository"
git -C "$repository" init --quiet --initial-branch main
git -C "$repository" add .
git -C "$repository" -c user.name=Ada -c user.email=ada@example.org commit --quiet -m "De-identify DICOM"
git -C "$repository" tag v1.0.0

tell "A Pennsieve and an AWS account on this machine; it stops at the end of the demo"
run pennsieve sandbox start --detach --data "$demo" --port "${DEMO_PORT:-0}" --engine "${DEMO_ENGINE:-process}"
trap 'pennsieve sandbox stop --data "$demo" >/dev/null' EXIT
say 'eval "$(pennsieve sandbox env)"'
eval "$(pennsieve sandbox env --data "$demo")"

run pennsieve login
tell "The account becomes a compute node: a CloudFormation stack, which takes a minute or so"
run pennsieve compute register --yes
tell "The code becomes a workflow, and may use the dataset"
run pennsieve workflow add "$repository"
run pennsieve dataset grant dicom-deid --dataset "$dataset" --access read-write
tell "A run: its input is copied, each image is de-identified, the results are delivered"
run pennsieve run start --workflow dicom-deid --dataset "$dataset" --files '**/*.dcm'
run pennsieve run logs --follow
run pennsieve run show
run pennsieve run show --outputs

results=$(pennsieve run show --outputs --json | python -c '
import json, os, sys
print(os.path.commonpath([f["path"] for f in json.load(sys.stdin)["files"]]))')
folder=${demo/#$PWD/.}/datasets/$dataset/$results
cat <<END

The results are in '$folder'
  inventory.csv     what each image is
  identifying.csv   what was taken out of it
  deidentified/     the images without it

Try next:
  head '$folder/inventory.csv'
  your own files and script: the section of that name in README.md
  every command: ${bin/#$PWD/.}/pennsieve --help
END
