// What the app uses of Preact, htm and signals. All modules import it from here.

import htm from "./htm/htm.js";
import { h } from "./preact/preact.js";

export { Component, Fragment, createContext, createRef, h, render } from "./preact/preact.js";
export {
  useCallback,
  useContext,
  useEffect,
  useId,
  useLayoutEffect,
  useMemo,
  useReducer,
  useRef,
  useState,
} from "./preact/hooks.js";
export {
  Signal,
  batch,
  computed,
  effect,
  signal,
  untracked,
  useComputed,
  useSignal,
  useSignalEffect,
} from "./signals/signals.js";

/** Makes elements of a template: html`<p class="note">${text}</p>`. */
export const html = htm.bind(h);
