"""Reads the logs of a deployment's functions."""

import json


def log_of(deployment):
    logs = deployment.emulator.client("logs")
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName=deployment.outputs["LogGroup"])
    return "\n".join(event["message"] for page in pages for event in page["events"])


def metrics_of(deployment, function):
    """Returns the metrics that a function has logged."""
    lines = [line for line in log_of(deployment).splitlines() if line.startswith("{") and '"_aws"' in line]
    return [counted for counted in map(json.loads, lines) if counted["Function"] == function]
