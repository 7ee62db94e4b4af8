#!/usr/bin/env bash
# The whole journey on real files, against a sandbox: from nothing to results.
# Everything it makes is below .demo/; no account, no AWS, no container engine is needed.
# DEMO_ENGINE=docker runs the steps in containers, where an engine can pull their base images.
set -euo pipefail
source "$(dirname "$0")/typed.sh"
dataset="Head CT and MR"
repository=$demo/repositories/dicom-deid

fresh
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
repository "$repository" "De-identify DICOM"

sandbox
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
tell "A batch: a run for each folder below raw, in one command and one table"
run pennsieve run start --workflow dicom-deid --dataset "$dataset" --each 'raw/*' --name each
run pennsieve run wait each
run pennsieve run show each
tell "What it cost beside the estimate, and a receipt: what exactly was done, as a folder with a page"
run pennsieve run cost each
run pennsieve run receipt each --to "$demo/receipt"
folder=${demo/#$PWD/.}/datasets/$dataset/$results
cat <<END

The results are in '$folder'
  inventory.csv     what each image is
  identifying.csv   what was taken out of it
  deidentified/     the images without it

The receipt of the batch is '${demo/#$PWD/.}/receipt': open its index.html in a browser.

Try next:
  head '$folder/inventory.csv'
  your own files and script: the section of that name in README.md
  every command: ${bin/#$PWD/.}/pennsieve --help
END
