// @ts-check
// Requests to the service.

// The page is at `app/`, beside the routes of the API.
const ROOT = new URL("../", document.baseURI);
const TIMEOUT_MS = 20_000;

/** The service refused a request. `message` is a sentence for the user, in English. */
export class ApiError extends Error {
  /**
   * @param {number} status - The HTTP status.
   * @param {string} code - Stable, such as "email_taken"; docs/errors.md lists them.
   * @param {string} message
   * @param {Problem[]} [problems] - What is wrong with the body, for the code "invalid_request".
   * @param {number} [retryAfter] - After how many seconds another attempt can succeed.
   */
  constructor(status, code, message, problems = [], retryAfter) {
    super(message);
    this.status = status;
    this.code = code;
    this.problems = problems;
    this.retryAfter = retryAfter;
  }

  /**
   * What is wrong with which field of the body.
   *
   * @returns {Record<string, string>}
   */
  get fields() {
    return Object.fromEntries(this.problems.map(({ loc, msg }) => [String(loc.at(-1)), msg]));
  }

  /** Whether the same request can succeed later. */
  get isTemporary() {
    return this.status === 408 || this.status === 429 || this.status >= 500;
  }
}

/** There was no response: no connection, or the service is down. */
export class Unreachable extends Error {}

/** @typedef {{loc: (string | number)[], type: string, msg: string}} Problem */

/**
 * @typedef {object} RequestOptions
 * @property {unknown} [body] - Sent as JSON, or as a form if it is a URLSearchParams.
 * @property {string | null} [token]
 * @property {AbortSignal} [signal]
 * @property {Record<string, string>} [headers]
 * @property {boolean} [isKept] - Whether the request goes on if the user closes the page.
 */

/**
 * Sends a request and returns the `data` of the response.
 *
 * @param {string} method
 * @param {string} path - From the root of the API, without a slash at the start: "panels/3".
 * @param {RequestOptions} [options]
 * @returns {Promise<any>}
 * @throws {ApiError | Unreachable}
 */
export async function request(method, path, { signal, ...options } = {}) {
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  const response = await open(method, path, { ...options, signal: signal ? AbortSignal.any([signal, timeout]) : timeout });
  try {
    return (await response.json()).data;
  } catch (error) {
    throw new Unreachable("The response ended early.", { cause: error });
  }
}

/**
 * Sends a request and returns the response as soon as it begins.
 *
 * @param {string} method
 * @param {string} path
 * @param {RequestOptions} [options]
 * @returns {Promise<Response>}
 * @throws {ApiError | Unreachable}
 */
export async function open(method, path, { body, token, signal, headers = {}, isKept = false } = {}) {
  /** @type {Record<string, string>} */
  const all = { Accept: "application/json", ...headers };
  if (token) all.Authorization = `Bearer ${token}`;
  const isForm = body instanceof URLSearchParams;
  if (body !== undefined && !isForm) all["Content-Type"] = "application/json";
  let response;
  try {
    const sent = body === undefined || isForm ? body : JSON.stringify(body);
    response = await fetch(new URL(path, ROOT), { method, headers: all, body: sent, signal, keepalive: isKept });
  } catch (error) {
    throw new Unreachable("The service cannot be reached.", { cause: error });
  }
  if (!response.ok) throw await errorOf(response);
  return response;
}

/** @param {Response} response */
async function errorOf(response) {
  const retryAfter = Number(response.headers.get("Retry-After")) || undefined;
  const envelope = await response.json().catch(() => null);
  if (response.status === 413) return new ApiError(413, "body_too_large", "The request is too large.");
  if (!envelope?.data?.code) {
    // Not the service itself, but a proxy in front of it.
    return new Unreachable(`The service cannot be reached (${response.status}).`);
  }
  const { code, detail } = envelope.data;
  const problems = Array.isArray(detail) ? detail : [];
  return new ApiError(response.status, code, envelope.error_message, problems, retryAfter);
}
