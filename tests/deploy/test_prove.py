"""Tests `infra/prove`: each step reports `proven` on a working stack, and `not so` on a deliberate fault.

The command deploys a stack to MiniStack. Stand-in programs replace what differs from AWS. MiniStack lacks some behaviour:
it does not refuse an update while the stack changes, evaluate alarms, or count rates. For those steps, `pretended_aws.py`
answers in place of AWS, and the tests cover the command alone.
"""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

import pretended_aws
from adaptations import write_adapted_template
from deployment import ARCHITECTURE, BUILT_TEMPLATE, Deployment
from emulator import ROOT, TOOLS
from polling import eventually
from quick_aws import CLIENT
from readme import section
from roles import grants_of, revoked
from test_operator import NOT_EMULATED, create_restored_table

PROVE = ROOT / "infra" / "prove"
STACK = "proved"
# Deadlines are short, because no person and no schedule of AWS is involved.
SOON = {"EVERY": "0.2", "LOGGED_WITHIN": "0"} | {it: "60" for it in ("BEGUN_WITHIN", "QUIET_WITHIN", "RUNG_WITHIN", "REDRIVEN_WITHIN")}
AT_ONCE = {it: "1" for it in ("ACTED_WITHIN", "ENDED_WITHIN", "TURNED_AWAY_WITHIN", "LET_IN_WITHIN", "REDRIVEN_WITHIN")}


def steps():
    """Returns the script's steps, in order."""
    return re.findall(r'^  "([a-z-]+) +\S', block("steps"), re.M)


def by_hand():
    """Returns the rows of the manual that the script lists at its end."""
    return re.findall(r'^  "(.*?) \(', block("by_hand"), re.M)


def block(name):
    (found,) = re.findall(rf"^{name}=\(\n(.*?)^\)$", PROVE.read_text(), re.M | re.S)
    return found


class Prover:
    """The command, on a stack, with programs before those of the machine."""

    def __init__(self, programs, environment, stack):
        self.programs, self.stack = programs, stack
        self.environment = environment | SOON | {"PATH": f"{programs}:{environment['PATH']}"}

    def starts(self, *steps, **environment):
        command = [PROVE, "--yes", self.stack, self.stack, *steps]
        return subprocess.Popen(
            command, env=self.environment | environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            # A shell ignores SIGINT in what it starts in the background, and a program cannot undo that for its own children.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )

    def says(self, step, **environment):
        """The verdict of a step."""
        ran = self.starts(step, **environment)
        said, _ = ran.communicate(timeout=300)
        _, begun, verdict, *_ = said.splitlines()
        assert begun.startswith(f"{step} ") and begun.endswith(" ..."), said
        assert verdict.startswith(f"{step} "), said
        verdict = verdict.removeprefix(step).strip()
        counts = {it: int(verdict.startswith(it)) for it in ("proven", "not so", "skipped")}
        assert said.splitlines()[-1] == ", ".join(f"{count} {it}" for it, count in counts.items()) + ".", said
        assert ran.returncode == counts["not so"], said
        assert not re.search(r"\+\d{7}|[0-9a-f]{40}", said), "no number and no secret"
        return verdict


def program(folder, name, body):
    path = folder / name
    path.write_text(f"#!/usr/bin/env bash\nset -euo pipefail\n{body}\n")
    path.chmod(0o755)


# --- On the emulated AWS ---------------------------------------------------------------------------------


class Proved(Deployment):
    """The stack that `infra/prove` deploys."""

    def __init__(self, emulator):
        self.emulator, self.name, self.parameters = emulator, STACK, {}
        self.cloudformation = emulator.client("cloudformation")

    def adapts(self):
        for attribute in ("ids", "outputs"):
            self.__dict__.pop(attribute, None)
        self.adapt()


class Hooks:
    """An HTTP server through which the stand-in programs call functions of this process."""

    def __init__(self, **hooks):
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                try:
                    said, code = hooks[self.path.strip("/")]() or "", 200
                except Exception as error:
                    said, code = repr(error), 500
                self.send_response(code)
                self.end_headers()
                self.wfile.write(said.encode())

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture(scope="module")
def stack(emulator):
    return Proved(emulator)


@pytest.fixture(scope="module")
def quick_aws(emulator, tmp_path_factory):
    """Provides an AWS CLI that starts without its usual delay."""
    folder = tmp_path_factory.mktemp("aws")
    path, client = folder / "socket", folder / "aws"
    serving = subprocess.Popen([sys.executable, Path(__file__).with_name("quick_aws.py"), path], env=emulator.environment())
    client.write_text(CLIENT.format(python=sys.executable, path=str(path)))
    client.chmod(0o755)
    eventually(path.exists, "it listens")
    yield client
    serving.terminate()
    serving.wait()


@pytest.fixture(scope="module")
def prover(emulator, stack, quick_aws, tmp_path_factory):
    folder = tmp_path_factory.mktemp("programs")
    # Replaces the redrive task (adaptation 6) and point-in-time recovery, which MiniStack lacks.
    def redrives():
        sqs, dead = emulator.client("sqs"), stack.outputs["InboundDeadLettersUrl"]
        for message in sqs.receive_message(QueueUrl=dead)["Messages"]:
            sqs.send_message(QueueUrl=stack.outputs["InboundQueueUrl"], MessageBody=message["Body"])
            sqs.delete_message(QueueUrl=dead, ReceiptHandle=message["ReceiptHandle"])

    copy = []
    def keeps():
        """Copies the table's items, so that `restores` can restore them."""
        dynamodb = emulator.client("dynamodb")
        copy[:] = [item for page in dynamodb.get_paginator("scan").paginate(TableName=stack.outputs["Table"]) for item in page["Items"]]

    def restores():
        dynamodb = emulator.client("dynamodb")
        create_restored_table(dynamodb, f"{STACK}-restored", stack.outputs["Table"])
        for item in copy:
            dynamodb.put_item(TableName=f"{STACK}-restored", Item=item)

    nothing = lambda: create_restored_table(emulator.client("dynamodb"), f"{STACK}-restored", stack.outputs["Table"])
    hooks = Hooks(adapts=stack.adapts, redrives=redrives, keeps=keeps, restores=restores, nothing=nothing)
    hook = lambda name: f"/usr/bin/curl --fail-with-body -sS -X POST {hooks.url}/{name}"
    deploying = shlex.quote(str(folder / "deploying"))
    sam = TOOLS / "sam" / "bin"
    # Adaptation 8; and a key that stays disabled, where a test says so.
    program(folder, "aws", f"""
        case "$1 $2" in
          "kms enable-key") [ -z "${{KEY_STAYS_DISABLED:-}}" ] || exit 0 ;;
          "sqs start-message-move-task") exec {hook('redrives')} ;;
          "sqs list-message-move-tasks") printf 'COMPLETED\\t1\\n'; exit ;;
          "dynamodb describe-continuous-backups") {hook('keeps')}; echo 9999999999.5; exit ;;
          "dynamodb restore-table-to-point-in-time") exec {hook('${RESTORED:-restores}')} ;;
        esac
        exec {quick_aws} --endpoint-url {emulator.url} "$@"
    """)
    # What was built before, as MiniStack takes it. Until it is adapted, nothing asks the portal.
    program(folder, "sam", f"""
        [ "$1" != build ] || exit 0
        exec 9>{deploying}
        flock 9
        {sam}/sam "$@" --config-file {ROOT}/samconfig.toml --template-file {write_adapted_template(BUILT_TEMPLATE)} --s3-prefix switchboard
        {hook('adapts')}
    """)
    # Adaptation 5; and an API that demands nothing, where a test says so.
    program(folder, "curl", f"""
        exec 9>{deploying}
        flock --shared 9
        arguments=()
        for argument; do
          case $argument in
            https://*.cloudfront.net/*)
              host=${{argument#https://}} host=${{host%%/*}}
              arguments+=(--header "Host: $host" --header "X-Forwarded-Proto: https" "{emulator.url}/${{argument#https://*/}}") ;;
            http://*.execute-api.localhost:*)
              api=${{argument#http://}} api=${{api%%.*}}
              [ -z "${{SHOWN:-}}" ] || arguments+=(--header "X-Origin-Secret: $SHOWN")
              arguments+=("{emulator.url}/_aws/execute-api/$api/${{argument#http://*/}}") ;;
            *) arguments+=("$argument") ;;
          esac
        done
        exec /usr/bin/curl "${{arguments[@]}}"
    """)
    # The operators' command that was built.
    program(folder, "cargo", f"""
        if [[ " $* " == *" -p admin "* ]]; then
          while [ "$1" != -- ]; do shift; done
          exec {ROOT}/target/debug/switchboard-admin "${{@:2}}"
        fi
        exec {shlex.quote(subprocess.check_output(['which', 'cargo'], text=True).strip())} "$@"
    """)
    environment = emulator.environment()
    environment["PATH"] = f"{sam}:{environment['PATH']}"
    environment["PARAMETERS"] = f"Architecture={ARCHITECTURE}"
    return Prover(folder, environment, STACK)


@pytest.fixture(scope="module")
def deployed(prover):
    assert prover.says("around").startswith("skipped: there is no stack")
    assert prover.says("deploy") == "proven: CREATE_COMPLETE"
    return prover


def test_whoever_does_not_confirm_the_name_changes_nothing(prover):
    for arguments in ([STACK], ["--yes", "other", STACK, "deploy"], ["--yes", "", STACK]):
        ran = subprocess.run([PROVE, *arguments], env=prover.environment, stdin=subprocess.DEVNULL, text=True, capture_output=True)
        assert (ran.returncode, "may be deleted" in ran.stdout, "Nothing was done" in ran.stderr) == (2, True, True), ran
    ran = subprocess.run([PROVE, "--yes", STACK, STACK, "everything"], env=prover.environment, text=True, capture_output=True)
    assert ran.returncode == 2 and "There is no step everything" in ran.stderr


def test_nobody_goes_around_cloudfront(stack, deployed):
    assert deployed.says("around") == "proven"
    assert deployed.says("around", SHOWN=stack.origin_secret["current"]) == "not so: the API's own address answers 303"


def test_the_heartbeats_role_denies_nothing_that_it_does(stack, deployed):
    assert deployed.says("role") == "proven"
    (publishes,) = [it for it in grants_of("Heartbeat", {}) if it.action == "sns:Publish"]
    with revoked(stack, "Heartbeat", publishes):
        assert deployed.says("role").startswith("not so: the heartbeat failed: ")


@contextmanager
def alarms_that_look(stack):
    """MiniStack evaluates no alarm: this one rings while the key is disabled."""
    cloudwatch, kms, alarm = stack.emulator.client("cloudwatch"), stack.emulator.client("kms"), stack.ids["HeartbeatAlarm"]
    ended = threading.Event()

    def looks():
        while not ended.wait(0.2):
            state = "OK" if key_state(stack, kms) == "Enabled" else "ALARM"
            cloudwatch.set_alarm_state(AlarmName=alarm, StateValue=state, StateReason="a test")

    looking = threading.Thread(target=looks)
    looking.start()
    try:
        yield
    finally:
        ended.set()
        looking.join()


def quiet(stack):
    stack.emulator.client("cloudwatch").set_alarm_state(AlarmName=stack.ids["HeartbeatAlarm"], StateValue="OK", StateReason="a test")


def key_state(stack, kms=None):
    return (kms or stack.emulator.client("kms")).describe_key(KeyId=stack.ids["Key"])["KeyMetadata"]["KeyState"]


def test_the_key_is_enabled_again_whatever_becomes_of_the_alarm(stack, deployed):
    with alarms_that_look(stack):
        assert deployed.says("heartbeat") == "proven"
        assert key_state(stack) == "Enabled"
        verdict = deployed.says("heartbeat", KEY_STAYS_DISABLED="yes")
        assert verdict == "not so: the key stays disabled; and not put back: the key of the topics is to be enabled"
        assert key_state(stack) == "Disabled"
        stack.emulator.client("kms").enable_key(KeyId=stack.ids["Key"])
    # It is OK from now on, whatever is broken.
    quiet(stack)
    assert deployed.says("heartbeat", RUNG_WITHIN="1") == "not so: HeartbeatAlarm is OK after 1 s without the key"
    assert key_state(stack) == "Enabled"


def test_whoever_is_interrupted_leaves_the_key_enabled(stack, deployed):
    quiet(stack)
    running = deployed.starts("heartbeat", RUNG_WITHIN="300")
    eventually(lambda: key_state(stack) == "Disabled", "the key is disabled")
    running.send_signal(signal.SIGINT)
    said, _ = running.communicate(timeout=30)
    assert running.returncode == 130 and "put back" in said, said
    assert key_state(stack) == "Enabled"


def test_an_alarm_that_tells_nobody_is_found_and_set_back(stack, deployed):
    """MiniStack's alarms send no notifications."""
    assert deployed.says("alarm", **AT_ONCE) == "not so: CloudWatch told the topic nothing within 1 s"
    (alarm,) = stack.emulator.client("cloudwatch").describe_alarms(AlarmNames=[stack.ids["SignInAlarm"]])["MetricAlarms"]
    assert alarm["StateValue"] == "OK"


# The doctor's findings that MiniStack causes.
LACKING = set(NOT_EMULATED) - {
    "the alarm topic has no subscription",
    "the secret's `issuer` is not an https address: an attacker on the network path can sign in",
} | {
    "the API is unreachable", "the user pool is unreachable",
}


def test_the_doctor_is_asked_of_all_that_needs_no_person(stack, deployed):
    def found():
        said = deployed.says("doctor")
        assert said.startswith("not so: "), said
        pool = f"https://cognito-idp.us-east-1.amazonaws.com/{stack.outputs['UserPoolId']}/.well-known/openid-configuration"
        for address, name in ((stack.outputs["PortalAddress"], "the portal"), (stack.outputs["ApiEndpoint"], "the API"), (pool, "the user pool")):
            said = said.replace(address, name)
        return set(said.removeprefix("not so: ").split(" | "))

    before = found()
    kms = stack.emulator.client("kms")
    kms.disable_key(KeyId=stack.ids["Key"])
    try:
        assert found() - before == {"the key of the topics is Disabled: no inbound message arrives"}
    finally:
        kms.enable_key(KeyId=stack.ids["Key"])
    # Findings that the operator acts on do not fail the step: an alarm topic without a subscription, for example.
    assert before == LACKING


def test_what_cloudfront_shows_is_rotated(stack, deployed):
    before = stack.origin_secret["current"]
    assert re.fullmatch(r"proven: the portal answered 303 \(\d+ times\) meanwhile", deployed.says("rotate"))
    assert stack.origin_secret["previous"]["value"] == before


def test_dead_letters_are_put_back(stack, deployed):
    assert deployed.says("redrive") == "proven"
    functions, reader = stack.emulator.client("lambda"), stack.ids["InboundSmsMapping"]
    functions.update_event_source_mapping(UUID=reader, Enabled=False)
    try:
        assert deployed.says("redrive", **AT_ONCE) == "not so: inbound-sms has not taken it after 1 s"
    finally:
        functions.update_event_source_mapping(UUID=reader, Enabled=True)


def test_an_item_is_brought_back(stack, deployed):
    assert deployed.says("restore") == "proven"
    assert deployed.says("restore", RESTORED="nothing") == "not so: what was deleted is not there"
    dynamodb = stack.emulator.client("dynamodb")
    assert f"{STACK}-restored" not in dynamodb.list_tables()["TableNames"]
    items = [item for page in dynamodb.get_paginator("scan").paginate(TableName=stack.outputs["Table"]) for item in page["Items"]]
    assert not [item for item in items if item["pk"]["S"].startswith("PROVE#")]


# --- What MiniStack does not have, pretended --------------------------------------------------------------------

TRIED = "tried"


class Pretended(Prover):
    def __init__(self, folder, **world):
        for name in ("aws", "sam", "curl", "cargo"):
            program(folder, name, f'exec {sys.executable} {pretended_aws.__file__} {name} "$@"')
        self.path = folder / "world"
        super().__init__(folder, {"PATH": os.environ["PATH"], "WORLD": str(self.path)}, TRIED)
        parameters = pretended_aws.DEFAULTS | {"AlarmEmail": "it@example.com"} | world.pop("parameters", {})
        stack = {"status": "CREATE_COMPLETE", "log_group": "/switchboard/tried/0", "parameters": parameters}
        self.before = {
            "stack": TRIED, "region": "us-east-1", "stacks": {TRIED: stack} | world.pop("others", {}), "tables": ["tried-Table-0"], "pools": ["tried"], "made": 0, "deployed": [],
            "broken": [], "alarms": {it: {"state": "OK"} for it in ("SignInAlarm", "TableThrottlesAlarm")}, "metrics": [], "asked": 0, "deploying_takes": 0,
            "secret": {"version": "v1", "current": "1" * 64}, "sent": "1" * 64,
        } | world
        self.path.write_text(json.dumps(self.before))

    @property
    def world(self):
        return json.loads(self.path.read_text())

    def is_as_it_was(self):
        now, before = self.world, self.before
        of = lambda world: (
            {name: stack["parameters"] for name, stack in world["stacks"].items()}, world["tables"], world["pools"],
            {name: alarm["state"] for name, alarm in world["alarms"].items()},
        )
        assert of(now) == of(before)


COUNTED, BY_COUNTRY = [{"Dimensions": []}], [{"Dimensions": [{"Name": "CountryCode", "Value": "US"}]}]
LEFT_TO = "is left to a stack"
# A step, what the world is like, and the verdict.
PROVEN = [
    ("twice", {"deploying_takes": 4}, "proven"),
    ("halfway", {}, "proven: no stack was left, and the next deployment completed"),
    ("again", {}, "proven"),
    ("alarm", {}, "proven: CloudWatch told the topic"),
    ("ends", {}, "proven"),
    ("spend", {"metrics": COUNTED}, "proven"),
    ("budget", {}, f"proven: made in us-east-1; that eu-north-1 refuses it {LEFT_TO} there"),
    ("budget", {"region": "eu-north-1"}, f"proven: refused in words in eu-north-1; that it is made {LEFT_TO} in us-east-1"),
    ("turned-away", {}, "proven"),
    ("turned-away", {"region": "eu-west-1"}, f"proven: refused in words in eu-west-1; that it turns away {LEFT_TO} in us-east-1"),
]
SKIPPED = [
    ("halfway", {"others": {"tried-prove": {"status": "CREATE_COMPLETE", "log_group": "", "parameters": {}}}}, "there is a stack tried-prove already"),
    ("alarm", {"alarms": {"SignInAlarm": {"state": "ALARM"}}}, "SignInAlarm rings already"),
    ("spend", {}, "nothing is counted: aws iam create-service-linked-role"),
    ("budget", {"parameters": {"AlarmEmail": ""}}, "it needs an address"),
    ("turned-away", {"parameters": {"WebAclArn": "arn:aws:wafv2:us-east-1:0:global/webacl/a/0"}}, "the portal is behind a web ACL of yours"),
]
NOT_SO = [
    ("twice", {"broken": [pretended_aws.ONE_AT_A_TIME], "deploying_takes": 4}, "two deployments at once went through"),
    ("halfway", {"broken": [pretended_aws.IMPOSSIBLE_IS_TAKEN]}, "it was deployed with a certificate that nobody has"),
    ("halfway", {"broken": [pretended_aws.LEAVES_A_STACK]}, "the stack that failed is ROLLBACK_FAILED"),
    ("halfway", {"broken": [pretended_aws.BUILD_FAILS]}, "sam build: Error: cargo-lambda is not installed"),
    ("again", {"broken": [pretended_aws.SAME_LOG_GROUP]}, "both have the log group /switchboard/tried-prove/0"),
    ("alarm", {"broken": [pretended_aws.TOPIC_REFUSES]}, "Failed to execute action arn:aws:sns:us-east-1:000000000000:alarms"),
    ("ends", {"broken": [pretended_aws.RINGS_ON]}, "it is ALARM after 1 s"),
    ("budget", {"broken": [pretended_aws.KEEPS_BUDGET]}, "the budget is CREATE_FAILED"),
    ("turned-away", {"broken": [pretended_aws.NOT_COUNTED]}, "no 429 within 1 s, but at last 200 (100 times)"),
    ("rotate", {"broken": [pretended_aws.TELLS_TOO_MUCH]}, "Error: <number> was shown <...>"),
]


@pytest.fixture(scope="module", autouse=True)
def verdicts(tmp_path_factory):
    """Of each case, some at a time, while the stack of the other tests is deployed: they wait as much as they compute."""
    def tries(step, world, environment):
        pretended = Pretended(tmp_path_factory.mktemp("pretended"), **world)
        return pretended, pretended.says(step, **environment)

    cases = [(step, world, {}) for step, world, _ in PROVEN + SKIPPED] + [(step, world, AT_ONCE) for step, world, _ in NOT_SO]
    with ThreadPoolExecutor(4) as pool:
        begun = [(case, pool.submit(tries, *case)) for case in cases]
        yield lambda step, world: next(it.result() for (tried, of, _), it in begun if (tried, of) == (step, world))


named = {"ids": lambda it: it if isinstance(it, str) else ",".join(it.get("broken", it)) or "in order"}


@pytest.mark.parametrize("step, world, verdict", PROVEN, **named)
def test_a_step_proves_what_aws_documents_and_leaves_the_stack_as_it_was(verdicts, step, world, verdict):
    pretended, said = verdicts(step, world)
    assert said == verdict
    pretended.is_as_it_was()


@pytest.mark.parametrize("step, world, why", SKIPPED, **named)
def test_a_step_that_cannot_be_taken_says_why(verdicts, step, world, why):
    pretended, said = verdicts(step, world)
    assert said.startswith(f"skipped: {why}")
    assert pretended.world["deployed"] == []
    pretended.is_as_it_was()


@pytest.mark.parametrize("step, world, why", NOT_SO, **named)
def test_a_step_is_not_so_where_it_was_broken_on_purpose(verdicts, step, world, why):
    pretended, said = verdicts(step, world)
    assert said == f"not so: {why}"
    pretended.is_as_it_was()


def test_a_metric_that_has_dimensions_is_named(tmp_path):
    assert Pretended(tmp_path, metrics=BY_COUNTRY).says("spend").endswith("SmsSpendRisesAlarm asks for none: CountryCode")


def test_what_could_not_be_put_back_is_named(tmp_path):
    pretended = Pretended(tmp_path, broken=[pretended_aws.NOT_DELETED])
    assert pretended.says("again") == "not so: it is not deleted, but DELETE_FAILED; and not put back: the stack tried-prove is to be deleted"


def test_a_rotation_is_proven_by_what_cloudfront_sends_and_the_portal_answers(tmp_path):
    pretended = Pretended(tmp_path)
    assert re.fullmatch(r"proven: the portal answered 303 \(\d+ times\) meanwhile", pretended.says("rotate"))
    assert pretended.world["sent"] == "2" * 64
    for broken, verdict in [
        (pretended_aws.CLOUDFRONT_KEEPS, "not so: CloudFront sends another value than the present one"),
        (pretended_aws.PORTAL_REFUSES, "not so: the portal answered "),
    ]:
        assert Pretended(tmp_path, broken=[broken]).says("rotate").startswith(verdict)


def test_all_steps_are_taken_in_order_and_the_rest_is_named(tmp_path):
    pretended = Pretended(tmp_path, stacks={}, broken=[pretended_aws.BUILD_FAILS])
    running = pretended.starts()
    said, _ = running.communicate(timeout=60)
    assert running.returncode == 1, said
    verdicts = re.findall(r"^([a-z-]+) +(not so|skipped|proven)", said, re.M)
    assert [step for step, _ in verdicts] == steps()
    assert {step for step, verdict in verdicts if verdict == "not so"} == {"deploy", "halfway", "again"}
    assert f"0 proven, 3 not so, {len(steps()) - 3} skipped." in said
    assert re.findall(r"^\d+\. (.*?) \(", said, re.M) == by_hand()


# --- The manual ---------------------------------------------------------------------------------------------------


def test_the_manual_says_of_each_row_which_step_proves_it_or_that_it_is_by_hand():
    rows = [[cell.strip() for cell in row.split(" | ")] for row in re.findall(r"^\| (.*) \|$", section("Not proven on AWS yet"), re.M)]
    header, _, *rows = rows
    assert header == ["what", "command", "expected", "by"]
    assert all(len(row) == 4 for row in rows)
    named = [step for *_, by in rows for step in re.findall(r"`([a-z-]+)`", by)]
    assert named == steps()
    assert [what for what, *_, by in rows if "by hand" in by] == by_hand()
    assert all("`" in by or "by hand" in by for *_, by in rows)


def test_the_sections_that_the_command_names_are_in_the_manual():
    for name in re.findall(r" \((.*?)\)", block("by_hand")):
        section(name)
