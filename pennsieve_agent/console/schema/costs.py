"""Documents of what runs cost: before, and after."""

from __future__ import annotations

from pennsieve_agent.console.schema.batches import SUMMARY
from pennsieve_agent.console.schema.kinds import Document, Field

_RUN_ID = Field("run_id", "text", "The run's id.")
_USD = Field("estimated_usd", "number", "Cost by estimate, in USD; null before that.", null=True)
_SECONDS = Field("seconds", "number", "How long it took; null: not measured.", null=True)
_ESTIMATE = (
    Field("low_usd", "number", "USD by list prices; null: unknown.", null=True),
    Field("expected_usd", "number", "The middle: half of such runs cost less.", null=True),
    Field("high_usd", "number", "The upper end.", null=True),
    Field("low_seconds", "number", "From the start to the end; null: unknown.", null=True),
    Field("expected_seconds", "number", "The middle.", null=True),
    Field("high_seconds", "number", "The upper end.", null=True),
    Field("basis", "text", "What it is based on: which runs, or the declared resources."),
    Field("runs", "integer", "Earlier runs that it is based on."),
    Field("prices_date", "text", "The month of the price table.", null=True),
    Field("prices_region", "text", "The region whose prices are taken.", null=True),
)


DOCUMENTS: tuple[Document, ...] = (
    Document(
        "plan_estimate",
        "What a run or batch will cost and take, as estimated before the start.",
        (
            *_ESTIMATE,
            Field("once", "number", "USD whatever its steps do.", null=True),
            Field("files", "number", "Of that, for the input.", null=True),
            Field("hour", "number", "USD for each hour in which all steps run.", null=True),
        ),
    ),
    Document(
        "run_estimate",
        "The estimate of a run's cost and time from before its start: nine of ten runs are within "
        "low and high.",
        _ESTIMATE,
    ),
    Document(
        "run_cost",
        "What a run took: run cost.",
        (
            _RUN_ID,
            Field("status", "word", "As of a run."),
            Field("metrics", "run_metrics", "Null before it was counted.", null=True),
            Field("spent_usd", "number", "What it has cost so far; null: unknown.", null=True),
            Field("estimate", "run_estimate", "The estimate from before its start.", null=True),
        ),
    ),
    Document(
        "run_metrics",
        "What a run that was counted took.",
        (
            _SECONDS,
            _USD,
            Field("estimated_usd_by_part", "map of number", "What is known of the cost's parts."),
            Field("packages", "integer", "Packages it read; null: not measured.", null=True),
            Field("input_files", "integer", "Files it read; null: unknown.", null=True),
            Field("input_size", "integer", "Bytes it read; null: not measured.", null=True),
            Field("steps", "list of run_step_metrics", "Its steps."),
        ),
    ),
    Document(
        "run_step_metrics",
        "What a step took.",
        (
            Field("id", "text", "The step's id."),
            _SECONDS,
            Field("estimated_usd", "number", "What its machines cost.", null=True),
            Field("compute_type", "text", "The kind of machine.", null=True),
            Field("most_memory_mb", "number", "The most memory it used, in MB.", null=True),
        ),
    ),
    Document(
        "run_totals",
        "What all runs together took and cost: run cost --total.",
        (
            Field("period", "word", "all, year or month."),
            Field("workflow_id", "text", "The workflow that was asked for.", null=True),
            Field("total", "integer", "All runs; null: not reported.", null=True),
            Field("succeeded", "integer", "Those that succeeded; null: not reported.", null=True),
            Field("failed", "integer", "Those that failed; null: not reported.", null=True),
            Field(
                "canceled", "integer", "Those that were cancelled; null: not reported.", null=True
            ),
            _SECONDS,
            _USD,
            Field("places", "list of run_place", "By the node or service that counted them."),
        ),
    ),
    Document(
        "run_place",
        "The runs that one place counted.",
        (
            Field("node", "text", "The own node's name, or Pennsieve."),
            Field("total", "integer", "Its runs; null: not reported.", null=True),
            _USD,
        ),
    ),
    Document(
        "batch_cost",
        "What the runs of a batch took together: run cost.",
        (
            *SUMMARY,
            Field("estimate", "run_estimate", "The estimate for all runs.", null=True),
            Field(
                "runs_counted", "integer", "Those with a known cost; null: not reported.", null=True
            ),
            Field("runs_compared", "integer", "Those of them that succeeded.", null=True),
            Field("compared_usd", "number", "What these cost.", null=True),
            Field("estimate_of_compared", "run_estimate", "The estimate for these.", null=True),
            Field("estimated_usd_by_part", "map of number", "The cost of those counted, by kind."),
            Field("estimated_usd_by_step", "map of number", "What machines cost, by step."),
        ),
    ),
    Document(
        "cost_groups",
        "All runs by what they have in common: run cost --by.",
        (
            Field("by", "word", "workflow, dataset or person."),
            Field("period", "word", "all, year or month."),
            Field("groups", "list of cost_group", "The most expensive first."),
        ),
    ),
    Document(
        "cost_group",
        "Runs that have something in common.",
        (
            Field("id", "text", "Of the workflow, dataset or person.", null=True),
            Field("name", "text", "Its name, or the id if it is not known."),
            Field("total", "integer", "The runs."),
            Field("not_counted", "integer", "Those of them whose cost is not known."),
            Field("seconds", "number", "How long they took."),
            Field("estimated_usd", "number", "What those that were counted cost."),
        ),
    ),
    Document(
        "run_advice",
        "Which sizes steps should declare next time: run cost --advise.",
        (
            _RUN_ID,
            Field("workflow", "text", "The workflow's name.", null=True),
            Field("workflow_version", "text", "Its version.", null=True),
            Field("runs", "integer", "Runs in which something was measured."),
            Field("saves_usd_per_run", "number", "Below 0: it costs more."),
            Field("saves_usd_per_100_runs", "number", "The same of 100 runs."),
            Field("steps", "list of step_advice", "Its steps with a program."),
        ),
    ),
    Document(
        "step_advice",
        "The sizes that a step declares, and those that it should.",
        (
            Field("id", "text", "The step's id."),
            Field("source_url", "text", "The repository whose manifest declares them.", null=True),
            Field("cpu", "integer", "In 1/1024 of a processor."),
            Field("memory", "integer", "In MB."),
            Field("next_cpu", "integer", "What to declare next time."),
            Field("next_memory", "integer", "What to declare next time."),
            Field("most_memory_mb", "number", "The most that was used.", null=True),
            Field("cores", "number", "Processors that were busy on average.", null=True),
            Field("attempts", "integer", "Attempts that were measured."),
            Field("saves_usd_per_run", "number", "Below 0: it costs more."),
            Field("why_not", "text", "Why nothing is advised.", null=True),
            Field("manifest", "list of text", "The lines of app.yml; none where it stays."),
        ),
    ),
)
