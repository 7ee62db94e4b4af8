"""The traps that no call of the client meets, by contract file and number.

``ELSEWHERE`` are handled, but not by the client's methods: each names the package that does.
``NOT_OURS`` cannot be handled by any client: each says why.
Every other trap has a test here whose name begins with its file and number.
"""

from __future__ import annotations

COUNTS = {"core": 41, "resources": 45, "workflows": 41}

ELSEWHERE = {
    "core_11": "settings: the names of the second host in the environment and the file",
    "core_14": "platform.uploads: snake_case of manifests, camelCase of credentials",
    "core_16": "platform.uploads: a status is sent as a number and read as a word",
    "core_22": "platform.downloads: addresses are fetched late and again when they have ended",
    "core_24": "platform.downloads: files that the scanner blocked are named",
    "core_25": "platform.downloads: paths of a download manifest",
    "core_27": "platform.uploads: batches are small, and none holds an empty file",
    "core_28": "platform.uploads: checksums come from S3's own answers",
    "core_29": "platform.uploads: packages are looked for in the end",
    "core_30": "platform.uploads: states are read without changing them",
    "core_31": "platform.uploads: new files are sent with status 0",
    "core_32": "platform.uploads: upload ids are kept for the next try",
    "core_33": "platform.uploads: file types are left to the platform",
    "core_34": "platform.uploads: the direct path alone is used",
    "core_35": "platform.uploads: credentials are renewed within the hour",
    "core_37": "settings: the file is read by our own reader, whose errors quote nothing",
    "core_38": "settings: a key in the environment is said to hide the profiles",
    "core_40": "cli: named exit codes",
    "resources_43": "account.removal: nodes, then workspaces, then the record, then the role",
    "workflows_23": "source.manifest: both files are read",
    "workflows_24": "platform.uploads: the wire's own spellings",
    "workflows_33": "node.transfer_job: equal names are refused, links are followed",
    "workflows_35": "platform.uploads: packages are looked for in the end",
}

NOT_OURS = {
    "core_06": "about another client's fixed host",
    "core_39": "about another client's open port, which this one does not have",
    "resources_04": "storage nodes are not offered yet",
    "resources_25": "nothing tells when an update has ended; the method's text says so",
    "resources_32": "the platform has no call to change what an account allows in a workspace",
    "resources_36": "the platform's own clocks",
    "resources_38": "the served policy is read and shown; the client puts none into an account",
    "resources_40": "about what an older provisioner would do; only the node's own image is kept",
    "resources_41": "the policy is read as it is now; what was applied is not the client's to know",
    "resources_42": "the platform chooses what takes a node down",
    "resources_44": "the platform makes nodes in one region and offers no choice",
    "resources_45": "rows that stay in the platform's own tables",
    "resources_19": "nodes of no workspace are neither made nor listed",
    "workflows_03": "who may add a version is the platform's decision",
    "workflows_06": "nothing is asked of applications of before the app store",
    "workflows_09": "about tokens of containers, which a person's client never has",
    "workflows_10": "about tokens of containers, which a person's client never has",
    "workflows_31": "the platform checks no change of state; only what executes a run says one",
    "workflows_32": "about an older start that no longer exists",
    "workflows_34": "about containers that are used again",
    "workflows_36": "about what a target does inside a run",
    "workflows_38": "live events are not used; states are asked for",
    "workflows_39": "a webhook is made and deleted, and never changed",
    "workflows_41": "about the text of somebody's README",
}
