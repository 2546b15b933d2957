/** Tokens and texts of magic-link sign-in. No framework, no database. */

/** Minutes a link works. Long enough for slow mail, short enough for a shared inbox. */
export const LINK_MINUTES = 15;

/** 256 random bits, safe in a URL. */
export function createToken(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(32));
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '');
}

export function isToken(text: string): boolean {
  return /^[\w-]{43}$/.test(text);
}

/**
 * What is stored instead of the token: somebody who reads the table can sign nobody
 * in. The token is random, so a plain SHA-256 needs no salt.
 */
export async function hashToken(token: string): Promise<string> {
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(token));
  return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** The address in the form it is compared in, or undefined when it is none. */
export function normaliseEmail(raw: unknown): string | undefined {
  if (typeof raw !== 'string') return undefined;
  const email = raw.trim().toLowerCase();
  return email.length <= 254 && /^[^\s@<>"]+@[^\s@<>"]+\.[^\s@<>".]+$/.test(email)
    ? email
    : undefined;
}

export function expiryFrom(now: Date): Date {
  return new Date(now.getTime() + LINK_MINUTES * 60_000);
}

export function linkMail(appUrl: string, routePath: string, token: string) {
  const link = new URL(`${routePath}/verify`, appUrl);
  link.searchParams.set('token', token);
  return {
    subject: `Sign in to ${link.hostname}`,
    text: [
      'Open this link to sign in:',
      '',
      link.href,
      '',
      `It works once, for ${LINK_MINUTES} minutes. If you did not ask for it, ignore this mail.`,
    ].join('\n'),
  };
}
