"""The operators' command, `admin`, with a deployed stack: companies, lines, staff, secrets, and the doctor."""

import json
import secrets
import shlex
import subprocess

import pytest

from authorisation import ACCOUNT
from browsers import Browser
from calls import Call
from emulator import ROOT
from logs import log_of
from people import Customer, Staff
from polling import eventually
from readme import commands, run
from template import resources


class Operator:
    def __init__(self, deployment):
        self.deployment = deployment

    def run(self, *arguments, **environment):
        command = [ROOT / "target" / "debug" / "switchboard-admin", "--stack", self.deployment.name, *arguments]
        environment = self.deployment.emulator.environment() | environment
        return subprocess.run(command, cwd=ROOT, env=environment, text=True, capture_output=True)

    def run_ok(self, *arguments):
        ran = self.run(*arguments)
        assert ran.returncode == 0, ran.stdout + ran.stderr

    def aws(self, *arguments):
        """Runs a command of the AWS CLI, as infra/README.md has it. Returns its output."""
        emulator = self.deployment.emulator
        ran = subprocess.run([*emulator.aws, *arguments], env=emulator.environment(), text=True, capture_output=True)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    def doctor_findings(self, **environment):
        """Returns the doctor's findings and its advice, without those that the emulator causes."""
        ran = self.run("--json", "doctor", **environment)
        findings = json.loads(ran.stdout)
        assert findings, ran.stderr
        portal = self.deployment.outputs["PortalAddress"]
        wrong = {it["says"].replace(portal, "the portal"): it["do"] for it in findings if it["verdict"] == "wrong"}
        assert set(NOT_EMULATED) <= set(wrong), wrong
        return {says: to_do for says, to_do in wrong.items() if says not in NOT_EMULATED}

    def run_advice(self, advice):
        """Runs the command of the AWS CLI in the doctor's advice."""
        self.aws(*shlex.split(advice[advice.index("aws ") :])[1:])


def test_a_new_company_and_its_staff_work_at_once(deployment, issuer, unused_numbers):
    operator, line = Operator(deployment), "+12065550171"
    operator.run_ok("company", "add", "elm-vets", "--name", "Elm Vets", "--region", "US", "--time-zone", "America/Los_Angeles", "--line", line)
    operator.run_ok("staff", "add", "ana", "--company", "elm-vets", "--name", "Ana Ruiz", "--email", "ana@elm.example", "--administrator")

    ana, customer = Staff(deployment), Customer(deployment, next(unused_numbers))
    assert ana.signs_in(issuer, "ana@elm.example") == "/messages.html"
    customer.texts(line, "Is the vet in?")
    notification = ana.sees(customer, "Is the vet in?")
    assert ana.replies(notification["conversation"], "She is.").status == 201
    assert customer.received() == ["She is."]
    history = ana.gets(f"/api/conversations/{notification['conversation']}/history")
    assert [it["done"] for it in history.items()] == ["sent"], "an administrator should see the history"


def test_an_api_client_writes_appointments_with_its_cookie_and_nothing_else(deployment, harbor, dana, unused_numbers):
    operator = Operator(deployment)
    added = operator.run("--json", "program", "add", "scheduling", "--company", "harbor-dental", "--name", "Scheduling system")
    assert added.returncode == 0, added.stderr
    name, token = json.loads(added.stdout)["program"]["cookie"].split("=")
    assert name == "__Host-switchboard"
    program = Staff(deployment, token)
    booked = program.books("Edith Moreau", next(unused_numbers), "PMS-2026.18")
    assert dana.gets("/api/appointments/PMS-2026.18").json()["name"] == "Edith Moreau"
    for refused in (program.gets("/api/notifications"), program.replies(booked["conversation"], "psst")):
        assert refused.code() == "not-for-programs"
    operator.run_ok("staff", "remove", "scheduling", "--company", "harbor-dental", "--yes")
    assert uncached_session(program) == (401, "session-ended")


def test_the_line_of_a_call_identifies_the_company(deployment, harbor, dana, maria):
    line = "+12065550188"
    appointment = dana.books("Maria Lopez", maria.number)["id"]
    pressed = Call(line, maria.number, appointment).pressed("1")
    assert deployment.invoke("ConfirmationCall", pressed) == {"result": "unknown-line"}
    Operator(deployment).run_ok("line", "add", line, "--company", "harbor-dental", "--calls-only")
    assert deployment.invoke("ConfirmationCall", pressed) == {"result": "confirmed"}
    assert dana.status_of(appointment) == "confirmed"


def test_sign_out_and_removal_end_sessions(deployment, issuer, unused_numbers):
    operator = Operator(deployment)
    operator.run_ok("company", "add", "oak-hair", "--name", "Oak Hair", "--region", "US", "--time-zone", "America/Los_Angeles", "--line", "+12065550172")
    operator.run_ok("line", "add", "+12065550173", "--company", "oak-hair")
    operator.run_ok("staff", "add", "lee", "--company", "oak-hair", "--name", "Lee Park", "--email", "lee@oak.example")
    # A company without staff would be a finding of the doctor, so one member stays.
    operator.run_ok("staff", "add", "kim", "--company", "oak-hair", "--name", "Kim Roe", "--email", "kim@oak.example")
    lee = Staff(deployment)
    lee.signs_in(issuer, "lee@oak.example")
    customer = Customer(deployment, next(unused_numbers))
    customer.texts("+12065550173", "to the other line")
    lee.sees(customer, "to the other line")

    operator.run_ok("staff", "sign-out", "lee", "--company", "oak-hair")
    assert uncached_session(lee) == (401, "session-ended")
    lee = Staff(deployment)
    lee.signs_in(issuer, "lee@oak.example")
    assert lee.gets("/api/session").status == 200

    issuer.replaced_subjects["lee@oak.example"] = secrets.token_hex(8)
    assert Staff(deployment).signs_in(issuer, "lee@oak.example") == "/sign-in.html#stranger", "the new owner of the mailbox should be refused"
    operator.run_ok("staff", "unpin", "lee", "--company", "oak-hair")
    assert Staff(deployment).signs_in(issuer, "lee@oak.example") == "/messages.html"
    operator.run_ok("staff", "remove", "lee", "--company", "oak-hair", "--yes")
    assert uncached_session(lee) == (401, "session-ended")
    assert Staff(deployment).signs_in(issuer, "lee@oak.example") == "/sign-in.html#stranger"


def uncached_session(staff):
    """Returns the authorizer's current answer: a new cookie keeps the gateway from using its cache."""
    staff.cookies["later"] = secrets.token_hex(4)
    answer = staff.gets("/api/session")
    return answer.status, answer.code()


def test_the_issuers_secret_is_rotated_without_a_deployment(deployment, issuer, harbor):
    operator, email = Operator(deployment), harbor.employs("nia", "Nia Cole")
    name = deployment.outputs["SignInSecret"]
    kept = json.loads(operator.aws("secretsmanager", "get-secret-value", "--secret-id", name))["SecretString"]
    assert Staff(deployment).signs_in(issuer, email) == "/messages.html"

    before, issuer.secret = issuer.secret, secrets.token_hex(16)
    try:
        assert Staff(deployment).signs_in(issuer, email) == "/sign-in.html#unavailable"
        rotated = json.dumps(json.loads(kept) | {"client_secret": issuer.secret})
        operator.aws("secretsmanager", "put-secret-value", "--secret-id", name, "--secret-string", rotated)
        assert Staff(deployment).signs_in(issuer, email) == "/messages.html"
    finally:
        issuer.secret = before
        operator.aws("secretsmanager", "put-secret-value", "--secret-id", name, "--secret-string", kept)
        # A sign-in that fails drops the function's cached secret.
        Staff(deployment).signs_in(issuer, email)


def test_push_keys_are_rotated_and_a_browser_with_the_earlier_one_is_still_notified(deployment, harbor, dana, maria, pushes_of):
    operator, early = Operator(deployment), Browser()
    before = dana.gets("/api/push-subscriptions").json()["key"]
    browser = dana.is_notified_in(early)
    assert "already" in operator.run("push-keys", "create").stderr
    rotated = json.loads(operator.run("--json", "push-keys", "rotate").stdout)["rotated"]
    assert rotated["before"] == before != rotated["key"]
    # An instance caches the keys for five minutes.
    for function in ("PushSubscriptions", "DispatchPush"):
        deployment.restart_function(function)
    assert dana.gets("/api/push-subscriptions").json()["key"] == rotated["key"]
    assert dana.is_notified_in(early) == browser
    maria.texts(harbor.line, "Do you still hear of me?")
    (push,) = pushes_of(early, "Do you still hear of me?")
    assert push.headers["Authorization"].endswith(f"k={before}")
    name = deployment.outputs["PushSecret"]
    kept = json.loads(operator.aws("secretsmanager", "get-secret-value", "--secret-id", name))["SecretString"]
    assert len(json.loads(kept)["keys"]) == 2


def test_a_customers_data_is_exported_and_erased(deployment, harbor, dana, maria):
    operator = Operator(deployment)
    maria.texts(harbor.line, "What do you hold of me?")
    conversation = dana.sees(maria, "What do you hold of me?")["conversation"]
    exported = operator.run("customer", "export", maria.number, "--company", "harbor-dental")
    assert exported.returncode == 0, exported.stderr
    assert [it["text"] for it in json.loads(exported.stdout)["held"]["messages"]] == ["What do you hold of me?"]
    operator.run_ok("--yes", "customer", "erase", maria.number, "--company", "harbor-dental")
    assert dana.gets(f"/api/conversations/{conversation}/messages").status == 404


def test_lost_and_changed_items_are_restored_from_a_restored_table(deployment, harbor, dana, maria, tmp_path):
    dynamodb, table = deployment.emulator.client("dynamodb"), deployment.outputs["Table"]
    maria.texts(harbor.line, "Before")
    conversation = dana.sees(maria, "Before")["conversation"]
    create_restored_table(dynamodb, "switchboard-restored", table)
    # A conversation is deleted and a member of staff is renamed, both by mistake.
    of_hers, renamed = {"S": f"CONVERSATION#{harbor.id}#{conversation}"}, {"pk": {"S": f"COMPANY#{harbor.id}"}, "sk": {"S": "STAFF#dana"}}
    for item in scan_all(dynamodb, table):
        if item["pk"] == of_hers:
            dynamodb.delete_item(TableName=table, Key={name: item[name] for name in ("pk", "sk")})
    dana_as_kept = lambda: dynamodb.get_item(TableName=table, Key=renamed, ConsistentRead=True)["Item"]
    dynamodb.put_item(TableName=table, Item=dana_as_kept() | {"name": {"S": "Nobody"}})
    assert dana.gets(f"/api/conversations/{conversation}/messages").status == 404
    maria.texts(harbor.line, "Since")
    dana.sees(maria, "Since")

    kept, overwritten, end = commands("Restore the table")[1].strip().splitlines()
    # Both messages may have the same second, so their order is unknown.
    said = lambda: sorted(it["text"] for it in dana.messages(conversation))
    run(deployment, kept, tmp_path)
    assert said() == ["Before", "Since"]
    assert dana_as_kept()["name"] == {"S": "Nobody"}, "the first command should leave existing items"
    run(deployment, overwritten, tmp_path)
    assert dana_as_kept()["name"] == {"S": "Dana Whitfield"}
    assert said() == ["Before", "Since"]
    run(deployment, end, tmp_path)
    with pytest.raises(dynamodb.exceptions.ResourceNotFoundException):
        dynamodb.describe_table(TableName="switchboard-restored")


def create_restored_table(dynamodb, restored, table):
    """Creates what point-in-time recovery creates: a table with the same indexes and items, without the other
    settings."""
    of = dynamodb.describe_table(TableName=table)["Table"]
    indexes = [{name: index[name] for name in ("IndexName", "KeySchema", "Projection")} for index in of["GlobalSecondaryIndexes"]]
    dynamodb.create_table(
        TableName=restored, BillingMode="PAY_PER_REQUEST", KeySchema=of["KeySchema"],
        AttributeDefinitions=of["AttributeDefinitions"], GlobalSecondaryIndexes=indexes,
    )
    for item in scan_all(dynamodb, table):
        dynamodb.put_item(TableName=restored, Item=item)


def scan_all(dynamodb, table):
    return [item for page in dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True) for item in page["Items"]]


# Findings that the doctor has here because the emulator lacks something, each with the reason.
NOT_EMULATED = {
    "expired items are not deleted: they are hidden, but kept": "MiniStack drops it, and test_template.py asserts it",
    "point-in-time recovery is off: lost items cannot be restored": "the same",
    "the secret's `issuer` is not an https address: an attacker on the network path can sign in": "the issuer is on this machine",
    "the portal is unreachable": "there is no DNS that leads to the emulated CloudFront",
    "Receipts is not in this stack": "MiniStack makes no configuration set, and test_template.py asserts it",
    "the alarm topic has no subscription": "the stack is deployed without AlarmEmail",
}


# A push retry for a subscription that does not exist.
RETRY_FOR_UNKNOWN_STAFF = {
    "company": "nobody", "staff": "nobody", "subscription": "0" * 32, "conversation": "0" * 32,
    "event": f"{0:013}-{0:032}", "tries": 1, "not_before": 0,
}


def wait_for_no_findings(deployment):
    """Waits until the doctor finds nothing wrong.

    A function that was replaced while it read a queue has failed for the emulator until it gets another message from
    there. This sends one.
    """
    queue = deployment.outputs["PushRetriesUrl"]
    deployment.emulator.client("sqs").send_message(QueueUrl=queue, MessageBody=json.dumps(RETRY_FOR_UNKNOWN_STAFF))

    def finds_nothing():
        found = Operator(deployment).doctor_findings()
        assert found == {}, found
        return True

    return eventually(finds_nothing, "the doctor finds nothing wrong")


@pytest.fixture(scope="module", autouse=True)
def budget(deployment, tmp_path_factory):
    """Creates the budget that the manual describes. Without a budget or an alarm the doctor has a finding."""
    run(deployment, commands("Limit what it costs")[-1], tmp_path_factory.mktemp("budget"))


@pytest.fixture
def operator(deployment, dana, josie):
    """The operators' command for a stack without findings, before and after the test. It has two companies with staff."""
    assert wait_for_no_findings(deployment)
    yield Operator(deployment)
    assert wait_for_no_findings(deployment)


def test_the_doctor_finds_only_what_the_emulator_lacks(deployment, dana, josie):
    assert wait_for_no_findings(deployment)


def test_the_doctor_finds_that_there_is_no_cost_alarm_and_no_budget(deployment, operator, tmp_path):
    deployment.emulator.client("budgets").delete_budget(AccountId=ACCOUNT, BudgetName="switchboard")
    says = "nothing reports high costs: there is neither an alarm on the cost of messages nor a budget"
    assert operator.doctor_findings() == {says: "deploy with SmsSpendAlarm or MonthlyBudget"}
    run(deployment, commands("Limit what it costs")[-1], tmp_path)


def test_the_doctor_finds_that_the_key_of_the_topics_is_disabled(deployment, operator):
    deployment.emulator.client("kms").disable_key(KeyId=deployment.ids["Key"])
    found = operator.doctor_findings()
    operator.run_advice(found.pop("the key of the topics is Disabled: no inbound message arrives"))
    assert found == {}


def test_the_doctor_finds_every_disabled_event_source_mapping(deployment, operator):
    functions = deployment.emulator.client("lambda")
    kept = {
        "InboundSmsMapping": "InboundSms does not read InboundQueue",
        "ConfirmationCallMapping": "ConfirmationCall does not read CallQueue",
        "DeliveryReceiptMapping": "DeliveryReceipt does not read ReceiptQueue",
        "LiveUpdatesMapping": "LiveUpdates does not read the table's stream",
        "DispatchPushMapping": "DispatchPush does not read the table's stream",
        "DispatchPushRetriesMapping": "DispatchPush does not read PushRetries",
    }
    assert set(kept) == set(resources("AWS::Lambda::EventSourceMapping"))
    for reader in kept:
        functions.update_event_source_mapping(UUID=deployment.ids[reader], Enabled=False)
    found = operator.doctor_findings()
    assert set(found) == {f"{says}: {reader} is Disabled" for reader, says in kept.items()}
    for advice in found.values():
        operator.run_advice(advice)


def test_the_doctor_finds_failed_messages_in_every_queue(deployment, operator):
    """The advice names the function that failed, and how to redrive or delete the messages."""
    given_up = {
        "InboundDeadLetters": ("InboundSms", "InboundQueue"),
        "CallDeadLetters": ("ConfirmationCall", "CallQueue"),
        "ReceiptDeadLetters": ("DeliveryReceipt", "ReceiptQueue"),
        "PushDeadLetters": ("DispatchPush", "PushRetries"),
        "LiveUpdatesFailures": ("LiveUpdates", None),
        "DispatchPushFailures": ("DispatchPush", None),
    }
    queues = resources("AWS::SQS::Queue")
    assert set(given_up) == {name for name, queue in queues.items() if "RedrivePolicy" not in queue["Properties"]}
    sqs = deployment.emulator.client("sqs")
    for queue in given_up:
        sqs.send_message(QueueUrl=deployment.ids[queue], MessageBody="this could not be processed")
    found = operator.doctor_findings()
    for queue, (function, back) in given_up.items():
        advice = found.pop(f"{queue} holds failed messages: 1")
        assert f"the log of {function} in the log group {deployment.outputs['LogGroup']}" in advice
        if back:
            # MiniStack cannot move messages (adaptation 6).
            assert f"start-message-move-task --source-arn {queue_arn(sqs, deployment, queue)}" in advice
            assert f"--destination-arn {queue_arn(sqs, deployment, back)}" in advice
            sqs.purge_queue(QueueUrl=deployment.ids[queue])
        else:
            operator.run_advice(advice)
    assert found == {}


def test_failed_messages_are_read_without_being_removed(deployment, tmp_path):
    sqs, queue = deployment.emulator.client("sqs"), deployment.outputs["InboundDeadLettersUrl"]
    look = commands("Redrive a dead-letter queue")[-1]
    sqs.send_message(QueueUrl=queue, MessageBody="this could not be processed")
    for _ in range(2):
        (message,) = json.loads(run(deployment, look, tmp_path))["Messages"]
        assert message["Body"] == "this could not be processed"
    sqs.purge_queue(QueueUrl=queue)


def queue_arn(sqs, deployment, queue):
    return sqs.get_queue_attributes(QueueUrl=deployment.ids[queue], AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


@pytest.mark.parametrize("topic", ["InboundTopic", "ReceiptTopic"])
def test_the_doctor_finds_a_topic_without_a_subscription(deployment, operator, harbor, dana, maria, topic):
    sns, arn = deployment.emulator.client("sns"), deployment.outputs[topic]
    (subscription,) = sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"]
    sns.unsubscribe(SubscriptionArn=subscription["SubscriptionArn"])
    found = operator.doctor_findings()
    operator.run_advice(found.pop(f"{topic}: the queue is not subscribed to it"))
    assert found == {}
    maria.texts(harbor.line, "Did you get this?")
    conversation = dana.sees(maria, "Did you get this?")["conversation"]
    assert dana.replies(conversation, "Yes.").status == 201
    deployment.emulator.sms_service.publish_receipt(deployment.outputs["ReceiptTopic"], maria.number, "TEXT_DELIVERED")
    eventually(lambda: dana.messages(conversation)[0]["status"] == "delivered", "the delivery receipt is recorded")


def test_the_doctor_finds_an_alarm_that_rings_and_one_without_actions(deployment, operator):
    cloudwatch = deployment.emulator.client("cloudwatch")
    rings, silent = deployment.ids["DeadLettersAlarm"], deployment.ids["SignInAlarm"]
    said = cloudwatch.describe_alarms(AlarmNames=[rings])["MetricAlarms"][0]["AlarmDescription"]
    cloudwatch.set_alarm_state(AlarmName=rings, StateValue="ALARM", StateReason="a test")
    cloudwatch.disable_alarm_actions(AlarmNames=[silent])
    found = operator.doctor_findings()
    rung = found.pop(f"DeadLettersAlarm rings: {said}")
    assert "DeadLettersAlarm" in rung and "infra/README.md" in rung
    operator.run_advice(found.pop("SignInAlarm sends no notification: its actions are off"))
    assert found == {}
    cloudwatch.set_alarm_state(AlarmName=rings, StateValue="OK", StateReason="a test")


def test_an_unknown_country_code_is_reported_and_the_other_countries_are_allowed(deployment, dana):
    operator, canadian, briton = Operator(deployment), "+16135550190", "+447400123456"
    refused = dana.writes_first(canadian, "Hello")
    assert (refused.status, refused.code()) == (422, "country-not-allowed")
    deployment.deploy(AllowedCountries="GB,ZZ,CA")
    try:
        for number in (canadian, briton):
            assert dana.writes_first(number, "Hello").status == 201, number
        assert "names an unknown country" in log_of(deployment)
        slip = "unknown country codes in AllowedCountries: ZZ; each company texts its own country, and GB, CA"
        wait_for_findings(operator, {slip})
    finally:
        # `sam deploy` keeps the earlier value of a parameter that is not given.
        deployment.deploy(AllowedCountries='""')
    wait_for_findings(operator, set())


def wait_for_findings(operator, wrong):
    """Waits until the doctor has exactly these findings: functions are pending for a moment after a deployment."""
    eventually(lambda: set(operator.doctor_findings()) == wrong, f"the doctor finds {wrong or 'nothing'}", timeout=120)


def test_the_doctor_reports_that_the_sms_service_is_unreachable(operator):
    found = operator.doctor_findings(AWS_ENDPOINT_URL_PINPOINT_SMS_VOICE_V2="http://127.0.0.1:1")
    ((says, advice),) = found.items()
    assert says.startswith("AWS End User Messaging SMS is unreachable in us-east-1")
    assert "deploy to a region where it has one" in advice
