export { signedUploadRoute } from './adapter';
export { objectKey, parseUpload, presign, UploadError } from './core';
export type { Credentials, PresignOptions, UploadLimits, UploadRequest } from './core';
