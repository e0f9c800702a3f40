// Chromium has no push service but Google's: in the windows of these tests the browser's own calls for one
// are answered here, with keys as a browser makes them. Everything after that is the portal's own.

/**
 * `endpoints` is where it takes pushes, `permission` what the browser has been told so far, `answer` what
 * somebody answers when it asks, and `fails` the error with which it does not reach its push service.
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
        // As browsers do: they ask nobody who has not pressed anything.
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
