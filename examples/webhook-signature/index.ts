import { createMiddleware } from 'hono/factory';

type Bindings = {
  WEBHOOK_SECRET: string;
  /** The secret before the last rotation; set it while senders catch up. */
  WEBHOOK_SECRET_PREVIOUS?: string;
};

const encoder = new TextEncoder();

function importKey(secret: string, usage: 'sign' | 'verify'): Promise<CryptoKey> {
  const algorithm = { name: 'HMAC', hash: 'SHA-256' };
  return crypto.subtle.importKey('raw', encoder.encode(secret), algorithm, false, [usage]);
}

function fromHex(hex: string): Uint8Array | undefined {
  if (!/^[0-9a-f]{64}$/i.test(hex)) return undefined;
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

/** HMAC-SHA256 of `payload` as lower-case hex: what a sender puts in the header. */
export async function sign(payload: string, secret: string): Promise<string> {
  const key = await importKey(secret, 'sign');
  const mac = await crypto.subtle.sign('HMAC', key, encoder.encode(payload));
  return Array.from(new Uint8Array(mac), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/**
 * Whether `signature` (hex, with or without "sha256=") belongs to `payload` under any
 * of `secrets`. `crypto.subtle.verify` compares in constant time, so the answer's
 * delay tells an attacker nothing about how many characters were right.
 */
export async function verify(
  payload: string,
  signature: string,
  secrets: readonly string[],
): Promise<boolean> {
  const mac = fromHex(signature.replace(/^sha256=/, ''));
  if (!mac) return false;
  for (const secret of secrets) {
    const key = await importKey(secret, 'verify');
    if (await crypto.subtle.verify('HMAC', key, mac, encoder.encode(payload))) return true;
  }
  return false;
}

export type WebhookSignatureOptions = {
  /** Header with the signature. Default: GitHub's `x-hub-signature-256`. */
  header?: string;
  /**
   * Header with the sender's Unix time in seconds. When named, the signed text is
   * `<timestamp>.<body>`, so a recorded request cannot be sent again later.
   */
  timestampHeader?: string;
  /** Largest age of a timestamp, in seconds. Default 300. */
  toleranceSeconds?: number;
};

/** Middleware: lets a request through only if its body was signed with the secret. */
export function webhookSignature(options: WebhookSignatureOptions = {}) {
  const { header = 'x-hub-signature-256', timestampHeader, toleranceSeconds = 300 } = options;

  return createMiddleware<{ Bindings: Bindings }>(async (c, next) => {
    const secrets = [c.env.WEBHOOK_SECRET, c.env.WEBHOOK_SECRET_PREVIOUS].filter(
      (secret): secret is string => Boolean(secret),
    );
    if (secrets.length === 0) {
      console.error('webhook-signature: WEBHOOK_SECRET is not set; refusing everything');
      return c.json({ error: 'webhooks are not configured' }, 503);
    }

    const signature = c.req.header(header);
    if (!signature) return c.json({ error: `${header} header missing` }, 401);

    // The raw text, not parsed JSON: one changed space changes the signature.
    let payload = await c.req.text();
    if (timestampHeader) {
      const timestamp = c.req.header(timestampHeader) ?? '';
      const age = Math.abs(Date.now() / 1000 - Number(timestamp));
      if (!/^\d{1,12}$/.test(timestamp) || age > toleranceSeconds) {
        return c.json({ error: `${timestampHeader} is missing or too old` }, 401);
      }
      payload = `${timestamp}.${payload}`;
    }

    if (!(await verify(payload, signature, secrets))) {
      return c.json({ error: 'signature does not match' }, 401);
    }
    await next();
  });
}
