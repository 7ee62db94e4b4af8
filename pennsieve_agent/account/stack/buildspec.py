"""What a build of an image does, as CodeBuild reads it: commands of one shell.

"Build specification reference"
(https://docs.aws.amazon.com/codebuild/latest/userguide/build-spec-ref.html).
"""

from __future__ import annotations

import json
from collections.abc import Sequence

PAUSES = (30, 60, 120)
"""Seconds before a build is repeated that a registry of base images refused as one of too many."""
_FETCH = """
aws s3 cp --only-show-errors "s3://$BUCKET/archives/$ARCHIVE.tar.gz" code.tar.gz

echo "$ARCHIVE *code.tar.gz" | sha256sum --check --quiet

mkdir code && tar -xzf code.tar.gz --no-same-owner -C code

aws ecr get-authorization-token --output text
  --query 'authorizationData[0].[proxyEndpoint,authorizationToken]' > login

read -r REGISTRY TOKEN < login && rm login

echo "$TOKEN" | base64 -d | cut -d: -f2 |
  docker login --username AWS --password-stdin "$REGISTRY"

IMAGES="${REGISTRY#*://}/$REPOSITORY"; IMAGE="$IMAGES:$ARCHIVE"; CACHE="$IMAGES:$EARLIER"
"""
# BuildKit reads an earlier image's layers where they are; the older builder has to have it.
_BUILD = """
if docker buildx version > /dev/null 2>&1; then
  export DOCKER_BUILDKIT=1 BUILDKIT_PROGRESS=plain BUILDX_NO_DEFAULT_ATTESTATIONS=1;
elif [ -n "$EARLIER" ]; then
  docker pull --quiet "$CACHE" || true;
fi

for PAUSE in PAUSES ""; do
  (docker build --platform linux/amd64 --build-arg BUILDKIT_INLINE_CACHE=1
    ${EARLIER:+--cache-from=$CACHE} --tag "$IMAGE" code; echo $? > status) 2>&1 | tee build.log;
  if [ "$(cat status)" = 0 ] || [ -z "$PAUSE" ]; then break; fi;
  if ! grep -qiE 'toomanyrequests|429 too many requests' build.log; then break; fi;
  echo "a registry refuses for now: too many requests; once more in $PAUSE seconds";
  sleep "$PAUSE";
done

[ "$(cat status)" = 0 ]

docker image inspect --format '{{.Os}}/{{.Architecture}}' "$IMAGE" > machine;
if ! grep -qx linux/amd64 machine; then
  echo "error: the image is for $(cat machine), and nodes are linux/amd64"; false;
fi

docker push "$IMAGE"
"""


def buildspec(pauses: Sequence[int]) -> str:
    """The buildspec, in JSON.

    A build is given ``ARCHIVE``, the SHA-256 of the code's archive, which is the image's tag, too,
    and ``EARLIER``, the tag of an image whose layers it begins with, or nothing.
    """
    build = _BUILD.replace("PAUSES", " ".join(map(str, pauses)))
    phases = {
        "pre_build": {"on-failure": "ABORT", "commands": _commands(_FETCH)},
        "build": {"on-failure": "ABORT", "commands": _commands(build)},
    }
    return json.dumps({"version": "0.2", "phases": phases}, separators=(",", ":"))


def _commands(text: str) -> list[str]:
    """The commands of a text, between empty lines; each in one line, as the log repeats it."""
    return [" ".join(part.split()) for part in text.split("\n\n")]
