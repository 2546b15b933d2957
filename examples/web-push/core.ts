/**
 * Web Push on Web Crypto: message encryption (RFC 8291, on the "aes128gcm" coding of
 * RFC 8188) and sender identification (VAPID, RFC 8292). No framework, no storage.
 */

/** What `PushSubscription.toJSON()` gives in the browser. */
export type Subscription = {
  endpoint: string;
  keys: { p256dh: string; auth: string };
};

export type VapidKeys = {
  /** Uncompressed P-256 point, base64url: what the browser subscribes with. */
  publicKey: string;
  /** The private number, base64url. */
  privateKey: string;
  /** "mailto:..." or "https://...": whom a push service can write to. */
  subject: string;
};

/** Push services take 4096 bytes; header, padding mark and tag need the rest. */
export const MAX_PAYLOAD_BYTES = 3993;

const RECORD_SIZE = 4096;
const VAPID_SECONDS = 12 * 60 * 60;

/** The services browsers subscribe at. Posting anywhere else would let strangers aim our requests. */
const PUSH_HOSTS = [
  /^fcm\.googleapis\.com$/,
  /^([\w-]+\.)*push\.services\.mozilla\.com$/,
  /^([\w-]+\.)*push\.apple\.com$/,
  /^([\w-]+\.)*notify\.windows\.com$/,
];

/** A fault of the caller; its message is safe to show. */
export class PushError extends Error {}

const encoder = new TextEncoder();

export function toBase64Url(bytes: ArrayBuffer | Uint8Array): string {
  const base64 = btoa(String.fromCharCode(...new Uint8Array(bytes)));
  return base64.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

export function fromBase64Url(text: string): Uint8Array {
  const base64 = text.replaceAll('-', '+').replaceAll('_', '/');
  return Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
}

function concat(...parts: Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** Check what a browser sent. Throws PushError. */
export function parseSubscription(value: unknown): Subscription {
  const { endpoint, keys } = (value ?? {}) as {
    endpoint?: unknown;
    keys?: Record<string, unknown>;
  };
  const { p256dh, auth } = keys ?? {};
  const url =
    typeof endpoint === 'string' &&
    endpoint.length <= 1000 &&
    URL.canParse(endpoint) &&
    new URL(endpoint);
  if (
    !url ||
    url.protocol !== 'https:' ||
    url.port ||
    !PUSH_HOSTS.some((host) => host.test(url.hostname))
  ) {
    throw new PushError('endpoint is not one of a known push service');
  }
  // 65 bytes of public key and 16 bytes of secret, in base64url.
  if (typeof p256dh !== 'string' || !/^[\w-]{87}=?$/.test(p256dh))
    throw new PushError('keys.p256dh is not a key');
  if (typeof auth !== 'string' || !/^[\w-]{22}(==)?$/.test(auth))
    throw new PushError('keys.auth is not a secret');
  return { endpoint: url.href, keys: { p256dh, auth } };
}

async function hkdf(
  secret: Uint8Array,
  salt: Uint8Array,
  info: Uint8Array,
  bytes: number,
): Promise<Uint8Array> {
  const key = await crypto.subtle.importKey('raw', secret, 'HKDF', false, ['deriveBits']);
  const algorithm = { name: 'HKDF', hash: 'SHA-256', salt, info };
  return new Uint8Array(await crypto.subtle.deriveBits(algorithm, key, bytes * 8));
}

type Randomness = { salt: Uint8Array; keyPair: CryptoKeyPair };

async function fresh(): Promise<Randomness> {
  const algorithm = { name: 'ECDH', namedCurve: 'P-256' };
  const keyPair = (await crypto.subtle.generateKey(algorithm, true, [
    'deriveBits',
  ])) as CryptoKeyPair;
  return { salt: crypto.getRandomValues(new Uint8Array(16)), keyPair };
}

/**
 * Encrypt `payload` for one subscription: the body to post to its endpoint.
 * `randomness` is for tests with the vectors of RFC 8291; leave it out otherwise.
 */
export async function encryptPayload(
  payload: Uint8Array,
  subscription: Subscription,
  randomness?: Randomness,
): Promise<Uint8Array> {
  if (payload.length > MAX_PAYLOAD_BYTES)
    throw new PushError(`message exceeds ${MAX_PAYLOAD_BYTES} bytes`);
  const { salt, keyPair } = randomness ?? (await fresh());
  const receiverPublic = fromBase64Url(subscription.keys.p256dh);
  const senderPublic = new Uint8Array(
    (await crypto.subtle.exportKey('raw', keyPair.publicKey)) as ArrayBuffer,
  );

  const curve = { name: 'ECDH', namedCurve: 'P-256' };
  const receiverKey = await crypto.subtle.importKey('raw', receiverPublic, curve, false, []);
  // The workerd types call this field "$public"; at run time it is "public", as in the standard.
  const agreement = {
    name: 'ECDH',
    public: receiverKey,
  } as unknown as SubtleCryptoDeriveKeyAlgorithm;
  const shared = new Uint8Array(await crypto.subtle.deriveBits(agreement, keyPair.privateKey, 256));

  const keyInfo = concat(encoder.encode('WebPush: info\0'), receiverPublic, senderPublic);
  const secret = await hkdf(shared, fromBase64Url(subscription.keys.auth), keyInfo, 32);
  const contentKey = await hkdf(secret, salt, encoder.encode('Content-Encoding: aes128gcm\0'), 16);
  const nonce = await hkdf(secret, salt, encoder.encode('Content-Encoding: nonce\0'), 12);

  const key = await crypto.subtle.importKey('raw', contentKey, 'AES-GCM', false, ['encrypt']);
  const padded = concat(payload, Uint8Array.of(2)); // 2 marks the last record
  const sealed = await crypto.subtle.encrypt({ name: 'AES-GCM', iv: nonce }, key, padded);

  const recordSize = new Uint8Array(4);
  new DataView(recordSize.buffer).setUint32(0, RECORD_SIZE);
  const header = concat(salt, recordSize, Uint8Array.of(senderPublic.length), senderPublic);
  return concat(header, new Uint8Array(sealed));
}

/** The Authorization header that tells the push service at `endpoint` who sends. */
export async function vapidHeader(
  endpoint: string,
  keys: VapidKeys,
  now = Date.now() / 1000,
): Promise<string> {
  const point = fromBase64Url(keys.publicKey);
  if (point.length !== 65) throw new Error('the VAPID public key must be 65 bytes in base64url');
  const jwk = {
    kty: 'EC',
    crv: 'P-256',
    x: toBase64Url(point.slice(1, 33)),
    y: toBase64Url(point.slice(33)),
    d: keys.privateKey,
  };
  const curve = { name: 'ECDSA', namedCurve: 'P-256' };
  const key = await crypto.subtle.importKey('jwk', jwk, curve, false, ['sign']);
  const encode = (part: object) => toBase64Url(encoder.encode(JSON.stringify(part)));
  const claims = {
    aud: new URL(endpoint).origin,
    exp: Math.floor(now) + VAPID_SECONDS,
    sub: keys.subject,
  };
  const unsigned = `${encode({ typ: 'JWT', alg: 'ES256' })}.${encode(claims)}`;
  const signature = await crypto.subtle.sign(
    { name: 'ECDSA', hash: 'SHA-256' },
    key,
    encoder.encode(unsigned),
  );
  return `vapid t=${unsigned}.${toBase64Url(signature)}, k=${keys.publicKey}`;
}

export type SendResult = 'sent' | 'gone' | 'failed';

/** Send one message. "gone" means: the browser has unsubscribed, forget the subscription. */
export async function sendPush(
  subscription: Subscription,
  message: string,
  keys: VapidKeys,
  ttlSeconds = 86_400,
): Promise<SendResult> {
  const response = await fetch(subscription.endpoint, {
    method: 'POST',
    headers: {
      authorization: await vapidHeader(subscription.endpoint, keys),
      'content-encoding': 'aes128gcm',
      'content-type': 'application/octet-stream',
      ttl: String(ttlSeconds),
    },
    body: await encryptPayload(encoder.encode(message), subscription),
    redirect: 'manual',
    signal: AbortSignal.timeout(10_000),
  });
  if (response.ok) return 'sent';
  if (response.status === 404 || response.status === 410) return 'gone';
  console.error(
    'web-push: push service answered',
    response.status,
    (await response.text()).slice(0, 300),
  );
  return 'failed';
}
