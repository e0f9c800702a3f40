"""What the functions of a deployment have logged."""


def log_of(deployment):
    logs = deployment.emulator.client("logs")
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName=deployment.outputs["LogGroup"])
    return "\n".join(event["message"] for page in pages for event in page["events"])
