# Sourced by demo.sh and own-code.sh: commands that are shown, typed, and sent to a sandbox.
cd "$(dirname "${BASH_SOURCE[0]}")/.."
demo=${DEMO:-$PWD/.demo}
bin=$(dirname "$(command -v pennsieve)")

tell() { printf '\n# %s\n' "$*"; }
say() { printf '\n$ %s\n' "$*"; }
run() {
  local words=() word
  for word in "$@"; do [[ $word == *[^A-Za-z0-9_./=-]* ]] && word="'$word'"; words+=("$word"); done
  say "${words[*]}"
  "$@"
}

fresh() {
  if [[ -n ${DEMO:-} ]]; then return; fi  # a folder of somebody's own stays as it is
  tell "A fresh start: everything is made below ${demo/#$PWD/.}"
  pennsieve sandbox stop --data "$demo" >/dev/null 2>&1 || true
  rm -rf "$demo"
}

sandbox() {
  tell "A Pennsieve and an AWS account on this machine; it stops at the end of the demo"
  run pennsieve sandbox start --detach --data "$demo" --port "${DEMO_PORT:-0}" --engine "${DEMO_ENGINE:-process}"
  trap 'pennsieve sandbox stop --data "$demo" >/dev/null' EXIT
  say 'eval "$(pennsieve sandbox env)"'
  eval "$(pennsieve sandbox env --data "$demo")"
}

repository() {
  git -C "$1" init --quiet --initial-branch main
  git -C "$1" add .
  git -C "$1" -c user.name=Ada -c user.email=ada@example.org commit --quiet -m "$2"
  git -C "$1" tag v1.0.0
}
