/** Methods a server may get twice without harm (RFC 9110, 9.2.2). */
const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);

/** Answers that say "not now" rather than "no". */
const RETRY_STATUSES = new Set([408, 425, 429, 500, 502, 503, 504]);

/**
 * @typedef {object} RetryOptions
 * @property {number} [retries] Tries after the first one. Default 3.
 * @property {number} [timeoutMs] Time for one try, answer headers included. Default 10 000.
 * @property {number} [baseDelayMs] Longest pause before the first retry. Default 250.
 * @property {number} [maxDelayMs] Longest pause at all, Retry-After included. Default 20 000.
 * @property {boolean} [retryUnsafe] Also retry POST and PATCH. Only with an idempotency key.
 * @property {(about: { attempt: number, delayMs: number, reason: string }) => void} [onRetry]
 */

/**
 * Like fetch(), but tries again when the network or the server has a bad moment.
 *
 * Gives back the last answer, whatever its status, and throws what fetch throws
 * when no try got an answer. An abort by the caller ends everything at once.
 *
 * @param {string | URL} url
 * @param {RequestInit} [init] A body must be re-readable: text, FormData or bytes, not a stream.
 * @param {RetryOptions} [options]
 * @returns {Promise<Response>}
 */
export async function retryFetch(url, init = {}, options = {}) {
  const { retries = 3, timeoutMs = 10_000, retryUnsafe = false, onRetry = () => {} } = options;
  const method = (init.method ?? 'GET').toUpperCase();
  const isRepeatable = !(init.body instanceof ReadableStream);
  const tries = isRepeatable && (retryUnsafe || IDEMPOTENT.has(method)) ? retries + 1 : 1;

  for (let attempt = 1; ; attempt += 1) {
    /** @type {string} */
    let reason;
    /** @type {number | undefined} */
    let wantedMs;
    try {
      const response = await fetch(url, { ...init, signal: withTimeout(init.signal, timeoutMs) });
      if (attempt >= tries || !RETRY_STATUSES.has(response.status)) return response;
      reason = `status ${response.status}`;
      wantedMs = retryAfterMs(response.headers.get('retry-after'), Date.now());
      // An unread body would keep the connection busy.
      await response.body?.cancel();
    } catch (error) {
      if (init.signal?.aborted || attempt >= tries) throw error;
      reason = error instanceof Error ? error.message : String(error);
    }
    const delayMs = delayBefore(attempt, wantedMs, options);
    onRetry({ attempt, delayMs, reason });
    await sleep(delayMs, init.signal);
  }
}

/**
 * Full jitter: a random pause up to base * 2^n. Clients that failed together
 * come back spread out instead of all at once.
 *
 * @param {number} attempt
 * @param {number | undefined} wantedMs What the server asked for.
 * @param {RetryOptions} options
 */
export function delayBefore(attempt, wantedMs, { baseDelayMs = 250, maxDelayMs = 20_000 } = {}) {
  if (wantedMs !== undefined) return Math.min(wantedMs, maxDelayMs);
  return Math.round(Math.random() * Math.min(maxDelayMs, baseDelayMs * 2 ** (attempt - 1)));
}

/**
 * Retry-After is either seconds or a date (RFC 9110, 10.2.3).
 *
 * @param {string | null} header
 * @param {number} now Milliseconds since the epoch.
 * @returns {number | undefined} milliseconds from now
 */
export function retryAfterMs(header, now) {
  if (!header) return undefined;
  if (/^\d+$/.test(header)) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

/**
 * @param {AbortSignal | null | undefined} signal
 * @param {number} timeoutMs
 */
function withTimeout(signal, timeoutMs) {
  const timeout = AbortSignal.timeout(timeoutMs);
  return signal ? AbortSignal.any([signal, timeout]) : timeout;
}

/**
 * @param {number} ms
 * @param {AbortSignal | null | undefined} signal
 * @returns {Promise<void>}
 */
function sleep(ms, signal) {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, ms);
    if (signal?.aborted) stop();
    else signal?.addEventListener('abort', stop, { once: true });
  });
}
