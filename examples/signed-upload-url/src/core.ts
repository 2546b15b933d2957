/** AWS Signature Version 4 in the query string, on Web Crypto. No framework, no SDK. */

export type Credentials = { accessKeyId: string; secretAccessKey: string };

export type PresignOptions = {
  method: 'GET' | 'PUT' | 'HEAD' | 'DELETE';
  /** Address of the object without a query. */
  url: URL;
  /** "auto" for R2, else the region of the bucket. */
  region: string;
  credentials: Credentials;
  /** 1 second to 7 days. */
  expiresSeconds: number;
  /** Headers the client must send exactly so. Lower-case names; host is added. */
  headers?: Record<string, string>;
  now?: Date;
};

const encoder = new TextEncoder();

function toHex(bytes: ArrayBuffer): string {
  return Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

async function hmac(key: BufferSource, text: string): Promise<ArrayBuffer> {
  const algorithm = { name: 'HMAC', hash: 'SHA-256' };
  const imported = await crypto.subtle.importKey('raw', key, algorithm, false, ['sign']);
  return crypto.subtle.sign('HMAC', imported, encoder.encode(text));
}

/** Percent-encoding as AWS counts it: stricter than encodeURIComponent. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function canonicalPath(url: URL): string {
  return url.pathname
    .split('/')
    .map((part) => encode(decodeURIComponent(part)))
    .join('/');
}

function canonicalQuery(query: Record<string, string>): string {
  return Object.entries(query)
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
    .join('&');
}

async function signingKey(
  credentials: Credentials,
  day: string,
  region: string,
): Promise<ArrayBuffer> {
  const dayKey = await hmac(encoder.encode(`AWS4${credentials.secretAccessKey}`), day);
  return hmac(await hmac(await hmac(dayKey, region), 's3'), 'aws4_request');
}

/**
 * An address that allows one request on one object for a while, without credentials.
 *
 * Source: "Authenticating Requests: Using Query Parameters" in the S3 API reference.
 */
export async function presign(options: PresignOptions): Promise<URL> {
  const { method, url, region, credentials, expiresSeconds, now = new Date() } = options;
  const timestamp = now.toISOString().replace(/[-:]|\.\d{3}/g, '');
  const day = timestamp.slice(0, 8);
  const scope = `${day}/${region}/s3/aws4_request`;

  const headers = Object.entries({ ...options.headers, host: url.host }).sort(([a], [b]) =>
    a < b ? -1 : 1,
  );
  const signedHeaders = headers.map(([name]) => name).join(';');
  const query = canonicalQuery({
    'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
    'X-Amz-Credential': `${credentials.accessKeyId}/${scope}`,
    'X-Amz-Date': timestamp,
    'X-Amz-Expires': String(expiresSeconds),
    'X-Amz-SignedHeaders': signedHeaders,
  });

  const request = [
    method,
    canonicalPath(url),
    query,
    ...headers.map(([name, value]) => `${name}:${value.trim()}`),
    '',
    signedHeaders,
    'UNSIGNED-PAYLOAD', // the bytes are not known yet
  ].join('\n');
  const hash = toHex(await crypto.subtle.digest('SHA-256', encoder.encode(request)));
  const text = ['AWS4-HMAC-SHA256', timestamp, scope, hash].join('\n');
  const signature = toHex(await hmac(await signingKey(credentials, day, region), text));

  const signed = new URL(url);
  signed.search = `${query}&X-Amz-Signature=${signature}`;
  return signed;
}

export type UploadRequest = { fileName: string; contentType: string; size: number };
export type UploadLimits = { maxBytes: number; types: readonly string[] };

/** A fault of the caller; its message is safe to show. */
export class UploadError extends Error {}

/** Check what a browser wants to upload. Throws UploadError naming the field. */
export function parseUpload(body: unknown, limits: UploadLimits): UploadRequest {
  const { fileName, contentType, size } = (body ?? {}) as Record<string, unknown>;
  if (typeof fileName !== 'string' || !fileName.trim() || fileName.length > 255) {
    throw new UploadError('fileName must have 1 to 255 characters');
  }
  if (typeof contentType !== 'string' || !limits.types.includes(contentType)) {
    throw new UploadError(`contentType must be one of: ${limits.types.join(', ')}`);
  }
  if (!Number.isInteger(size) || (size as number) < 1 || (size as number) > limits.maxBytes) {
    throw new UploadError(`size must be from 1 to ${limits.maxBytes} bytes`);
  }
  return { fileName, contentType, size: size as number };
}

/** "uploads/2026/03/<random>/My-photo.jpg": never two files under one key, nothing to guess. */
export function objectKey(fileName: string, now: Date, id: string = crypto.randomUUID()): string {
  const [year, month] = now.toISOString().split('-');
  const safe = fileName
    .normalize('NFKD')
    .replace(/\p{Mark}+/gu, '') // accents
    .replace(/[^\w.-]+/g, '-')
    .replace(/^[.-]+|[.-]+$/g, '')
    .slice(-80);
  return `uploads/${year}/${month}/${id}/${safe || 'file'}`;
}
