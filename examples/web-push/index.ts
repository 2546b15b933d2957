export { webPushRoute } from './adapter';
export {
  encryptPayload,
  fromBase64Url,
  parseSubscription,
  PushError,
  sendPush,
  toBase64Url,
  vapidHeader,
} from './core';
export type { SendResult, Subscription, VapidKeys } from './core';
