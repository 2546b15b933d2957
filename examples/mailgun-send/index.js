/**
 * @typedef {object} MailgunSettings
 * @property {string} MAILGUN_API_KEY
 * @property {string} MAILGUN_DOMAIN The sending domain, e.g. mg.example.com.
 * @property {string} [MAILGUN_REGION] "us" (default) or "eu".
 */

/**
 * @typedef {object} Mail
 * @property {string} from
 * @property {string | string[]} to
 * @property {string} subject
 * @property {string} text
 * @property {string} [html]
 */

/** Mailgun keeps the regions apart: a key of one is unknown in the other. */
const HOSTS = new Map([
  ['us', 'api.mailgun.net'],
  ['eu', 'api.eu.mailgun.net'],
]);

/**
 * Send one mail.
 *
 * @param {MailgunSettings} env
 * @param {Mail} mail
 * @returns {Promise<string>} Mailgun's id of the message
 * @throws {TypeError} when a field is missing or has a line break where none may be
 * @throws {Error} when Mailgun refuses, with its own words
 */
export async function sendWithMailgun(env, mail) {
  const host = HOSTS.get(env.MAILGUN_REGION ?? 'us');
  if (!host) throw new TypeError('MAILGUN_REGION must be us or eu');

  const form = new FormData();
  for (const address of [mail.to].flat()) form.append('to', oneLine('to', address));
  form.set('from', oneLine('from', mail.from));
  form.set('subject', oneLine('subject', mail.subject));
  form.set('text', mail.text);
  if (mail.html) form.set('html', mail.html);

  const domain = encodeURIComponent(env.MAILGUN_DOMAIN);
  const response = await fetch(`https://${host}/v3/${domain}/messages`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`api:${env.MAILGUN_API_KEY}`)}` },
    body: form,
    signal: AbortSignal.timeout(15_000),
  });
  if (!response.ok) {
    throw new Error(`Mailgun answered ${response.status}: ${await response.text()}`);
  }
  const answer = /** @type {{ id: string }} */ (await response.json());
  return answer.id;
}

/**
 * A line break in a header field would start a header of the sender's own choice.
 *
 * @param {string} field
 * @param {unknown} value
 * @returns {string}
 */
function oneLine(field, value) {
  if (typeof value !== 'string' || !/^[^\r\n]+$/.test(value)) {
    throw new TypeError(`${field} must be one line of text`);
  }
  return value;
}
