/** Signed links and addresses of a mailing list. No framework, no database. */

export type Purpose = 'confirm' | 'unsubscribe';

/** Days a confirmation link works. Unsubscribe links never expire. */
export const CONFIRM_DAYS = 7;

const encoder = new TextEncoder();

async function hmacKey(secret: string): Promise<CryptoKey> {
  if (!secret || secret.length < 32) throw new Error('the secret needs 32 characters or more');
  const algorithm = { name: 'HMAC', hash: 'SHA-256' };
  return crypto.subtle.importKey('raw', encoder.encode(secret), algorithm, false, [
    'sign',
    'verify',
  ]);
}

function toBase64Url(bytes: Uint8Array): string {
  const base64 = btoa(String.fromCharCode(...bytes));
  return base64.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

function fromBase64Url(text: string): Uint8Array {
  const base64 = text.replaceAll('-', '+').replaceAll('_', '/');
  return Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
}

/**
 * A link token that carries its own meaning: address, purpose, end. Nothing has to be
 * stored for it, and one made for unsubscribing cannot confirm.
 *
 * expires: Unix seconds; 0 for never.
 */
export async function createToken(
  email: string,
  purpose: Purpose,
  expires: number,
  secret: string,
): Promise<string> {
  const payload = encoder.encode(JSON.stringify([email, purpose, expires]));
  const mac = await crypto.subtle.sign('HMAC', await hmacKey(secret), payload);
  return `${toBase64Url(payload)}.${toBase64Url(new Uint8Array(mac))}`;
}

/** The address a token speaks for, or undefined when it is forged, foreign or too old. */
export async function readToken(
  token: string,
  purpose: Purpose,
  now: number,
  secret: string,
): Promise<string | undefined> {
  const [payload, mac] = token.split('.');
  if (!payload || !mac || token.length > 1000) return undefined;
  const key = await hmacKey(secret);
  try {
    const bytes = fromBase64Url(payload);
    // verify() compares in constant time.
    if (!(await crypto.subtle.verify('HMAC', key, fromBase64Url(mac), bytes))) return undefined;
    const [email, given, expires] = JSON.parse(new TextDecoder().decode(bytes)) as [
      string,
      string,
      number,
    ];
    return given === purpose && (expires === 0 || expires > now) ? email : undefined;
  } catch {
    return undefined; // not base64
  }
}

/** The address in the form it is stored in, or undefined when it is none. */
export function normaliseEmail(raw: unknown): string | undefined {
  if (typeof raw !== 'string') return undefined;
  const email = raw.trim().toLowerCase();
  return email.length <= 254 && /^[^\s@<>"]+@[^\s@<>"]+\.[^\s@<>".]+$/.test(email)
    ? email
    : undefined;
}

/** A page with a sentence and, where something is to be decided, a button. */
export function page(title: string, sentence: string, button?: string): string {
  const form = button ? `<form method="post"><button>${button}</button></form>` : '';
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title}</title>
<h1>${title}</h1>
<p>${sentence}</p>
${form}
</html>`;
}
