import { Hono, type Context } from 'hono';
import { objectKey, parseUpload, presign, UploadError, type UploadLimits } from './core';

type Env = {
  Bindings: {
    /** https://<account>.r2.cloudflarestorage.com, or https://s3.<region>.amazonaws.com. */
    S3_ENDPOINT: string;
    S3_BUCKET: string;
    S3_REGION?: string;
    S3_ACCESS_KEY_ID: string;
    S3_SECRET_ACCESS_KEY: string;
    UPLOAD_MAX_BYTES?: string;
    /** Allowed content types, separated by commas. */
    UPLOAD_TYPES?: string;
  };
};

const EXPIRES_SECONDS = 600;
const DEFAULT_MAX_BYTES = 10 * 1024 * 1024;
// No SVG and no HTML: served from your own domain they can run scripts.
const DEFAULT_TYPES = 'image/jpeg,image/png,image/webp,image/gif,application/pdf';

function limitsOf(c: Context<Env>): UploadLimits {
  const maxBytes = Number(c.env.UPLOAD_MAX_BYTES ?? DEFAULT_MAX_BYTES);
  if (!(maxBytes > 0)) throw new Error('UPLOAD_MAX_BYTES must be a number of bytes');
  const types = (c.env.UPLOAD_TYPES ?? DEFAULT_TYPES).split(',').map((type) => type.trim());
  return { maxBytes, types };
}

export const signedUploadRoute = new Hono<Env>();

signedUploadRoute.post('/', async (c) => {
  const now = new Date();
  const upload = parseUpload(await c.req.json().catch(() => null), limitsOf(c));
  const key = objectKey(upload.fileName, now);
  // Both are signed: with another type or length the storage refuses the upload. The
  // browser sets content-length itself, from the file.
  const headers = { 'content-type': upload.contentType, 'content-length': String(upload.size) };
  const url = await presign({
    method: 'PUT',
    url: new URL(`/${c.env.S3_BUCKET}/${key}`, c.env.S3_ENDPOINT),
    region: c.env.S3_REGION ?? 'auto',
    credentials: {
      accessKeyId: c.env.S3_ACCESS_KEY_ID,
      secretAccessKey: c.env.S3_SECRET_ACCESS_KEY,
    },
    expiresSeconds: EXPIRES_SECONDS,
    headers,
    now,
  });
  return c.json(
    {
      key,
      method: 'PUT',
      url: url.href,
      headers: { 'content-type': upload.contentType },
      expiresAt: new Date(now.getTime() + EXPIRES_SECONDS * 1000).toISOString(),
    },
    201,
    { 'cache-control': 'no-store' },
  );
});

signedUploadRoute.onError((error, c) => {
  if (error instanceof UploadError) return c.json({ error: error.message }, 400);
  console.error('signed-upload-url:', error);
  return c.json({ error: 'uploads are not available at the moment' }, 500);
});
