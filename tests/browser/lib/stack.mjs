// A local stack in a process of its own, started as a person starts it.
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {createInterface} from 'node:readline';
import {fileURLToPath} from 'node:url';

const binary = process.env.SWITCHBOARD ?? fileURLToPath(new URL('../../../target/debug/switchboard', import.meta.url));

export class Stack {
  /** Starts a stack, with or without the demo's messages, in memory or with its data in the folder `data`. */
  static async start({demo = false, data = null, port = 0, pushService = null} = {}) {
    const keep = data ? ['--data', data] : ['--memory'];
    const push = pushService ? ['--push-service', pushService.origin] : [];
    const process = spawn(binary, [...keep, '--port', `${port}`, ...push, ...(demo ? [] : ['--no-demo'])], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const stack = new Stack();
    stack.process = process;
    stack.ended = once(process, 'exit');
    // The stack ends with the tests, however they end.
    stack.killed = () => process.kill('SIGKILL');
    globalThis.process.on('exit', stack.killed);
    for await (const line of createInterface({input: process.stdout})) {
      stack.address = line.match(/Portal\s+(http:\S+)\//)?.[1];
      if (stack.address) break;
    }
    if (!stack.address) throw new Error(`${binary} ended before it said where it is`);
    const health = await fetch(`${stack.address}/healthz`);
    if (!health.ok) throw new Error(`the stack says that it runs, and is not ready: ${health.status}`);
    return stack;
  }

  get port() {
    return Number(new URL(this.address).port);
  }

  /** Stops the process: it accepts connections from now on, and answers nothing. */
  hangs() {
    this.process.kill('SIGSTOP');
  }

  async stop() {
    this.process.kill('SIGCONT');
    this.process.kill('SIGINT');
    await this.ended;
    globalThis.process.off('exit', this.killed);
  }

  async post(path, fields) {
    const response = await fetch(this.address + path, {method: 'POST', body: new URLSearchParams(fields)});
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  }

  /** Sends a request to the stack's DynamoDB. */
  async table(operation, request) {
    const response = await fetch(`${this.address}/`, {
      method: 'POST',
      headers: {
        'x-amz-target': `DynamoDB_20120810.${operation}`,
        'content-type': 'application/x-amz-json-1.0',
        authorization: 'AWS4-HMAC-SHA256 Credential=local/20260101/local/dynamodb/aws4_request, SignedHeaders=host;x-amz-date, Signature=0',
        'x-amz-date': '20260101T000000Z',
      },
      body: JSON.stringify({TableName: 'switchboard', ...request}),
    });
    if (!response.ok) throw new Error(`${operation}: ${response.status} ${await response.text()}`);
    return response.json();
  }

  /** Moves the sign-in of every session `minutes` into the past. */
  async sessionsAreOlder(minutes) {
    const {Items: sessions} = await this.table('Scan', {FilterExpression: 'sk = :s', ExpressionAttributeValues: {':s': {S: 'SESSION'}}});
    for (const {pk, sk, began} of sessions) {
      const earlier = {N: `${Number(began.N) - minutes * 60_000}`};
      await this.table('UpdateItem', {Key: {pk, sk}, UpdateExpression: 'SET began = :b, authenticated = :b', ExpressionAttributeValues: {':b': earlier}});
    }
  }

  /** Sends a text of a customer to a line. */
  async customerTexts(from, text, to = HARBOR) {
    await this.post('/local/handset/messages', {from, to, text});
  }

  /** Delivers an inbound message as AWS does, possibly later than it was sent. */
  async deliver({id, from, text, at, to = HARBOR}) {
    const payload = {originationNumber: from, destinationNumber: to, messageBody: text, inboundMessageId: id};
    const envelope = {Type: 'Notification', Message: JSON.stringify(payload), Timestamp: at.toISOString()};
    const record = {messageId: id, body: JSON.stringify(envelope), eventSource: 'aws:sqs'};
    const response = await fetch(`${this.address}/2015-03-31/functions/inbound-sms/invocations`, {
      method: 'POST',
      body: JSON.stringify({Records: [record]}),
    });
    const {batchItemFailures} = await response.json();
    if (batchItemFailures.length) throw new Error(`${id} was not taken`);
  }

  async customerTextsAll(from, texts) {
    for (const text of texts) await this.customerTexts(from, text);
  }

  /**
   * Sets the result of the next message to a number: rejected (`spend-limit`, …), lost (`fail`), or sent although the
   * carrier reports a failure (`silent`).
   */
  async carrierWill(answer, to) {
    await this.post('/local/carrier/next', {to, answer});
  }

  /**
   * Sets the delivery status of later messages to a phone: `delivered`, `unreachable`, `invalid`, `blocked`, `spam` or
   * `untold`.
   */
  async phoneIs(fate, to) {
    await this.post('/local/carrier/fates', {to, fate});
  }

  /** Sets the result of later carrier lookups of a number: `mobile`, `landline`, `voip`, `invalid` or `unavailable`. */
  async numberIs(kind, number) {
    await this.post('/local/carrier/kinds', {number, kind});
  }

  /** Returns the texts that a customer's phone has received, oldest first. */
  async phoneOf(number) {
    const response = await fetch(`${this.address}/local/carrier/messages?to=${encodeURIComponent(number)}`);
    return (await response.json()).map(sms => sms.text);
  }
}

// Numbers that regulators reserve for fiction.
export const HARBOR = '+12065550142';
export const MARIA = '+14255550182';
export const SAM = '+12535550119';
export const GRACE = '+12065550126';
// He has opted out in the demo.
export const BEN = '+15095550158';
