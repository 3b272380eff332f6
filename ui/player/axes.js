/* Axes of Plotly: values to pixels and back, and the ticks of a range. */

import { clamp } from "./numbers.js";

/** Describe a Plotly axis. `range` is used and not `d2p`, which lags behind a pan or a scroll. */
export function readAxis(axis, vertical) {
  const [first, last] = axis.range.map(Number);
  return vertical
    ? { log: axis.type === "log", at: axis._offset, length: axis._length, first: last, span: first - last }
    : { log: axis.type === "log", at: axis._offset, length: axis._length, first, span: last - first };
}

export const toPixel = (axis, value) =>
  axis.at + (((axis.log ? Math.log10(value) : value) - axis.first) / axis.span) * axis.length;

export function fromPixel(axis, pixel) {
  const value = axis.first + ((pixel - axis.at) / axis.length) * axis.span;
  return axis.log ? 10 ** value : value;
}

/** Round to the decimal that one pixel can still tell apart, so that a click gives a number worth typing. */
export function roundToPixel(axis, value) {
  const digits = clamp(-Math.floor(Math.log10(Math.abs(axis.span / axis.length))), 0, 12);
  return axis.log ? Number(value.toPrecision(4)) : Number(value.toFixed(digits));
}

/** `log_axis` of figures.py for a range that changes: 1, 2 and 5 in full where two of them are in sight. */
export function logTicks(range) {
  const [low, high] = range.map(Number).sort((a, b) => a - b);
  const marks = [1, 2, 5].map((digit) => Math.floor(high - Math.log10(digit)) - Math.ceil(low - Math.log10(digit)) + 1);
  const few = high - low <= 2.8 && marks[0] + marks[1] + marks[2] >= 2;
  const [tickmode, dtick, tickformat] = few ? ["linear", "D2", "~g"] : [null, null, null];
  return { tickmode, dtick, tickformat };
}

export const isAxis = (axis) =>
  Array.isArray(axis?.range) &&
  Number.isFinite(axis._offset) &&
  axis._length > 0 &&
  ["linear", "log"].includes(axis.type);
