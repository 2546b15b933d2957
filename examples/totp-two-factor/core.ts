/** Time-based one-time passwords (RFC 6238) on Web Crypto. No framework, no storage. */

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'; // RFC 4648 base32
const STEP_SECONDS = 30;
const DIGITS = 6;

/** 160 random bits, the length RFC 4226 recommends. */
export function createSecret(): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(20));
}

/** Base32 without padding: what authenticator apps read. */
export function toBase32(bytes: Uint8Array): string {
  let bits = 0;
  let value = 0;
  let text = '';
  for (const byte of bytes) {
    value = (value << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += ALPHABET[(value >>> bits) & 31];
    }
    value &= (1 << bits) - 1; // keep only what is not written yet
  }
  if (bits > 0) text += ALPHABET[(value << (5 - bits)) & 31];
  return text;
}

/** The address behind the QR code. */
export function otpauthUri(secret: Uint8Array, issuer: string, account: string): string {
  const label = `${encodeURIComponent(issuer)}:${encodeURIComponent(account)}`;
  const query = new URLSearchParams({
    secret: toBase32(secret),
    issuer,
    digits: String(DIGITS),
    period: String(STEP_SECONDS),
  });
  // Some apps show a "+" in the issuer as it is.
  return `otpauth://totp/${label}?${query.toString().replaceAll('+', '%20')}`;
}

/** The time step `seconds` (Unix time) falls into. */
export function stepAt(seconds: number): number {
  return Math.floor(seconds / STEP_SECONDS);
}

/** The six digits an app shows during `step`. */
export async function codeAt(secret: Uint8Array, step: number): Promise<string> {
  const counter = new DataView(new ArrayBuffer(8));
  counter.setBigUint64(0, BigInt(step));
  const algorithm = { name: 'HMAC', hash: 'SHA-1' }; // what every app supports
  const key = await crypto.subtle.importKey('raw', secret, algorithm, false, ['sign']);
  const mac = new DataView(await crypto.subtle.sign('HMAC', key, counter.buffer));
  const offset = mac.getUint8(19) & 15; // dynamic truncation, RFC 4226, 5.3
  const number = (mac.getUint32(offset) & 0x7fffffff) % 10 ** DIGITS;
  return String(number).padStart(DIGITS, '0');
}

/**
 * The time step `code` belongs to, or undefined when it is wrong.
 *
 * One step of clock drift is allowed either way. Steps up to `lastStep` are refused,
 * so a code someone watched being typed cannot be used again (RFC 6238, 5.2).
 */
export async function matchStep(
  secret: Uint8Array,
  code: string,
  now: number,
  lastStep = -1,
): Promise<number | undefined> {
  if (!/^\d{6}$/.test(code)) return undefined;
  const current = stepAt(now);
  let match: number | undefined;
  for (const step of [current - 1, current, current + 1]) {
    if (equals(await codeAt(secret, step), code) && step > lastStep) match = step;
  }
  return match;
}

/** Compare in a time that does not depend on where the texts differ. */
function equals(a: string, b: string): boolean {
  let difference = a.length ^ b.length;
  for (let i = 0; i < a.length; i += 1) difference |= a.charCodeAt(i) ^ b.charCodeAt(i);
  return difference === 0;
}

async function sealingKey(passphrase: string): Promise<CryptoKey> {
  if (passphrase.length < 32) throw new Error('the encryption key needs 32 characters or more');
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(passphrase));
  return crypto.subtle.importKey('raw', hash, 'AES-GCM', false, ['encrypt', 'decrypt']);
}

/** Encrypt a secret for storage. `owner` is bound in: a row copied to another account won't open. */
export async function seal(secret: Uint8Array, passphrase: string, owner: string): Promise<string> {
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const algorithm = { name: 'AES-GCM', iv, additionalData: new TextEncoder().encode(owner) };
  const sealed = await crypto.subtle.encrypt(algorithm, await sealingKey(passphrase), secret);
  return btoa(String.fromCharCode(...iv, ...new Uint8Array(sealed)));
}

/** Undo seal(). Throws when the key, the owner or the text is not the right one. */
export async function open(sealed: string, passphrase: string, owner: string): Promise<Uint8Array> {
  const bytes = Uint8Array.from(atob(sealed), (char) => char.charCodeAt(0));
  const algorithm = {
    name: 'AES-GCM',
    iv: bytes.slice(0, 12),
    additionalData: new TextEncoder().encode(owner),
  };
  const key = await sealingKey(passphrase);
  return new Uint8Array(await crypto.subtle.decrypt(algorithm, key, bytes.slice(12)));
}
