export { api, apiUrl, getAll, socketUrl, type RequestOptions } from './client';
export { errorText, failureText, type ErrorText } from './errors';
export { failure, type Failure, type Result } from './result';
export type * from './types';
