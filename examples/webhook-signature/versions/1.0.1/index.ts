import { createMiddleware } from 'hono/factory';

type Bindings = { WEBHOOK_SECRET: string };

const encoder = new TextEncoder();

function importKey(secret: string, usage: 'sign' | 'verify'): Promise<CryptoKey> {
  const algorithm = { name: 'HMAC', hash: 'SHA-256' };
  return crypto.subtle.importKey('raw', encoder.encode(secret), algorithm, false, [usage]);
}

function fromHex(hex: string): Uint8Array | undefined {
  if (!/^[0-9a-f]{64}$/i.test(hex)) return undefined;
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

/** HMAC-SHA256 of `payload` as lower-case hex. */
export async function sign(payload: string, secret: string): Promise<string> {
  const key = await importKey(secret, 'sign');
  const mac = await crypto.subtle.sign('HMAC', key, encoder.encode(payload));
  return Array.from(new Uint8Array(mac), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Whether `signature` belongs to `payload`; compared in constant time by Web Crypto. */
export async function verify(payload: string, signature: string, secret: string): Promise<boolean> {
  const mac = fromHex(signature.replace(/^sha256=/, ''));
  if (!mac) return false;
  return crypto.subtle.verify(
    'HMAC',
    await importKey(secret, 'verify'),
    mac,
    encoder.encode(payload),
  );
}

/** Middleware: lets a request through only if its body was signed with the secret. */
export const webhookSignature = createMiddleware<{ Bindings: Bindings }>(async (c, next) => {
  const signature = c.req.header('x-hub-signature-256');
  if (!signature) return c.json({ error: 'x-hub-signature-256 header missing' }, 401);

  if (!(await verify(await c.req.text(), signature, c.env.WEBHOOK_SECRET))) {
    return c.json({ error: 'signature does not match' }, 401);
  }
  await next();
});
