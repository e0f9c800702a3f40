"""The logs contain no texts and no phone numbers.

Run after the journeys, these tests also read the logs of those.
"""

import re

from logs import log_of, metrics_of
from polling import eventually
from template import resources

TEXT = "My PIN is quokka, please call back"
REPLY = "We never ask for your PIN"


def test_no_log_has_a_phone_number_or_a_message_text(deployment, harbor, dana, maria):
    maria.texts(harbor.line, TEXT)
    conversation = dana.sees(maria, TEXT)["conversation"]
    assert dana.replies(conversation, REPLY).status == 201
    # A message that fails is logged with the reason.
    maria.publishes("not JSON, but it has my number " + maria.number)
    maria.texts("+12065550198", TEXT)
    lines = eventually(lambda: recording_errors(deployment), "the failure of the malformed message is logged")
    assert lines

    written = log_of(deployment)
    assert "START RequestId" in written
    for secret in (TEXT, REPLY, "quokka", "my number", maria.number, harbor.line, "+12065550198"):
        assert secret not in written, secret
        assert secret.lstrip("+") not in written, secret
    assert not re.search(r"\+\d{10,15}", written)


def recording_errors(deployment):
    return [line for line in log_of(deployment).splitlines() if "an inbound message was not recorded" in line]


def test_a_send_is_counted_in_the_metric_of_the_alarm_and_the_dashboard(deployment, harbor, dana, maria):
    assert dana.writes_first(maria.number, "Counted?").status == 201
    name = deployment.function("SendReply")["FunctionName"]
    counted = eventually(lambda: metrics_of(deployment, name), "the send is counted")[-1]
    (directive,) = counted["_aws"]["CloudWatchMetrics"]
    assert directive == {"Namespace": "Switchboard", "Dimensions": [["Function"]], "Metrics": [{"Name": "SendAccepted", "Unit": "Count"}]}
    assert (counted["Function"], counted["SendAccepted"]) == (name, 1)
    alarm = resources("AWS::CloudWatch::Alarm")["SendFailuresAlarm"]["Properties"]
    watched = [metric["MetricStat"]["Metric"] for metric in alarm["Metrics"] if "MetricStat" in metric]
    assert {metric["Namespace"] for metric in watched} == {directive["Namespace"]}
    by_cause = [{"Name": "Function", "Value": {"Ref": "SendReply"}}, {"Name": "Cause", "Value": "Ours"}]
    assert by_cause in [metric["Dimensions"] for metric in watched]
    dashboard = resources("AWS::CloudWatch::Dashboard")["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    assert '["Switchboard", "SendAccepted", "Function", "${SendReply}"' in dashboard
