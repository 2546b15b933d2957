import { Hono, type Context } from 'hono';

type Env = {
  Bindings: {
    BUCKET: R2Bucket;
    /** How long browsers may keep a file, in seconds. Default 3600. */
    FILES_CACHE_SECONDS?: string;
  };
};

/** Types that may be shown in the browser. Everything else is downloaded. */
const SHOWN =
  /^(image\/(?!svg)[\w.+-]+|video\/[\w.+-]+|audio\/[\w.+-]+|application\/pdf|text\/plain)(;|$)/;

/** Whether a key may be asked for at all. */
export function isKey(key: string): boolean {
  // R2 keys are plain names, but ".." in one is always somebody trying something.
  return key.length <= 1024 && !/[\p{Control}\\]/u.test(key) && !key.split('/').includes('..');
}

/** Content-Disposition with a name every browser reads (RFC 6266, RFC 8187). */
export function disposition(key: string, type: string, download: boolean): string {
  const name = key.split('/').at(-1) || 'file';
  const ascii = name.replace(/[^\w. -]/g, '_');
  const utf8 = encodeURIComponent(name).replace(
    /['()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16)}`,
  );
  const kind = download || !SHOWN.test(type) ? 'attachment' : 'inline';
  return `${kind}; filename="${ascii}"; filename*=UTF-8''${utf8}`;
}

/** "bytes 0-99/1000", for the part R2 gave us. */
export function contentRange(range: R2Range, size: number): { header: string; length: number } {
  const [offset, length] =
    'suffix' in range
      ? [size - Math.min(range.suffix, size), Math.min(range.suffix, size)]
      : [range.offset ?? 0, range.length ?? size - (range.offset ?? 0)];
  return { header: `bytes ${offset}-${offset + length - 1}/${size}`, length };
}

function headersFor(c: Context<Env>, object: R2Object): Headers {
  const headers = new Headers();
  object.writeHttpMetadata(headers); // content-type, content-language, ...
  const type = headers.get('content-type') ?? 'application/octet-stream';
  const seconds = Number(c.env.FILES_CACHE_SECONDS ?? 3600);
  headers.set('content-type', type);
  headers.set(
    'content-disposition',
    disposition(object.key, type, c.req.query('download') !== undefined),
  );
  headers.set('cache-control', `public, max-age=${seconds >= 0 ? Math.floor(seconds) : 3600}`);
  headers.set('etag', object.httpEtag);
  headers.set('last-modified', object.uploaded.toUTCString());
  headers.set('accept-ranges', 'bytes');
  // Uploaded files are strangers on your domain: no guessing of types, no scripts.
  headers.set('x-content-type-options', 'nosniff');
  headers.set('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'; sandbox");
  return headers;
}

export const r2FileServerRoute = new Hono<Env>();

// The pattern lets a key hold slashes; Hono has decoded it.
r2FileServerRoute.get('/:key{.+}', async (c) => {
  const key = c.req.param('key');
  if (!isKey(key)) return c.json({ error: 'no such file' }, 404);

  const conditions = c.req.raw.headers;
  if (c.req.method === 'HEAD') {
    const object = await c.env.BUCKET.head(key);
    if (!object) return c.json({ error: 'no such file' }, 404);
    const headers = headersFor(c, object);
    headers.set('content-length', String(object.size));
    return new Response(null, { headers });
  }

  const hasRange = conditions.has('range');
  const object = await c.env.BUCKET.get(key, {
    onlyIf: conditions, // If-None-Match, If-Modified-Since, ...
    range: hasRange ? conditions : undefined,
  });
  if (!object) return c.json({ error: 'no such file' }, 404);

  const headers = headersFor(c, object);
  if (!('body' in object)) {
    // R2 gives an object without a body when a condition did not hold.
    const isFresh = conditions.has('if-none-match') || conditions.has('if-modified-since');
    return new Response(null, { status: isFresh ? 304 : 412, headers });
  }
  if (hasRange && object.range) {
    const { header, length } = contentRange(object.range, object.size);
    headers.set('content-range', header);
    headers.set('content-length', String(length));
    return new Response(object.body, { status: 206, headers });
  }
  headers.set('content-length', String(object.size));
  return new Response(object.body, { headers });
});

r2FileServerRoute.onError((error, c) => {
  // R2 throws (10039, "not satisfiable") for a range behind the end of the file.
  if (c.req.header('range') && /satisfiable/i.test(error.message)) {
    return c.json({ error: 'this range cannot be served' }, 416);
  }
  console.error('r2-file-server:', error);
  return c.json({ error: 'files are not available at the moment' }, 503);
});
