"""What `infra/prove` calls, pretended: the AWS CLI, sam, curl or cargo, as the first argument says.

Their answers have the shapes that AWS documents, and `--query` and `--output` are applied to them as the AWS CLI does. What there
is stands in the file WORLD, which several of them may change at once; a test breaks it there (`broken`).
"""

import fcntl
import json
import os
import sys
import time
from contextlib import contextmanager
from pathlib import Path

# Under `broken`, what is not as it should be.
ONE_AT_A_TIME, IMPOSSIBLE_IS_TAKEN, LEAVES_A_STACK, SAME_LOG_GROUP, NOT_DELETED = "one-at-a-time", "impossible", "left", "log-group", "not-deleted"
BUILD_FAILS, TELLS_TOO_MUCH = "build", "tells"
TOPIC_REFUSES, RINGS_ON, NOT_COUNTED, KEEPS_BUDGET, PORTAL_REFUSES = "topic", "rings-on", "not-counted", "budget", "portal"
CLOUDFRONT_KEEPS = "cloudfront"

REGIONS_WITH_BUDGETS = ("us-east-1", "eu-central-1")


@contextmanager
def changed():
    """The world, which is kept also where a command fails."""
    path = Path(os.environ["WORLD"])
    with path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        world = json.loads(path.read_text())
        try:
            yield world
        finally:
            path.write_text(json.dumps(world))


def option(arguments, name, default=None):
    return arguments[arguments.index(name) + 1] if name in arguments else default


def fail(said, code=254):
    print(said, file=sys.stderr)
    sys.exit(code)


# --- The AWS CLI -------------------------------------------------------------------------------------------


def aws(arguments):
    import jmespath

    with changed() as world:
        answer = AWS[" ".join(arguments[:2])](world, arguments)
    if answer is None:
        return
    if query := option(arguments, "--query"):
        answer = jmespath.search(query, answer)
    print(text(answer) if option(arguments, "--output") == "text" else json.dumps(answer))


def text(answer):
    """As `--output text` shows it."""
    if not isinstance(answer, list):
        return str(answer)
    return "\n".join(map(text, answer)) if any(isinstance(it, list) for it in answer) else "\t".join(map(str, answer))


def described(world, arguments):
    name = option(arguments, "--stack-name")
    if name not in world["stacks"]:
        fail(f"An error occurred (ValidationError) when calling the DescribeStacks operation: Stack with id {name} does not exist")
    stack = world["stacks"][name]
    outputs = {
        "LogGroup": stack["log_group"], "SiteBucket": f"{name}-site", "PortalAddress": "https://portal.example", "OriginSecret": f"{name}/origin",
        "DistributionId": "E1",
    }
    return {"Stacks": [{
        "StackStatus": stack["status"], "StackId": f"arn:aws:cloudformation:{world['region']}:000000000000:stack/{name}/1",
        "Parameters": [{"ParameterKey": key, "ParameterValue": value} for key, value in stack["parameters"].items()],
        "Outputs": [{"OutputKey": key, "OutputValue": value} for key, value in outputs.items()],
    }]}


def resource(world, arguments):
    logical = option(arguments, "--logical-resource-id")
    stack = world["stacks"][option(arguments, "--stack-name")]
    status = "CREATE_FAILED" if logical == "Budget" and KEEPS_BUDGET in world["broken"] else "CREATE_COMPLETE"
    if logical == "Budget" and stack["parameters"]["MonthlyBudget"] == "0":
        fail("An error occurred (ValidationError): Resource Budget does not exist for stack")
    return {"StackResourceDetail": {"PhysicalResourceId": logical, "ResourceStatus": status}}


def deletes(world, arguments):
    name = option(arguments, "--stack-name")
    if NOT_DELETED in world["broken"]:
        world["stacks"][name]["status"] = "DELETE_FAILED"
    else:
        world["stacks"].pop(name, None)


def deletes_table(world, arguments):
    world["tables"].remove(option(arguments, "--table-name"))
    return {}


def deletes_pool(world, arguments):
    world["pools"].remove(option(arguments, "--user-pool-id"))


def alarms(world, arguments):
    alarm = world["alarms"][option(arguments, "--alarm-names")]
    # It ends by itself.
    if alarm["state"] == "ALARM" and RINGS_ON not in world["broken"]:
        alarm["looked"] = alarm.get("looked", 0) + 1
        if alarm["looked"] > 1:
            alarm |= {"state": "OK", "looked": 0}
    return {"MetricAlarms": [{"StateValue": alarm["state"]}]}


def sets_alarm(world, arguments):
    alarm, state = world["alarms"][option(arguments, "--alarm-name")], option(arguments, "--state-value")
    if alarm["state"] != state:
        did = "Failed to execute action" if TOPIC_REFUSES in world["broken"] else "Successfully executed action"
        alarm |= {"state": state, "history": [f"{did} arn:aws:sns:us-east-1:000000000000:alarms"]}


def history(world, arguments):
    assert option(arguments, "--history-item-type") == "Action"
    return {"AlarmHistoryItems": [{"HistorySummary": it} for it in world["alarms"][option(arguments, "--alarm-name")].get("history", [])]}


def secret(world, arguments):
    kept = world["secret"]
    return {"VersionId": kept["version"], "SecretString": json.dumps({"current": kept["current"]})}


def secret_back(world, arguments):
    assert option(arguments, "--remove-from-version-id") == world["secret"]["version"]
    world["secret"] = world["earlier"]
    assert option(arguments, "--move-to-version-id") == world["secret"]["version"]


def distribution(world, _):
    sent = {"CustomHeaders": {"Quantity": 1, "Items": [{"HeaderName": "X-Origin-Secret", "HeaderValue": world["sent"]}]}}
    return {"DistributionConfig": {"Origins": {"Items": [{"CustomHeaders": {"Quantity": 0}}, sent, sent]}}}


AWS = {
    "cloudformation describe-stacks": described,
    "cloudformation describe-stack-resource": resource,
    "cloudformation delete-stack": deletes,
    "s3api list-object-versions": lambda *_: {"Versions": None},
    "dynamodb list-tables": lambda world, _: {"TableNames": world["tables"]},
    "dynamodb delete-table": deletes_table,
    "cognito-idp list-user-pools": lambda world, _: {"UserPools": [{"Id": it, "Name": it} for it in world["pools"]]},
    "cognito-idp delete-user-pool": deletes_pool,
    "cloudwatch describe-alarms": alarms,
    "cloudwatch set-alarm-state": sets_alarm,
    "cloudwatch describe-alarm-history": history,
    "cloudwatch list-metrics": lambda world, _: {"Metrics": world["metrics"]},
    "secretsmanager get-secret-value": secret,
    "secretsmanager update-secret-version-stage": secret_back,
    "cloudfront get-distribution-config": distribution,
}


# --- The others --------------------------------------------------------------------------------------------


def sam(arguments):
    if arguments[0] == "build":
        with changed() as world:
            if BUILD_FAILS in world["broken"]:
                fail("Error: cargo-lambda is not installed", 1)
        return
    name = option(arguments, "--stack-name")
    given = dict(it.split("=", 1) for it in arguments[arguments.index("--parameter-overrides") + 1 :])
    with changed() as world:
        stack = world["stacks"].get(name)
        world["deployed"].append([name, given])
        if stack and stack["status"].endswith("_IN_PROGRESS") and ONE_AT_A_TIME not in world["broken"]:
            fail(
                f"Error: Failed to create changeset for the stack: {name}, An error occurred (ValidationError) when calling the CreateChangeSet "
                f"operation: Stack:arn:aws:cloudformation:us-east-1:000000000000:stack/{name}/1 is in {stack['status']} state and can not be updated.", 1,
            )
        if given.get("RequestsPerAddress", "0") != "0" and world["region"] != "us-east-1":
            fail("Error: Failed to create changeset for the stack: RequestsPerAddress needs us-east-1, where web ACLs for CloudFront are.", 1)
        if given.get("MonthlyBudget", "0") != "0" and world["region"] not in REGIONS_WITH_BUDGETS:
            fail("Error: Failed to create changeset for the stack: CloudFormation makes no budgets in this region.", 1)
        if stack and not given.items() - stack["parameters"].items():
            print(f"No changes to deploy. Stack {name} is up to date")
            return
        impossible = "CertificateArn" in given and IMPOSSIBLE_IS_TAKEN not in world["broken"]
        if not stack:
            world["made"] += 1
            world["tables"].append(f"{name}-Table-{world['made']}")
            world["pools"].append(name)
        before = (stack or {"parameters": DEFAULTS})["parameters"]
        made = 0 if SAME_LOG_GROUP in world["broken"] else world["made"]
        log_group = stack["log_group"] if stack else f"/switchboard/{name}/{made}"
        kind = "UPDATE" if stack else "CREATE"
        world["stacks"][name] = {"status": f"{kind}_IN_PROGRESS", "parameters": before | given, "log_group": log_group}
    time.sleep(world["deploying_takes"])
    with changed() as world:
        if not impossible:
            world["stacks"][name]["status"] = f"{kind}_COMPLETE"
            if given.get("OriginSecretVersion") == world["secret"]["version"] and CLOUDFRONT_KEEPS not in world["broken"]:
                world["sent"] = world["secret"]["current"]
            return
        if LEAVES_A_STACK in world["broken"]:
            world["stacks"][name]["status"] = "ROLLBACK_FAILED"
        else:
            del world["stacks"][name]
    print("CREATE_FAILED AWS::CloudFront::Distribution Distribution Resource handler returned message: Invalid request")
    fail(f"Error: Failed to create/update the stack: {name}, Waiter StackCreateComplete failed", 1)


DEFAULTS = {
    "LogLevel": "info", "AlarmEmail": "", "MonthlyBudget": "0", "RequestsPerAddress": "0", "WebAclArn": "", "OriginSecretVersion": "",
}


def curl(arguments):
    address = arguments[-1]
    times = 100 if address.endswith("[1-100]") else 1
    with changed() as world:
        limit = world["stacks"][world["stack"]]["parameters"]["RequestsPerAddress"]
        # A window ends when fewer ask.
        world["asked"] = world["asked"] + times if times > 1 else 0
        counts = limit != "0" and NOT_COUNTED not in world["broken"] and world["asked"] > int(limit)
        refuses = PORTAL_REFUSES in world["broken"] and world["secret"]["version"] != "v1"
    said = "429" if counts else "303" if "/api/" in address else "200"
    print("\n".join([("401" if refuses else said)] * times))


def cargo(arguments):
    """The operators' command, of which it is asked to rotate."""
    assert arguments[-2:] == ["origin-secret", "rotate"], arguments
    with changed() as world:
        if TELLS_TOO_MUCH in world["broken"]:
            fail(f"Error: +12065550142 was shown {world['secret']['current']}", 1)
        world["earlier"] = world["secret"]
        world["secret"] = {"version": "v2", "current": "2" * 64}
    print(json.dumps({"rotated": {"version": "v2", "earlier_counts_until": "2026"}}, indent=2))


if __name__ == "__main__":
    {"aws": aws, "sam": sam, "curl": curl, "cargo": cargo}[sys.argv[1]](sys.argv[2:])
