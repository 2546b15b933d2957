import { getCookie, setCookie } from 'hono/cookie';
import { createMiddleware } from 'hono/factory';

/** The parameters analytics tools agree on, in the order they are written. */
const PARAMETERS = /** @type {const} */ ([
  'utm_source',
  'utm_medium',
  'utm_campaign',
  'utm_content',
  'utm_term',
]);

const COOKIE = 'utm_first';
const COOKIE_DAYS = 90;
const MAX_VALUE_LENGTH = 80;

/**
 * @typedef {(typeof PARAMETERS)[number]} Parameter
 * @typedef {Partial<Record<Parameter, string>>} Campaign
 * @typedef {{ Bindings: { UTM_EVENTS: AnalyticsEngineDataset } }} Env
 */

/**
 * Read the campaign out of an address. Values are made comparable ("Spring Sale" and
 * "spring sale " are one campaign) and cut, because strangers write them.
 *
 * @param {URLSearchParams} query
 * @returns {Campaign | undefined} undefined without utm_source, which all others refine
 */
export function parseCampaign(query) {
  /** @type {Campaign} */
  const campaign = {};
  for (const name of PARAMETERS) {
    const value = (query.get(name) ?? '')
      .replace(/[\p{Control}\s]+/gu, ' ')
      .trim()
      .toLowerCase();
    if (value) campaign[name] = Array.from(value).slice(0, MAX_VALUE_LENGTH).join('');
  }
  return campaign.utm_source ? campaign : undefined;
}

/**
 * The campaign this visitor came with first, from the cookie of an earlier visit.
 *
 * @param {import('hono').Context} c
 * @returns {Campaign | undefined}
 */
export function firstCampaign(c) {
  const cookie = getCookie(c, COOKIE);
  // Read like an address: whatever somebody wrote into the cookie is checked again.
  return cookie ? parseCampaign(new URLSearchParams(cookie)) : undefined;
}

/**
 * Write one event with its campaign. Writing never waits and never throws.
 *
 * @param {import('hono').Context<Env>} c
 * @param {string} event "visit", "signup", "purchase", ...
 * @param {{ value?: number, campaign?: Campaign }} [details]
 */
export function trackEvent(c, event, { value = 1, campaign = firstCampaign(c) } = {}) {
  try {
    c.env.UTM_EVENTS.writeDataPoint({
      indexes: [campaign?.utm_source ?? '(direct)'],
      blobs: [event, ...PARAMETERS.map((name) => campaign?.[name] ?? '')],
      doubles: [value],
    });
  } catch (error) {
    console.error('utm-tracker:', error); // statistics must not break a sign-up
  }
}

/**
 * Middleware: on a visit with utm_* parameters, count it and remember the campaign
 * unless an earlier one is remembered already.
 *
 * respectOptOut: leave out browsers that send DNT or Sec-GPC. Default true.
 *
 * @param {{ respectOptOut?: boolean }} [options]
 */
export function utmTracker({ respectOptOut = true } = {}) {
  return /** @type {import('hono').MiddlewareHandler<Env>} */ (
    createMiddleware(async (c, next) => {
      const optedOut = c.req.header('dnt') === '1' || c.req.header('sec-gpc') === '1';
      const campaign = parseCampaign(new URL(c.req.url).searchParams);
      if (c.req.method === 'GET' && campaign && !(respectOptOut && optedOut)) {
        trackEvent(c, 'visit', { campaign });
        if (!firstCampaign(c)) {
          setCookie(c, COOKIE, new URLSearchParams(campaign).toString(), {
            httpOnly: true,
            secure: true,
            sameSite: 'Lax',
            path: '/',
            maxAge: COOKIE_DAYS * 86_400,
          });
        }
      }
      await next();
    })
  );
}
