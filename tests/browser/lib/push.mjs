// Chromium supports Google's push service only. In the windows of these tests, a script replaces the browser's push API
// and creates the keys that a browser creates. Everything else is the portal's own code.

/**
 * Replaces the push API in the windows of a context. `endpoints` is the prefix of the endpoints, `permission` the state
 * of the permission, `answer` a person's answer to the prompt, and `fails` the error with which the push service cannot
 * be reached.
 */
export async function pretendsPush(context, {endpoints, permission = 'default', answer = 'granted', fails = null}) {
  await context.addInitScript(({endpoints, permission, answer, fails}) => {
    const kept = name => JSON.parse(localStorage.getItem(`pretended-${name}`));
    const keep = (name, value) => localStorage.setItem(`pretended-${name}`, JSON.stringify(value));
    const base64url = bytes => btoa(String.fromCharCode(...new Uint8Array(bytes))).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
    const bytes = text => Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), sign => sign.charCodeAt(0)).buffer;

    Object.defineProperty(Notification, 'permission', {get: () => kept('permission') ?? permission});
    Notification.requestPermission = async () => {
      if (Notification.permission === 'default') {
        // Browsers show the prompt only after a user gesture.
        if (!navigator.userActivation.isActive) throw new Error('asked without a gesture');
        keep('permission', answer);
      }
      return Notification.permission;
    };
    const subscription = () => {
      const known = kept('subscription');
      return known && {
        endpoint: known.endpoint,
        options: {userVisibleOnly: true, applicationServerKey: bytes(known.key)},
        toJSON: () => ({endpoint: known.endpoint, expirationTime: null, keys: known.keys}),
        unsubscribe: async () => {
          localStorage.removeItem('pretended-subscription');
          return true;
        },
      };
    };
    PushManager.prototype.getSubscription = async () => subscription();
    PushManager.prototype.subscribe = async ({applicationServerKey: key}) => {
      if (Notification.permission !== 'granted') throw new DOMException('not allowed', 'NotAllowedError');
      if (fails) throw new DOMException('Registration failed - push service error', fails);
      if (kept('subscription') && kept('subscription').key !== key) throw new DOMException('another key', 'InvalidStateError');
      if (!kept('subscription')) {
        const {publicKey} = await crypto.subtle.generateKey({name: 'ECDH', namedCurve: 'P-256'}, true, ['deriveBits']);
        const p256dh = base64url(await crypto.subtle.exportKey('raw', publicKey));
        const auth = base64url(crypto.getRandomValues(new Uint8Array(16)));
        keep('subscription', {endpoint: `${endpoints}/${crypto.randomUUID()}`, keys: {p256dh, auth}, key});
      }
      return subscription();
    };
  }, {endpoints, permission, answer, fails});
}
