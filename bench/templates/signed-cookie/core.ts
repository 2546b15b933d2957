const encoder = new TextEncoder();

async function keyOf(secret: string): Promise<CryptoKey> {
  const raw = encoder.encode(secret);
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  return crypto.subtle.importKey("raw", raw, algorithm, false, ["sign", "verify"]);
}

/** `value` with its signature behind the last dot. */
export async function sign(value: string, secret: string): Promise<string> {
  const made = await crypto.subtle.sign("HMAC", await keyOf(secret), encoder.encode(value));
  return `${value}.${btoa(String.fromCharCode(...new Uint8Array(made)))}`;
}

/** What was signed; null where somebody else wrote it. */
export async function read(signed: string, secret: string): Promise<string | null> {
  const at = signed.lastIndexOf(".");
  if (at < 0) {
    return null;
  }
  const value = signed.slice(0, at);
  const given = Uint8Array.from(atob(signed.slice(at + 1)), (c) => c.charCodeAt(0));
  const key = await keyOf(secret);
  return (await crypto.subtle.verify("HMAC", key, given, encoder.encode(value))) ? value : null;
}
