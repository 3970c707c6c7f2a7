// The types of preact.js, from the npm packages, for `./mc.sh check`.

import type { VNode } from "preact";

export { Component, Fragment, createContext, createRef, h, render } from "preact";
export type { ComponentChildren, ComponentType, JSX, RefObject, TargetedEvent, VNode } from "preact";
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
} from "preact/hooks";
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
} from "@preact/signals";
export type { ReadonlySignal } from "@preact/signals";

export function html(strings: TemplateStringsArray, ...values: unknown[]): VNode;
