import { Hono } from 'hono';

type Bindings = {
  /** Largest width handed out, in pixels. Default 2000. */
  IMAGE_MAX_WIDTH?: string;
  /** Quality from 1 to 100 when a request names none. Default 82. */
  IMAGE_QUALITY?: string;
};

const FITS = ['scale-down', 'contain', 'cover', 'crop', 'pad'] as const;
const FORMATS = ['avif', 'webp', 'jpeg'] as const;

type Fit = (typeof FITS)[number];
type Format = (typeof FORMATS)[number];

export type ResizeOptions = {
  source: URL;
  width: number;
  height?: number;
  quality: number;
  fit: Fit;
  format?: Format;
};

/** A fault of the caller; its message is safe to show. */
export class ResizeError extends Error {}

/**
 * Turn a query string into options, or throw ResizeError with a sentence
 * that names the parameter at fault.
 */
export function parseOptions(
  query: Record<string, string>,
  limits: { maxWidth: number; quality: number },
): ResizeOptions {
  return {
    source: parseSource(query.url),
    width: parseSize(
      'width',
      query.width ?? String(Math.min(800, limits.maxWidth)),
      limits.maxWidth,
    ),
    height:
      query.height === undefined ? undefined : parseSize('height', query.height, limits.maxWidth),
    quality: parseSize('quality', query.quality ?? String(limits.quality), 100),
    fit: oneOf('fit', query.fit ?? 'scale-down', FITS),
    format: query.format === undefined ? undefined : oneOf('format', query.format, FORMATS),
  };
}

function parseSource(raw: string | undefined): URL {
  if (!raw) throw new ResizeError('url query param required');
  let source: URL;
  try {
    source = new URL(raw);
  } catch {
    throw new ResizeError('url is not an absolute URL');
  }
  if (source.protocol !== 'https:') throw new ResizeError('url must start with https://');
  if (source.username || source.password) throw new ResizeError('url must not carry a user name');
  // A bare IP address or a name without a dot is never a public image host.
  if (/^[\d.]+$|^\[|^[^.]+\.?$/.test(source.hostname))
    throw new ResizeError('url must name a public host');
  return source;
}

function parseSize(name: string, raw: string, max: number): number {
  const value = /^\d{1,5}$/.test(raw) ? Number(raw) : 0;
  if (value < 1 || value > max) throw new ResizeError(`${name} must be a number from 1 to ${max}`);
  return value;
}

function oneOf<T extends string>(name: string, raw: string, allowed: readonly T[]): T {
  const found = allowed.find((value) => value === raw);
  if (!found) throw new ResizeError(`${name} must be one of: ${allowed.join(', ')}`);
  return found;
}

/** The best format the browser says it can show; the original one if it says nothing. */
export function negotiateFormat(accept: string): Format | undefined {
  if (accept.includes('image/avif')) return 'avif';
  if (accept.includes('image/webp')) return 'webp';
  return undefined;
}

function setting(raw: string | undefined, fallback: number, max: number): number {
  const value = Number(raw);
  return Number.isInteger(value) && value >= 1 && value <= max ? value : fallback;
}

export const imageResizerRoute = new Hono<{ Bindings: Bindings }>();

imageResizerRoute.get('/health', (c) => c.json({ module: 'image-resizer', ok: true }));

imageResizerRoute.get('/', async (c) => {
  // Cloudflare marks the requests it makes while resizing. Answering one of
  // them with another resize would loop until the account's limits are hit.
  if (/image-resizing/.test(c.req.header('via') ?? '')) {
    return c.json({ error: 'url points back at this resizer' }, 400);
  }

  let options: ResizeOptions;
  try {
    options = parseOptions(c.req.query(), {
      maxWidth: setting(c.env.IMAGE_MAX_WIDTH, 2000, 12000),
      quality: setting(c.env.IMAGE_QUALITY, 82, 100),
    });
  } catch (error) {
    if (error instanceof ResizeError) return c.json({ error: error.message }, 400);
    throw error;
  }

  const { source, ...image } = options;
  image.format ??= negotiateFormat(c.req.header('accept') ?? '');

  let upstream: Response;
  try {
    upstream = await fetch(source, {
      headers: { accept: 'image/*' },
      cf: { image: { ...image, metadata: 'copyright' }, cacheEverything: true, cacheTtl: 86400 },
    });
  } catch (error) {
    console.error('image-resizer: fetch failed', source.hostname, error);
    return c.json({ error: 'the image host did not answer' }, 502);
  }

  if (!upstream.ok) {
    // cf-resized carries Cloudflare's own reason, e.g. "err=9401".
    const reason = upstream.headers.get('cf-resized') ?? `status ${upstream.status}`;
    return c.json({ error: 'the image could not be fetched or resized', reason }, 502);
  }
  const type = upstream.headers.get('content-type') ?? '';
  if (!type.startsWith('image/')) {
    return c.json({ error: `url answered ${type || 'no content type'}, not an image` }, 415);
  }

  return new Response(upstream.body, {
    headers: {
      'content-type': type,
      'cache-control': 'public, max-age=86400, stale-while-revalidate=604800',
      // The same URL answers AVIF, WebP or JPEG, depending on this header.
      vary: 'accept',
      // An SVG is a document: from your own domain it must not run scripts.
      'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; sandbox",
      'x-content-type-options': 'nosniff',
      // "no" while image transformations are off for the zone, and in local dev.
      'x-image-resized': upstream.headers.has('cf-resized') ? 'yes' : 'no',
    },
  });
});
