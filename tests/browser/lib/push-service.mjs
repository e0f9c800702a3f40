// A push service on this machine with Mozilla's protocol. Browsers keep a WebSocket to it, and application servers post
// to the endpoints that it gave to browsers.
import {randomUUID} from 'node:crypto';
import {once} from 'node:events';
import {createServer} from 'node:http';
import {WebSocketServer} from 'ws';

export class PushService {
  /** Every request to an endpoint, oldest first: `{path, headers, body, status}`. */
  posts = [];
  /** The versions that the browser has acknowledged, each with its code (100: decrypted and delivered). */
  taken = new Map();
  /** Whether it answers 403 to every request, as for an unknown key. */
  refuses = false;
  #browsers = new Map();
  #endpoints = new Map();

  static async start() {
    const service = new PushService();
    service.server = createServer((request, response) => service.#take(request, response));
    service.sockets = new WebSocketServer({server: service.server});
    service.sockets.on('connection', socket => service.#serve(socket));
    service.server.listen(0, '127.0.0.1');
    await once(service.server, 'listening');
    return service;
  }

  get origin() {
    return `http://127.0.0.1:${this.server.address().port}`;
  }

  get address() {
    return `${this.origin.replace('http', 'ws')}/`;
  }

  async stop() {
    for (const socket of this.sockets.clients) socket.terminate();
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  /** The URLs of all endpoints. */
  get endpoints() {
    return [...this.#endpoints.keys()].map(path => this.origin + path);
  }

  /** Forgets all push subscriptions: their endpoints answer 410 from now on. */
  forgetsEverybody() {
    this.#endpoints.clear();
  }

  #serve(socket) {
    let uaid = null;
    const say = message => socket.send(JSON.stringify(message));
    socket.on('message', data => {
      const said = JSON.parse(data);
      if (said.messageType === 'hello') {
        uaid = said.uaid || randomUUID().replaceAll('-', '');
        this.#browsers.set(uaid, say);
        return say({messageType: 'hello', status: 200, uaid, use_webpush: true, broadcasts: {}});
      }
      const {channelID} = said;
      if (said.messageType === 'register') {
        const path = `/wpush/v2/${randomUUID()}`;
        this.#endpoints.set(path, {uaid, channelID});
        return say({messageType: 'register', channelID, status: 200, pushEndpoint: this.origin + path});
      }
      if (said.messageType === 'unregister') {
        for (const [path, kept] of this.#endpoints) if (kept.channelID === channelID) this.#endpoints.delete(path);
        return say({messageType: 'unregister', channelID, status: 200});
      }
      if (said.messageType === 'ack') return said.updates.forEach(({version, code}) => this.taken.set(version, code));
      if (said.messageType === 'nack') return this.taken.set(said.version, said.code);
      if (!said.messageType || said.messageType === 'ping') return say(said.messageType ? said : {});
    });
  }

  async #take(request, response) {
    const body = Buffer.concat(await request.toArray());
    const {headers, url: path} = request;
    const status = this.#answer(request.method, path, headers, body);
    this.posts.push({path, headers, body, status});
    response.writeHead(status, status === 201 ? {location: `${this.origin}/m/${this.posts.length}`} : {}).end();
  }

  #answer(method, path, headers, body) {
    const kept = this.#endpoints.get(path);
    if (method !== 'POST') return 405;
    if (!kept && !path.startsWith('/pretended/')) return 410;
    if (this.refuses) return 403;
    if (!headers.authorization?.startsWith('vapid t=')) return 401;
    if (headers['content-encoding'] !== 'aes128gcm' || !/^\d+$/.test(headers.ttl ?? '')) return 400;
    if (body.length > 4096) return 413;
    const version = randomUUID();
    if (kept) this.#browsers.get(kept.uaid)?.({
      messageType: 'notification', channelID: kept.channelID, version, ttl: Number(headers.ttl),
      data: body.toString('base64url'), headers: {encoding: 'aes128gcm'},
    });
    return 201;
  }
}
