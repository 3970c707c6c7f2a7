// @ts-check
// Records on this device, in IndexedDB. The keys are lists, so that everything below a key can be found: everything of a
// user is below [id]. Where the browser keeps nothing, as some do in private windows, they are only in memory.

/** @typedef {(string | number)[]} Key */

/**
 * The records, within a transaction. Do not wait for anything else in it, or it ends.
 *
 * @typedef {object} Records
 * @property {(key: Key) => Promise<any>} get
 * @property {(key: Key) => Promise<any[]>} list - The values below a key.
 * @property {(key: Key) => Promise<Key[]>} keys - The keys below a key.
 * @property {(key: Key, value: unknown) => Promise<unknown>} put
 * @property {(key: Key) => Promise<unknown>} remove - Also everything below the key.
 */

const DATABASE = "nine-panels";
const STORE = "records";

/** @type {Promise<IDBDatabase | null> | null} */
let opened = null;

/**
 * Runs a function in a transaction: all of its changes are kept, or none. Transactions that write run one after the
 * other, also those of other tabs.
 *
 * @template T
 * @param {"readonly" | "readwrite"} mode
 * @param {(records: Records) => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function transaction(mode, work) {
  opened ??= open().catch(() => null);
  const database = await opened;
  if (database === null) return work(inMemory);
  const running = database.transaction(STORE, mode);
  const end = new Promise((resolve, reject) => {
    running.oncomplete = resolve;
    running.onabort = () => reject(running.error);
  });
  const [result] = await Promise.all([
    work(recordsOf(running.objectStore(STORE))).catch((error) => {
      running.abort();
      throw error;
    }),
    end,
  ]);
  return result;
}

/** @returns {Promise<IDBDatabase>} */
function open() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    request.onerror = () => reject(request.error);
    request.onsuccess = () => {
      const database = request.result;
      // The user deletes the data of the site, or a later version of the app changes the database.
      database.onversionchange = database.onclose = () => {
        database.close();
        opened = null;
      };
      resolve(database);
    };
  });
}

/**
 * @param {IDBObjectStore} store
 * @returns {Records}
 */
function recordsOf(store) {
  return {
    get: (key) => resultOf(store.get(key)),
    list: (key) => resultOf(store.getAll(below(key))),
    keys: (key) => /** @type {Promise<any>} */ (resultOf(store.getAllKeys(below(key)))),
    put: (key, value) => resultOf(store.put(value, key)),
    remove: (key) => resultOf(store.delete(below(key))),
  };
}

/** @param {Key} key */
function below(key) {
  // A list is greater than every number and text.
  return IDBKeyRange.bound(key, [...key, []]);
}

/**
 * @template T
 * @param {IDBRequest<T>} request
 * @returns {Promise<T>}
 */
function resultOf(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** @type {Map<string, {key: Key, value: any}>} */
const remembered = new Map();

/** @param {Key} key */
function rememberedBelow(key) {
  return [...remembered.values()].filter((record) => key.every((part, index) => record.key[index] === part));
}

/** @type {Records} */
const inMemory = {
  get: async (key) => remembered.get(JSON.stringify(key))?.value,
  list: async (key) => rememberedBelow(key).map((record) => record.value),
  keys: async (key) => rememberedBelow(key).map((record) => record.key),
  put: async (key, value) => remembered.set(JSON.stringify(key), { key, value }),
  remove: async (key) => rememberedBelow(key).forEach((record) => remembered.delete(JSON.stringify(record.key))),
};
