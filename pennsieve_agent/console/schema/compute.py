"""Documents of compute nodes, secrets, layers and policies."""

from __future__ import annotations

from pennsieve_agent.console.schema.kinds import Document, Field

_NODE = (
    Field("id", "text", "The node's id; of an own node, the eight digits in its ARN."),
    Field("name", "text", "Its name."),
    Field("kind", "word", "own, or pennsieve for one that Pennsieve runs."),
    Field("status", "word", "enabled, paused and so on; null for an own node.", null=True),
    Field("aws_account", "text", "The number of its AWS account."),
    Field("region", "text", "Its AWS region.", null=True),
    Field("mode", "word", "basic, secure or compliant.", null=True),
    Field(
        "access",
        "word",
        "Of an own node: owner or shared. Else private, shared or workspace.",
        null=True,
    ),
    Field("version", "text", "The version of what runs in AWS.", null=True),
    Field("created_at", "time", "When it was registered; null for an own node.", null=True),
    Field("gateway", "text", "Own node: the ARN that runs are started by.", optional=True),
    Field("admin", "text", "Own node: the ARN for its owner.", null=True, optional=True),
    Field("aws_profile", "text", "Own node: the AWS profile in use.", null=True, optional=True),
    Field("health", "word", "The result of Pennsieve's last check.", null=True, optional=True),
    Field("account_id", "text", "The id of its AWS account on Pennsieve.", optional=True),
    Field("owner_id", "text", "The id of its owner on Pennsieve.", optional=True),
    Field("description", "text", "Its description.", null=True, optional=True),
)
_ID, _NAME = _NODE[0], _NODE[1]

_PLAN = (
    _NAME,
    Field("provisioner", "word", "own or platform."),
    Field("workspace_id", "text", "The workspace."),
    Field("mode", "word", "basic, secure or compliant."),
    Field("aws", "map of any", "Whose AWS account it is."),
    Field("permissions_boundary", "text", "The boundary of its roles.", null=True),
    Field("tags", "map of text", "Tags of everything in AWS."),
    Field("words", "list of text", "The permissions in sentences."),
    Field("nothing_to_do", "boolean", "Whether the node is as it should be."),
    Field("steps", "list of any", "Each step, in this order."),
    Field("settings", "map of any", "Own node: the settings of its stack.", optional=True),
    Field("changed_settings", "list of any", "Own node: before and after.", optional=True),
    Field("stack", "text", "Own node: the name of its stack.", optional=True),
    Field("gateway", "text", "Own node: the ARN for users.", optional=True),
    Field("admin", "text", "Own node: the ARN for its owner.", optional=True),
    Field("rights_of_pennsieve", "list of any", "Own node: none.", optional=True),
    Field("images_from_aws_account", "text", "Own node: of Pennsieve.", null=True, optional=True),
    Field("network", "list of text", "Own node: zones and ways out.", optional=True),
    Field("storage", "list of text", "Own node: keys, times and prices.", optional=True),
    Field("costs", "map of any", "Own node: in USD.", optional=True),
    Field("platform_aws_account_id", "text", "Run by Pennsieve: whose it is.", optional=True),
    Field("role", "text", "Run by Pennsieve: the role's name.", optional=True),
    Field("hardened", "boolean", "Run by Pennsieve: whether rights are denied.", optional=True),
    Field("documents", "map of any", "Run by Pennsieve: of the role.", optional=True),
    Field("wildcards", "list of text", "Run by Pennsieve: services.", optional=True),
)
_ROLE = (
    Field("role", "text", "The role's name."),
    Field("exists", "boolean", "Whether it is in AWS."),
    Field("up_to_date", "boolean", "Whether it is what Pennsieve asks for today."),
)

DOCUMENTS: tuple[Document, ...] = (
    Document(
        "compute_node",
        "A compute node: compute list, compute register, compute update, compute pause.",
        _NODE,
    ),
    Document(
        "compute_node_details",
        "A compute node, what it is made of and who may use it: compute show.",
        (
            *_NODE,
            Field("stack", "text", "The name of its CloudFormation stack.", null=True),
            Field("settings", "map of any", "The settings of the stack.", null=True),
            Field("owner", "person", "Its owner on Pennsieve.", optional=True),
            Field(
                "shared_with",
                "list of compute_user",
                "Who else may use it; null: not reported.",
                null=True,
            ),
        ),
    ),
    Document(
        "compute_user",
        "Somebody a compute node is shared with.",
        (
            Field("type", "word", "user or team.", optional=True),
            Field("id", "text", "Their id on Pennsieve.", optional=True),
            Field("name", "text", "Their name.", optional=True),
            Field("email", "text", "A person's e-mail address.", null=True, optional=True),
            Field("arn", "text", "Own node: the AWS identity.", optional=True),
            Field("workflow_ids", "list of text", "Own node: what they may run.", optional=True),
            Field("created_at", "time", "Own node: since when.", null=True, optional=True),
        ),
    ),
    Document(
        "compute_access",
        "Who may use a node that Pennsieve runs: compute share, compute unshare.",
        (
            _ID,
            _NAME,
            Field("access", "word", "private, shared or workspace."),
            Field("owner", "person", "Its owner."),
            Field("shared_with", "list of compute_user", "Who else may use it."),
        ),
    ),
    Document(
        "compute_share",
        "An own node that is shared with an AWS identity: compute share, compute unshare.",
        (
            _ID,
            _NAME,
            Field("arn", "text", "The AWS identity."),
            Field("shared", "boolean", "Whether it may use the node now."),
            Field("workflow_ids", "list of text", "What it may run.", optional=True),
            Field("created_at", "time", "Since when.", null=True, optional=True),
            Field("gateway", "text", "The ARN that it joins.", optional=True),
        ),
    ),
    Document(
        "joined_node",
        "A node that somebody else owns: compute join.",
        (*_NODE, Field("workflows", "list of text", "Names of the workflows it may run.")),
    ),
    Document(
        "gpu_type",
        "A GPU machine a node may have: compute list --gpu-types.",
        (
            Field("name", "text", "The value for --gpu-tier."),
            Field("gpu", "text", "The GPU."),
            Field("gpu_memory_gb", "number", "The GPU's memory; null: not reported.", null=True),
            Field("cpus", "number", "CPUs; null: not reported.", null=True),
            Field("memory_gb", "number", "Memory; null: not reported.", null=True),
            Field("instance_type", "text", "The EC2 instance type."),
            Field("usd_per_hour", "number", "AWS's price; null: not reported.", null=True),
        ),
    ),
    Document(
        "compute_checks",
        "What was checked: compute doctor.",
        (
            Field("node", "text", "The node's name."),
            Field("passed", "boolean", "Whether all checks passed."),
            Field("checks", "list of compute_check", "Each check."),
            Field("trial_run", "trial_run", "The trial run: --run.", optional=True),
        ),
    ),
    Document(
        "trial_run",
        "A trial run: compute doctor --run.",
        (
            Field("run_id", "text", "The run."),
            Field("start_seconds", "number", "Until its program ran.", null=True),
            Field("program_seconds", "number", "How long its program ran.", null=True),
            Field("clean_seconds", "number", "From then until its files were gone.", null=True),
            Field("usd", "number", "What it cost by the node's estimate.", null=True),
        ),
    ),
    Document(
        "compute_check",
        "One check of a compute node.",
        (
            Field("name", "text", "What was checked."),
            Field("passed", "boolean", "Whether it passed."),
            Field("finding", "text", "What was seen."),
            Field("why", "text", "Why it matters."),
            Field("remedy", "text", "What to do."),
        ),
    ),
    Document(
        "compute_deleted",
        "What was deleted: compute delete.",
        (
            _NAME,
            Field("deleted", "list of text", "What was deleted."),
            Field("kept", "list of text", "What stays, and why."),
        ),
    ),
    Document(
        "compute_deletion_plan",
        "What would be deleted: compute delete --dry-run.",
        (
            _NAME,
            Field("workspace_id", "text", "The workspace."),
            Field("steps", "list of any", "Each step, in this order."),
            Field("kept", "list of text", "What stays, and why."),
            Field("run_ids", "list of text", "Runs that are active."),
            Field("workflow_ids", "list of text", "Workflows that are on no other node."),
        ),
    ),
    Document("registration_plan", "compute register --dry-run, compute update --dry-run.", _PLAN),
    Document(
        "role_change",
        "The role of the nodes that Pennsieve runs, and what it would say: compute update --role.",
        (
            *_ROLE,
            Field("diff", "list of text", "The differences, line by line."),
            Field("now", "map of any", "Its documents now."),
            Field("then", "map of any", "Its documents as Pennsieve asks for them."),
            Field("changed", "boolean", "Whether it was changed."),
        ),
    ),
    Document(
        "pennsieve_role",
        "The role of the nodes that Pennsieve runs: compute policy role.",
        (
            *_ROLE,
            Field("trust", "map of any", "Its trust policy."),
            Field("permissions", "map of any", "Its policy."),
        ),
    ),
    Document(
        "role_policies",
        "The roles of a node: compute policy.",
        (
            Field("roles", "list of role_policy", "Each role."),
            Field("users_can", "list of text", "Own node: of its users.", optional=True),
            Field("owner_can", "list of text", "Own node: of its owner.", optional=True),
            Field("by_name", "list of text", "Own node: who may use what.", optional=True),
            Field(
                "rests_on_ids", "list of text", "Own node: what only ids keep apart.", optional=True
            ),
        ),
    ),
    Document(
        "role_policy",
        "A role with its documents.",
        (
            Field("role", "text", "Its name."),
            Field("trust_policy", "map of any", "Who may assume it."),
            Field("permission_policies", "list of any", "What it may do."),
            Field("permissions_boundary", "map of any", "What limits it.", null=True),
            Field("words", "map of list of text", "The same in sentences."),
        ),
    ),
    Document(
        "policy_review",
        "The folder that was written for a review: compute policy review.",
        (
            Field("folder", "text", "Where."),
            Field("files", "list of text", "The files, by their paths in it."),
        ),
    ),
    Document(
        "installer_policies",
        "The rights of whoever registers nodes: compute policy installer.",
        (
            Field("policies", "list of any", "IAM policies."),
            Field("can_do", "list of text", "What they allow, in sentences.", optional=True),
        ),
    ),
)
