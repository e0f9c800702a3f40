"""A Python function that does the read of fetch-conversation: the newest messages of a conversation.

It polls the Runtime API itself, which is less to load than Lambda's own client.
"""

import http.client
import json
import os

import boto3

TABLE = os.environ["SWITCHBOARD_TABLE"]
table = boto3.client("dynamodb")
api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])


def call(method, path, body=None):
    api.request(method, f"/2018-06-01/runtime/{path}", body)
    response = api.getresponse()
    return response, response.read()


def handle(event):
    found = table.query(
        TableName=TABLE,
        KeyConditionExpression="pk = :pk AND sk BETWEEN :lowest AND :highest",
        ExpressionAttributeValues={
            ":pk": {"S": event["pk"]},
            ":lowest": {"S": event["lowest"]},
            ":highest": {"S": event["highest"]},
        },
        ScanIndexForward=False,
        Limit=event["limit"],
        ReturnConsumedCapacity="TOTAL",
    )
    return {"statusCode": 200, "body": json.dumps(found["Items"])}


while True:
    response, body = call("GET", "invocation/next")
    answer = handle(json.loads(body))
    call("POST", f"invocation/{response.headers['Lambda-Runtime-Aws-Request-Id']}/response", json.dumps(answer))
