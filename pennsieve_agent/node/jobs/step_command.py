"""The command line and the folders of a step, as its run fills them.

A command line is in the job definition, so everybody in the AWS account who may ask
``batch:DescribeJobs`` sees the values of the parameters that it reads
(:mod:`pennsieve_agent.node.jobs.step_parameters`); ``workflow add`` says so.
"""

from __future__ import annotations

from pennsieve_agent.domain.command_lines import INPUT, OUTPUT, CommandLine
from pennsieve_agent.domain.step_files import data_path, input_folder, step_folder
from pennsieve_agent.node.records.run_record import JobKind, RunRecord

MOST_BYTES = 8 * 1024
"""Of a filled command line; a job definition has 24 KB in all
(https://docs.aws.amazon.com/batch/latest/userguide/service_limits.html)."""


def continued(command: object) -> str:
    """The step whose output a step with this command goes on with; empty for none."""
    line = CommandLine.of(command)
    return line.continues if line is not None else ""


def step_folders(record: RunRecord, step: str) -> dict[str, str]:
    """Where a step finds its input and leaves its output."""
    planned = record.planned_step(step)
    before = continued(planned.get("command"))
    reader = before or step
    parents = (record.planned_step(before) if before else planned).get("depends_on") or ()
    return {
        "INPUT_DIR": data_path(input_folder(reader, parents)),
        "OUTPUT_DIR": data_path(step_folder(step)),
    }


def step_command(record: RunRecord, step: str) -> list[str]:
    """The words that follow the entry point of a step's image; none for those of the image."""
    planned = record.planned_step(step)
    command = planned.get("command") or []
    line = CommandLine.of(command)
    if line is None:
        return list(command)
    folders = step_folders(record, step)
    places = {INPUT: folders["INPUT_DIR"], OUTPUT: folders["OUTPUT_DIR"]}
    return line.filled(places, planned.get("environment") or {})


def too_long(record: RunRecord) -> str:
    """Why a step's command line cannot be handed to AWS Batch; empty where it can."""
    for job in record.work:
        if job.kind is not JobKind.PROCESS:
            continue
        size = sum(len(word.encode()) for word in step_command(record, job.step))
        if size > MOST_BYTES:
            return (
                f"the command line of step '{job.step}' has {size} bytes with its parameters, and "
                f"can have {MOST_BYTES}; give shorter values"
            )
    return ""
