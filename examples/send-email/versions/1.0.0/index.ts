export type Message = {
  to: string | string[];
  subject: string;
  text: string;
  html?: string;
};

/** Send one mail with Resend. Throws an Error with the service's own words when it refuses. */
export async function sendEmail(
  env: { RESEND_API_KEY: string; MAIL_FROM: string },
  message: Message,
): Promise<{ id: string }> {
  // A line break in a subject would start a header of the sender's own choice.
  if (/[\r\n]/.test(message.subject)) throw new TypeError('subject must be one line');

  const response = await fetch('https://api.resend.com/emails', {
    method: 'POST',
    headers: {
      authorization: `Bearer ${env.RESEND_API_KEY}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({ from: env.MAIL_FROM, ...message }),
    signal: AbortSignal.timeout(15_000),
  });
  if (!response.ok) {
    throw new Error(`Resend answered ${response.status}: ${await response.text()}`);
  }
  return response.json<{ id: string }>();
}
