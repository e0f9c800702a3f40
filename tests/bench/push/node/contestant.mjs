// Pushes with npm's web-push, as often as it is told to: see ../src/contestant.rs for what it is told. With `once` it
// signs by hand, once for all, where web-push signs each message.
import { readFileSync } from "node:fs";
import https from "node:https";
import readline from "node:readline";
import webpush from "web-push";

const [how, file] = process.argv.slice(2);
const stage = JSON.parse(readFileSync(file, "utf8"));
const vapid = { subject: stage.subject, publicKey: stage.public, privateKey: stage.private };
const options = {
  TTL: stage.ttl,
  urgency: "high",
  topic: stage.topic,
  agent: new https.Agent({ keepAlive: true, maxSockets: stage.together }),
};
if (how === "once") {
  const { Authorization } = webpush.getVapidHeaders(
    new URL(stage.subscriptions[0].endpoint).origin, vapid.subject, vapid.publicKey, vapid.privateKey, "aes128gcm",
  );
  options.headers = { Authorization };
} else {
  options.vapidDetails = vapid;
}

async function send(messages) {
  let next = 0;
  const worker = async () => {
    while (next < messages) {
      const subscription = stage.subscriptions[next++ % stage.subscriptions.length];
      await webpush.sendNotification(subscription, stage.payload, options);
    }
  };
  await Promise.all(Array.from({ length: stage.together }, worker));
}

console.log("ready");
for await (const line of readline.createInterface({ input: process.stdin })) {
  await send(Number(line));
  console.log("done");
}
