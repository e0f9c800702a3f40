"""The heartbeat, a text that a deployment sends itself, and the daily check of the lines.

The heartbeat passes the topic, the queue, inbound-sms, the table, the stream and dispatch-push.
"""

import pytest

from exercises import stored_heartbeats
from logs import log_of, metrics_of
from polling import eventually
from template import resources


def metric_lines(deployment, function, metric):
    """Returns the log lines with which a function has counted a metric."""
    name = deployment.function(function)["FunctionName"]
    return [it for it in metrics_of(deployment, name) if metric in it]


def is_watched_by(alarm, line):
    """Returns whether an alarm watches the metric of a log line."""
    alarm = resources("AWS::CloudWatch::Alarm")[alarm]["Properties"]
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    (metric,) = directive["Metrics"]
    named = [it["Name"] for it in alarm["Dimensions"]]
    return (directive["Namespace"], metric["Name"], named) == (alarm["Namespace"], alarm["MetricName"], directive["Dimensions"][0])


def test_a_heartbeat_comes_through_and_is_counted_in_the_metric_of_its_alarm(deployment, dana):
    before = len(metric_lines(deployment, "DispatchPush", "Heartbeat"))
    deployment.invoke("Heartbeat", {})
    heard = eventually(lambda: metric_lines(deployment, "DispatchPush", "Heartbeat")[before:], "the heartbeat is counted")
    assert is_watched_by("HeartbeatAlarm", heard[0])
    assert "Heartbeat" not in [it["text"] for it in dana.notifications()]
    # The next heartbeat removes what this one stored, so the number of stored heartbeats does not grow.
    for _ in range(3):
        before = len(metric_lines(deployment, "DispatchPush", "Heartbeat"))
        deployment.invoke("Heartbeat", {})
        eventually(lambda: metric_lines(deployment, "DispatchPush", "Heartbeat")[before:], "the next heartbeat is counted")
        assert len(stored_heartbeats(deployment)) <= 1


@pytest.fixture
def set_account_numbers(deployment):
    """Gives the account a phone number for each line until the test ends.

    The numbers have the right settings, except for those that a test passes.
    """
    sms_service = deployment.emulator.sms_service

    def set_numbers(**otherwise):
        sms_service.numbers.clear()
        for line in lines_of(deployment):
            wrong = otherwise.get(f"line_{line.removeprefix('+')}", {})
            sms_service.add_number(line, deployment.outputs["InboundTopic"], **wrong)

    yield set_numbers
    sms_service.numbers.clear()


def lines_of(deployment):
    dynamodb = deployment.emulator.client("dynamodb")
    pages = dynamodb.get_paginator("query").paginate(
        TableName=deployment.outputs["Table"], IndexName="recent",
        KeyConditionExpression="recent_pk = :list AND begins_with(recent_sk, :lines)",
        ExpressionAttributeValues={":list": {"S": "DIRECTORY"}, ":lines": {"S": "LINE#"}},
    )
    return [item["number"]["S"] for page in pages for item in page["Items"]]


@pytest.mark.parametrize("wrong, reason", [
    ({"TwoWayEnabled": False}, "two-way-off"), ({"TwoWayChannelArn": "arn:aws:sns:us-east-1:000000000000:other"}, "leads-elsewhere"),
    ({"Status": "PENDING"}, "not-active"), ({"SelfManagedOptOutsEnabled": True}, "opt-outs-unanswered"),
])
def test_a_line_that_is_set_wrong_is_counted_and_logged_with_its_company(deployment, harbor, set_account_numbers, wrong, reason):
    set_account_numbers()
    looked = deployment.invoke("Heartbeat", {"check": "lines"})
    assert looked["lines"] == len(lines_of(deployment))
    # Companies of other tests may share an opt-out list.
    others = looked["wrong"]
    before, said = len(metric_lines(deployment, "Heartbeat", "LineFaults")), log_of(deployment).count(f'"reason":"{reason}"')
    set_account_numbers(**{f"line_{harbor.line.removeprefix('+')}": wrong})
    assert deployment.invoke("Heartbeat", {"check": "lines"})["wrong"] == others + 1
    found = eventually(lambda: metric_lines(deployment, "Heartbeat", "LineFaults")[before:], "the wrong line is counted")
    assert found[0]["LineFaults"] == others + 1 and is_watched_by("LinesAlarm", found[0])
    eventually(lambda: log_of(deployment).count(f'"reason":"{reason}"') > said, "the log has the reason")
    (*_, line) = (it for it in log_of(deployment).splitlines() if f'"reason":"{reason}"' in it)
    assert f'"company":"{harbor.id}"' in line
    assert harbor.line.removeprefix("+") not in line


def test_the_line_of_the_heartbeat_is_not_listed(deployment):
    dynamodb, heartbeats_line = deployment.emulator.client("dynamodb"), {"pk": {"S": "LINE#+12025550100"}, "sk": {"S": "LINE"}}
    deployment.invoke("Heartbeat", {})
    kept = dynamodb.get_item(TableName=deployment.outputs["Table"], Key=heartbeats_line)["Item"]
    assert kept["company"] == {"S": "-heartbeat"}
    assert "+12025550100" not in lines_of(deployment)
