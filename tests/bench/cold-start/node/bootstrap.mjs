// A Node function that does the read of fetch-conversation: the newest messages of a conversation.
// It polls the Runtime API itself, which is less to load than Lambda's own client.
import http from "node:http";
import { DynamoDBClient, QueryCommand } from "@aws-sdk/client-dynamodb";

const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(":");
const agent = new http.Agent({ keepAlive: true });
const table = new DynamoDBClient({});

function call(method, path, body) {
  return new Promise((resolve, reject) => {
    const request = http.request({ host, port, method, path: `/2018-06-01/runtime/${path}`, agent }, (response) => {
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("end", () => resolve({ headers: response.headers, body: Buffer.concat(chunks).toString() }));
    });
    request.on("error", reject);
    request.end(body);
  });
}

async function handle(event) {
  const found = await table.send(
    new QueryCommand({
      TableName: process.env.SWITCHBOARD_TABLE,
      KeyConditionExpression: "pk = :pk AND sk BETWEEN :lowest AND :highest",
      ExpressionAttributeValues: { ":pk": { S: event.pk }, ":lowest": { S: event.lowest }, ":highest": { S: event.highest } },
      ScanIndexForward: false,
      Limit: event.limit,
      ReturnConsumedCapacity: "TOTAL",
    }),
  );
  return { statusCode: 200, body: JSON.stringify(found.Items) };
}

for (;;) {
  const { headers, body } = await call("GET", "invocation/next");
  const answer = await handle(JSON.parse(body));
  await call("POST", `invocation/${headers["lambda-runtime-aws-request-id"]}/response`, JSON.stringify(answer));
}
