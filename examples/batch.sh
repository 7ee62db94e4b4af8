#!/usr/bin/env bash
# Sixty subjects, one command, one table, against a sandbox: three need more memory and are repeated.
# SUBJECTS is how many there are, LONG which of them were recorded for a day.
set -euo pipefail
source "$(dirname "$0")/typed.sh"
subjects=${SUBJECTS:-60} long=${LONG:-07 23 41}

fresh
# Code lies in no other repository.
code=$(mktemp -d)
mkdir -p "$code/resample/data/input"
tell "$subjects subjects, three of them recorded for a day instead of an hour"
cat > "$code/resample/resample.py" <<'PY'
"""Each recording as one signal of 1,000 samples a second, which is held in memory."""

import json
import os
from array import array
from pathlib import Path

for path in sorted(Path(os.environ["INPUT_DIR"]).rglob("*.json")):
    about = json.loads(path.read_text())
    signal = array("d", [0.0]) * (about["hours"] * 3600 * 1000)
    print(path.name, f"{about['hours']} hours, {len(signal)} samples")
    result = Path(os.environ["OUTPUT_DIR"], f"{path.stem}_samples.txt")
    result.write_text(f"{len(signal)}\n")
PY
echo '{"hours": 1}' > "$code/resample/data/input/eeg.json"
for number in $(seq -w 01 "$subjects"); do
  folder="$demo/datasets/Mouse EEG/raw/sub-$number"
  hours=1
  [[ " $long " != *" $number "* ]] || hours=24
  mkdir -p "$folder"
  echo "{\"hours\": $hours}" > "$folder/eeg.json"
done

# Who commits, as git asks everybody once.
export GIT_CONFIG_GLOBAL=$demo/gitconfig
git config --global user.name Ada
git config --global user.email ada@example.org
[[ ${DEMO_ENGINE:-process} == docker ]] || export DOCKER_HOST=unix:///no-engine
sandbox
trap 'pennsieve sandbox stop --data "$demo" >/dev/null; rm -rf "$code"' EXIT
tell "A compute node and a workflow, which the other demos show"
[[ -e $demo/own-nodes.json ]] || pennsieve compute register --yes >"$demo/register.log" 2>&1
cd "$code"
pennsieve workflow init resample >"$demo/add.log" 2>&1
sed -i.before 's/cpu: .*/cpu: 256/; s/memory: .*/memory: 512/' resample/app.yml  # a small machine
rm resample/app.yml.before
git -C resample commit --quiet --all --message "A small machine is enough"
git -C resample tag v0.1.1
pennsieve workflow add resample >>"$demo/add.log" 2>&1
pennsieve dataset grant resample --dataset "Mouse EEG" --access read-write >>"$demo/add.log" 2>&1

tell "A run for each subject"
run pennsieve run start --workflow resample --dataset "Mouse EEG" --each 'raw/sub-*' --name first
run pennsieve run wait first || true
run pennsieve run show first --failed
tell "Only those that failed, with more memory where it was too little"
run pennsieve run retry first --memory-on-oom x2
run pennsieve run wait first
run pennsieve run show first
