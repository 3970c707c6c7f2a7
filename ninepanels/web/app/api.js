// @ts-check
// Requests to the service.

/** The service refused a request. `message` is a sentence for the user, in English. */
export class ApiError extends Error {
  /**
   * @param {number} status - The HTTP status.
   * @param {string} code - Stable, such as "email_taken"; docs/errors.md lists them.
   * @param {string} message
   * @param {Record<string, string>} [fields] - What is wrong with which field of the body.
   * @param {number} [retryAfter] - After how many seconds another attempt can succeed.
   */
  constructor(status, code, message, fields = {}, retryAfter) {
    super(message);
    this.status = status;
    this.code = code;
    this.fields = fields;
    this.retryAfter = retryAfter;
  }
}

/** There was no response: no connection, or the service is down. */
export class Unreachable extends Error {}

/**
 * Sends a request and returns the `data` of the response.
 *
 * @param {string} method
 * @param {string} path - From the root of the API, without a slash at the start: "panels/3".
 * @param {object} [options]
 * @param {unknown} [options.body] - Sent as JSON, or as a form if it is a URLSearchParams.
 * @param {string | null} [options.token]
 * @param {AbortSignal} [options.signal]
 * @param {Record<string, string>} [options.headers]
 * @returns {Promise<any>}
 * @throws {ApiError | Unreachable}
 */
export async function request(method, path, options) {
  throw new Unreachable(`${method} ${path} ${options}`);
}
