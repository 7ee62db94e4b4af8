#!/usr/bin/env bash
# Two ways to bring code, against a sandbox: a folder with a script in four commands, a BIDS App in
# three. No account and no AWS; without a container engine, steps run as processes of this machine.
set -euo pipefail
source "$(dirname "$0")/typed.sh"

fresh
# Code lies in no other repository.
code=$(mktemp -d)
tell "A folder with a script, and something small to try it on"
mkdir -p "$code/spike-rate/data/input" "$demo/datasets/Mouse EEG/raw"
cat > "$code/spike-rate/spike_rate.py" <<'PY'
"""Spikes a second on each channel: how often a signal rises above a threshold."""

import csv
import os
from pathlib import Path

THRESHOLD = float(os.environ.get("THRESHOLD", "40"))  # microvolts
SAMPLES_A_SECOND = 100

for path in sorted(Path(os.environ["INPUT_DIR"]).rglob("*.csv")):
    with path.open() as file:
        names, *rows = csv.reader(file)
    rates = []
    for signal in zip(*rows):
        above = [float(value) > THRESHOLD for value in signal]
        spikes = sum(now and not before for before, now in zip(above, above[1:]))
        rates.append(f"{spikes * SAMPLES_A_SECOND / len(above):.2f}")
    print(path.name, dict(zip(names, rates)))
    result = Path(os.environ["OUTPUT_DIR"], f"{path.stem}_rates.csv")
    result.write_text(f"{','.join(names)}\n{','.join(rates)}\n")
PY
python - "$code/spike-rate/data/input/short.csv" "$demo/datasets/Mouse EEG/raw" <<'PY'
import sys
from pathlib import Path
def signal(seconds, every):
    rows = [f"{90 if n % every == 7 else n % 13},{90 if n % 50 == 9 else n % 11}\n" for n in range(100 * seconds)]
    return "left,right\n" + "".join(rows)
Path(sys.argv[1]).write_text(signal(2, 20))
for number, every in enumerate((25, 40), 1):
    Path(sys.argv[2], f"mouse-{number}.csv").write_text(signal(10, every))
PY
cp -R examples/bids-protocol/data/input "$demo/datasets/Brain MRI"

# Who commits, as git asks everybody once.
export GIT_CONFIG_GLOBAL=$demo/gitconfig
git config --global user.name Ada
git config --global user.email ada@example.org
[[ ${DEMO_ENGINE:-process} == docker ]] || export DOCKER_HOST=unix:///no-engine
sandbox
trap 'pennsieve sandbox stop --data "$demo" >/dev/null; rm -rf "$code"' EXIT
tell "A compute node, which the demo shows"
[[ -e $demo/own-nodes.json ]] || pennsieve compute register --yes >"$demo/register.log" 2>&1

cd "$code"
tell "Your own script: four commands"
run pennsieve workflow init spike-rate
run pennsieve workflow test spike-rate
run pennsieve workflow add spike-rate
run pennsieve run start --workflow spike-rate --dataset "Mouse EEG" --all --grant --follow

tell "A BIDS App: three commands (its code here, as an image itself needs a container engine)"
cp -R "$OLDPWD/examples/bids-protocol" .
repository bids-protocol "A BIDS App"
run pennsieve workflow add bids-protocol --bids participant
run pennsieve dataset grant bids-protocol --dataset "Brain MRI" --access read-write
run pennsieve run start --workflow bids-protocol --dataset "Brain MRI" --all --param subject='01 02' --follow
