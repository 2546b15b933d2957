import { createMiddleware } from 'hono/factory';

type Bindings = { WEBHOOK_SECRET: string };

const encoder = new TextEncoder();

/** HMAC-SHA256 of `payload` as lower-case hex. */
export async function sign(payload: string, secret: string): Promise<string> {
  const algorithm = { name: 'HMAC', hash: 'SHA-256' };
  const key = await crypto.subtle.importKey('raw', encoder.encode(secret), algorithm, false, [
    'sign',
  ]);
  const mac = await crypto.subtle.sign('HMAC', key, encoder.encode(payload));
  return Array.from(new Uint8Array(mac), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Middleware: lets a request through only if its body was signed with the secret. */
export const webhookSignature = createMiddleware<{ Bindings: Bindings }>(async (c, next) => {
  const signature = c.req.header('x-hub-signature-256');
  if (!signature) return c.json({ error: 'x-hub-signature-256 header missing' }, 401);

  const expected = `sha256=${await sign(await c.req.text(), c.env.WEBHOOK_SECRET)}`;
  if (signature !== expected) return c.json({ error: 'signature does not match' }, 401);
  await next();
});
