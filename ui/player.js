/*
 * Trajectory player: moving canvases over still Plotly charts.
 *
 * Streamlit calls `render` at the bottom again at every change of data or theme, with the same
 * parent element, so the Player lives on its DOM node and each call only hands it what is new. Read top-down:
 * numbers, axes, drawing, views (one per chart), panel (the controls), player (clock, input, wiring).
 *
 * Internals of Plotly and Streamlit that this file relies on are read in `probe()` and `geometry()` of the
 * views and in `findChart`. Where one is missing, the player reports "fallback" and leaves that chart alone.
 */

const FULL_RUN_SECONDS = { shortest: 5, longest: 15, framesPerSecond: 30 }; // at speed 1
const LOOP_PAUSE_MS = 700;
const CLICK_SLACK_PX = 4; // a pointer that moves less than this has clicked, not dragged
const SEND_EVERY_MS = 33; // while the start marker is dragged
const ANSWER_MS = 5000; // how long the start marker waits for Python to confirm where it was put
const SETTLE_MS = 120; // the player rests this long before it reports its step
const SURVEY_MS = 200; // Streamlit may replace, hide or resize a chart at any time
const PATIENCE_MS = { unreadable: 8000, missing: 30000 }; // a chart in this state for so long will not come
const CURVES_EVERY_MS = 150; // a native curve chart costs Plotly some 30 ms: not at every update of a drag
const PANEL_EVERY_MS = 100;

// ---------------------------------------------------------------------------------------------- numbers

const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

/** Undo `_message` of player.py: length of the header, the header as JSON, then the float32 columns of every track. */
function decode(bytes) {
  const aligned = bytes.byteOffset % 4 ? bytes.slice() : bytes;
  const length = new DataView(aligned.buffer, aligned.byteOffset).getUint32(0, true);
  const data = JSON.parse(new TextDecoder().decode(aligned.subarray(4, 4 + length)));
  let offset = aligned.byteOffset + 4 + length;
  for (const track of data.tracks) {
    const { frames } = track;
    const values = (i) => new Float32Array(aligned.buffer, offset + 4 * i * frames, frames);
    const columns = track.columns.map((name, i) => [name, values(i)]);
    track.column = Object.fromEntries(columns);
    offset += 4 * columns.length * frames;
  }
  return data;
}

/** Median length of the finite, non-zero arrows of one kind: the typical arrow. */
function typicalLength(tracks, kind) {
  const lengths = [];
  for (const { column } of tracks) {
    const xs = column[`${kind}:x`];
    const ys = column[`${kind}:y`];
    for (let i = 0; xs && i < xs.length; i++) {
      const length = Math.hypot(xs[i], ys[i]);
      if (length > 0 && length < Infinity) lengths.push(length);
    }
  }
  lengths.sort((a, b) => a - b);
  return lengths[lengths.length >> 1] || 1;
}

function formatNumber(value) {
  if (value === undefined || Number.isNaN(value)) return "–";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const size = Math.abs(value);
  const text = size !== 0 && (size < 1e-3 || size >= 1e5) ? value.toExponential(2) : value.toPrecision(4);
  return text.replaceAll("-", "−");
}

/** Value at a position between two frames; after the last frame, the last. */
function between(values, position) {
  const at = Math.min(position, values.length - 1);
  const frame = Math.floor(at);
  return values[frame] + (at - frame) * ((values[frame + 1] ?? values[frame]) - values[frame]);
}

function indexOfNearest(values, target) {
  let nearest = 0;
  values.forEach((value, i) => {
    if (Math.abs(value - target) < Math.abs(values[nearest] - target)) nearest = i;
  });
  return nearest;
}

/** Clip the segment p-q to a box by Liang and Barsky. Returns [t0, t1] along it, or null where it misses. */
function clipSegment(p, q, low, high, dimensions) {
  let t0 = 0;
  let t1 = 1;
  for (let d = 0; d < dimensions; d++) {
    const step = q[d] - p[d];
    if (step === 0) {
      if (p[d] < low[d] || p[d] > high[d]) return null;
      continue;
    }
    const a = (low[d] - p[d]) / step;
    const b = (high[d] - p[d]) / step;
    t0 = Math.max(t0, Math.min(a, b));
    t1 = Math.min(t1, Math.max(a, b));
    if (!(t0 <= t1)) return null; // also where a or b is not a number
  }
  return [t0, t1];
}

// ---------------------------------------------------------------------------------------------- axes

/** Describe a Plotly axis. `range` is used and not `d2p`, which lags behind a pan or a scroll. */
function readAxis(axis, vertical) {
  const [first, last] = axis.range.map(Number);
  return vertical
    ? { log: axis.type === "log", at: axis._offset, length: axis._length, first: last, span: first - last }
    : { log: axis.type === "log", at: axis._offset, length: axis._length, first, span: last - first };
}

const toPixel = (axis, value) =>
  axis.at + (((axis.log ? Math.log10(value) : value) - axis.first) / axis.span) * axis.length;

function fromPixel(axis, pixel) {
  const value = axis.first + ((pixel - axis.at) / axis.length) * axis.span;
  return axis.log ? 10 ** value : value;
}

/** Round to the decimal that one pixel can still tell apart, so that a click gives a number worth typing. */
function roundToPixel(axis, value) {
  const digits = clamp(-Math.floor(Math.log10(Math.abs(axis.span / axis.length))), 0, 12);
  return axis.log ? Number(value.toPrecision(4)) : Number(value.toFixed(digits));
}

/** `log_axis` of figures.py for a range that changes: 1, 2 and 5 in full where two of them are in sight. */
function logTicks(range) {
  const [low, high] = range.map(Number).sort((a, b) => a - b);
  const marks = [1, 2, 5].map((digit) => Math.floor(high - Math.log10(digit)) - Math.ceil(low - Math.log10(digit)) + 1);
  const few = high - low <= 2.8 && marks[0] + marks[1] + marks[2] >= 2;
  const [tickmode, dtick, tickformat] = few ? ["linear", "D2", "~g"] : [null, null, null];
  return { tickmode, dtick, tickformat };
}

const isAxis = (axis) =>
  Array.isArray(axis?.range) &&
  Number.isFinite(axis._offset) &&
  axis._length > 0 &&
  ["linear", "log"].includes(axis.type);

// ---------------------------------------------------------------------------------------------- drawing

/** Lines of one track on the screen: where each frame lies, and the visible part of each segment. */
function emptyShape(frames) {
  return {
    points: new Float32Array(2 * frames).fill(NaN),
    segments: new Float32Array(4 * Math.max(frames - 1, 0)).fill(NaN),
    drawnTo: 0, // the trail canvas holds segments 0 .. drawnTo - 1
    dashAt: 0, // length of line drawn so far, so that dashes run on
  };
}

/**
 * Trace segments from .. to - 1 into the current path and return their length. Breaks where one is
 * invisible.
 */
function traceSegments(ctx, segments, from, to) {
  let length = 0;
  let penX = NaN;
  let penY = NaN;
  for (let i = 4 * from; i < 4 * to; i += 4) {
    const x0 = segments[i];
    const y0 = segments[i + 1];
    const x1 = segments[i + 2];
    const y1 = segments[i + 3];
    if (x0 !== x0) continue; // NaN
    if (x0 !== penX || y0 !== penY) ctx.moveTo(x0, y0);
    ctx.lineTo(x1, y1);
    length += Math.hypot(x1 - x0, y1 - y0);
    penX = x1;
    penY = y1;
  }
  return length;
}

function drawFaintPath(ctx, track, shape) {
  ctx.strokeStyle = track.color;
  ctx.globalAlpha = 0.45;
  ctx.lineWidth = 1.25;
  ctx.setLineDash([]);
  ctx.beginPath();
  traceSegments(ctx, shape.segments, 0, track.frames - 1);
  ctx.stroke();
  ctx.globalAlpha = 1;
}

function drawTrail(ctx, track, shape, from, to, dashAt) {
  ctx.strokeStyle = track.color;
  ctx.lineWidth = 2.5;
  ctx.setLineDash(track.dash);
  ctx.lineDashOffset = dashAt;
  ctx.beginPath();
  const length = traceSegments(ctx, shape.segments, from, to);
  ctx.stroke();
  return length;
}

function drawHead(ctx, x, y, color, halo, radius = 5) {
  ctx.setLineDash([]);
  ctx.beginPath();
  ctx.arc(x, y, radius, 0, 2 * Math.PI);
  ctx.fillStyle = color;
  ctx.fill();
  ctx.lineWidth = 1.5;
  ctx.strokeStyle = halo;
  ctx.stroke();
}

function drawCross(ctx, x, y, color, halo, reach = 5) {
  ctx.setLineDash([]);
  for (const [width, ink] of [
    [5, halo],
    [2.5, color],
  ]) {
    ctx.lineWidth = width;
    ctx.strokeStyle = ink;
    ctx.beginPath();
    ctx.moveTo(x - reach, y - reach);
    ctx.lineTo(x + reach, y + reach);
    ctx.moveTo(x + reach, y - reach);
    ctx.lineTo(x - reach, y + reach);
    ctx.stroke();
  }
}

function drawArrow(ctx, x, y, dx, dy, color, halo, dashed) {
  const length = Math.hypot(dx, dy);
  const barb = Math.min(1, length / 14); // a short arrow has a small tip
  const ux = (barb * dx) / length;
  const uy = (barb * dy) / length;
  for (const [width, ink] of [
    [4.5, halo],
    [2, color],
  ]) {
    ctx.lineWidth = width;
    ctx.strokeStyle = ink;
    ctx.setLineDash(dashed ? [3, 3] : []);
    ctx.beginPath();
    ctx.moveTo(x, y);
    ctx.lineTo(x + dx, y + dy);
    ctx.stroke();
    ctx.setLineDash([]);
    ctx.beginPath();
    ctx.moveTo(x + dx - 7 * ux - 4 * uy, y + dy - 7 * uy + 4 * ux);
    ctx.lineTo(x + dx, y + dy);
    ctx.lineTo(x + dx - 7 * ux + 4 * uy, y + dy - 7 * uy - 4 * ux);
    ctx.stroke();
  }
}

function drawStart(ctx, x, y, ink, halo) {
  for (const [width, color] of [
    [5, halo],
    [2, ink],
  ]) {
    ctx.lineWidth = width;
    ctx.strokeStyle = color;
    ctx.setLineDash([]);
    ctx.beginPath();
    ctx.arc(x, y, 7, 0, 2 * Math.PI);
    ctx.stroke();
  }
}

// ---------------------------------------------------------------------------------------------- views

/** Streamlit marks the container of a keyed element with a class; Plotly marks its graph div. */
function findChart(key) {
  const name = `st-key-${key.trim().replace(/[^a-zA-Z0-9_-]/g, "-")}`;
  return document.querySelector(`.${CSS.escape(name)} .js-plotly-plot`);
}

/** A stack of transparent canvases over one chart, kept in place whatever Streamlit and Plotly do to it. */
class View {
  constructor(player, key, layers) {
    this.player = player;
    this.key = key;
    this.root = document.createElement("div");
    this.root.className = "tp-overlay";
    this.contexts = layers.map(() => {
      const canvas = this.root.appendChild(document.createElement("canvas"));
      canvas.setAttribute("aria-hidden", "true");
      return canvas.getContext("2d");
    });
    this.stale = true; // the projection has changed: draw everything anew
    this.troubledSince = null;
    const changed = () => {
      if (this.ready) this.fit();
      this.refresh();
    };
    this.events = { plotly_afterplot: changed, plotly_relayout: changed, plotly_relayouting: changed };
  }

  /** Follow the chart: find it, sit in it, fit it. Cheap, called a few times a second. */
  survey() {
    const chart = findChart(this.key);
    if (chart !== this.chart) this.attach(chart);
    const wasReady = this.ready;
    this.ready = Boolean(chart && window.Plotly && chart.offsetWidth > 0 && this.probe());
    this.watchPatience();
    if (!this.ready) return;
    this.sit();
    this.listen();
    this.fit();
    if (!wasReady) this.refresh(); // back from a hidden tab, perhaps with other data
  }

  attach(chart) {
    this.detach();
    this.chart = chart;
    this.stale = true;
  }

  detach() {
    this.unlisten();
    this.root.remove();
    this.chart = null;
    this.ready = false;
  }

  /** Lie above the data, below titles, hover labels and the mode bar: those are in the later SVG layers. */
  sit() {
    const stack = this.chart.querySelector(".svg-container") ?? this.chart;
    if (this.root.parentNode === stack) return;
    stack.insertBefore(this.root, stack.querySelectorAll(":scope > .main-svg")[1] ?? null);
  }

  /** Plotly renews `on` when a chart is plotted anew in the same div: listen to the one there is. */
  listen() {
    if (this.on === this.chart.on) return;
    this.unlisten();
    this.on = this.chart.on;
    for (const [name, act] of Object.entries(this.events)) this.chart.on(name, act);
  }

  /** A chart that Plotly has taken down before us has lost its listeners, and the method with them. */
  unlisten() {
    if (this.on) for (const [name, act] of Object.entries(this.events)) this.chart.removeListener?.(name, act);
    this.on = null;
  }

  fit() {
    const { width, height } = this.chart._fullLayout;
    const ratio = window.devicePixelRatio || 1;
    if (width === this.width && height === this.height && ratio === this.ratio) return;
    Object.assign(this, { width, height, ratio });
    for (const { canvas } of this.contexts) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
      canvas.style.width = `${width}px`;
      canvas.style.height = `${height}px`;
    }
    this.refresh();
  }

  refresh() {
    this.stale = true;
    this.player.invalidate();
  }

  clear(ctx) {
    ctx.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    ctx.clearRect(0, 0, this.width, this.height);
  }

  /** What keeps us from drawing: a name that has moved or a chart that is not there. Null: nothing does. */
  get trouble() {
    if (this.ready) return null;
    const shown = this.chart?.data && this.chart.offsetWidth > 0; // a hidden chart is no trouble
    if (this.chart) return shown ? "unreadable" : null;
    return this.required && window.Plotly ? "missing" : null; // before Plotly has loaded, nothing is late
  }

  watchPatience() {
    if (this.trouble) this.troubledSince ??= performance.now();
    else this.troubledSince = null;
  }

  get lost() {
    return this.troubledSince !== null && performance.now() - this.troubledSince > PATIENCE_MS[this.trouble];
  }
}

/** A chart that shows paths: three layers, so that playing only adds to the trail and redraws the heads. */
class PathView extends View {
  constructor(player, key) {
    super(player, key, ["faint", "trail", "heads"]);
    this.shapes = new Map();
  }

  draw(position) {
    const frame = Math.floor(position);
    if (this.stale) this.project();
    this.drawFaint();
    this.drawTrails(frame);
    this.drawHeads(frame, position - frame);
    this.stale = false;
  }

  project() {
    this.geometry();
    this.tracks = this.player.tracks.filter((track) => this.shows(track));
    this.visible = this.tracks.filter((track) => !this.player.hidden.has(track.key));
    this.shapes.clear();
    for (const track of this.tracks) {
      const shape = emptyShape(track.frames);
      this.projectTrack(track, shape);
      this.shapes.set(track, shape);
    }
  }

  drawFaint() {
    if (!this.stale) return;
    const ctx = this.contexts[0];
    this.begin(ctx);
    for (const track of this.visible) drawFaintPath(ctx, track, this.shapes.get(track));
    ctx.restore();
  }

  drawTrails(frame) {
    const ctx = this.contexts[1];
    const rewound = this.tracks.some(
      (track) => this.shapes.get(track).drawnTo > Math.min(frame, track.frames - 1),
    );
    if (this.stale || rewound) this.eraseTrails(ctx);
    for (const track of this.visible) {
      const shape = this.shapes.get(track);
      const to = Math.min(frame, track.frames - 1);
      if (to <= shape.drawnTo) continue;
      shape.dashAt += drawTrail(ctx, track, shape, shape.drawnTo, to, shape.dashAt);
      shape.drawnTo = to;
    }
  }

  eraseTrails(ctx) {
    if (this.clipped) ctx.restore();
    this.begin(ctx);
    this.clipped = true;
    for (const shape of this.shapes.values()) shape.drawnTo = shape.dashAt = 0;
  }

  drawHeads(frame, fraction) {
    const ctx = this.contexts[2];
    this.begin(ctx);
    this.drawStartMarker(ctx);
    for (const track of this.visible) this.drawTrackHead(ctx, track, frame, fraction);
    ctx.restore();
  }

  drawTrackHead(ctx, track, frame, fraction) {
    const shape = this.shapes.get(track);
    const last = track.frames - 1;
    const at = Math.min(frame, last);
    let x = shape.points[2 * at];
    let y = shape.points[2 * at + 1];
    if (fraction > 0 && at < last) {
      const nextX = shape.points[2 * at + 2];
      const nextY = shape.points[2 * at + 3];
      const tweenX = x + fraction * (nextX - x);
      const tweenY = y + fraction * (nextY - y);
      if (tweenX === tweenX && tweenY === tweenY) {
        this.drawPartialSegment(ctx, track, shape, x, y, tweenX, tweenY);
        x = tweenX;
        y = tweenY;
      }
    }
    if (x !== x || y !== y) return;
    const { paper } = this.player.colors;
    this.drawArrows(ctx, track, at, x, y);
    if (frame >= last && track.failed) drawCross(ctx, x, y, track.color, paper);
    else drawHead(ctx, x, y, track.color, paper);
  }

  drawPartialSegment(ctx, track, shape, x0, y0, x1, y1) {
    ctx.strokeStyle = track.color;
    ctx.lineWidth = 2.5;
    ctx.setLineDash(track.dash);
    ctx.lineDashOffset = shape.dashAt;
    ctx.beginPath();
    ctx.moveTo(x0, y0);
    ctx.lineTo(x1, y1);
    ctx.stroke();
  }

  drawArrows() {}

  drawStartMarker() {}

  /** Clear a layer and keep what follows inside the plot area; the caller restores. */
  begin(ctx) {
    this.clear(ctx);
    ctx.save();
    ctx.beginPath();
    ctx.rect(this.left, this.top, this.plotWidth, this.plotHeight);
    ctx.clip();
    ctx.lineJoin = "round";
  }
}

/** A surface or map from above: paths, arrows, and a start marker that can be dragged. */
class PlaneView extends PathView {
  constructor(player, key) {
    super(player, key);
    this.required = true;
    this.handle = this.root.appendChild(document.createElement("div"));
    this.handle.className = "tp-handle";
    this.handle.addEventListener("pointerdown", (event) => this.grab(event));
    this.clicks = []; // the last two, each with the start before it
    this.events.plotly_doubleclick = () => this.undoClicks();
  }

  probe() {
    const layout = this.chart._fullLayout;
    return isAxis(layout?.xaxis) && isAxis(layout?.yaxis) && layout.width > 0;
  }

  geometry() {
    const { xaxis, yaxis } = this.chart._fullLayout;
    this.x = readAxis(xaxis, false);
    this.y = readAxis(yaxis, true);
    this.left = this.x.at;
    this.top = this.y.at;
    this.plotWidth = this.x.length;
    this.plotHeight = this.y.length;
  }

  shows({ column, plane }) {
    return column.x && (plane === null || plane === this.key);
  }

  projectTrack(track, { points, segments }) {
    const { x, y } = track.column;
    // A dashed line of a million pixels outside the plot would still be dashed, slowly: cut it off.
    const low = [this.left - 20, this.top - 20];
    const high = [this.left + this.plotWidth + 20, this.top + this.plotHeight + 20];
    let p = [NaN, NaN];
    for (let i = 0; i < track.frames; i++) {
      const q = this.toScreen(x[i], y[i]);
      points[2 * i] = q[0];
      points[2 * i + 1] = q[1];
      const cut = i > 0 && clipSegment(p, q, low, high, 2);
      if (cut) storeSegment(segments, i - 1, p, q, cut);
      p = q;
    }
  }

  drawArrows(ctx, track, at, x, y) {
    const { kinds, arrows, colors } = this.player;
    for (const kind of kinds) {
      if (!arrows[kind.key] || !track.column[`${kind.key}:x`]) continue;
      const arrow = kind.to_scale ? this.scaledArrow(track, kind, at) : this.shortArrow(track, kind, at, x, y);
      if (!(Math.hypot(arrow[2], arrow[3]) > 0.5 && arrow.every(Number.isFinite))) continue;
      const color = kind.color === "ink" ? colors.ink : kind.color || track.color;
      drawArrow(ctx, ...arrow, color, colors.paper, kind.dashed);
    }
  }

  /** Point where the vector points on the screen, 20 to 70 pixels long, so that no head hides it. */
  shortArrow({ column }, { key }, at, x, y) {
    const dx = column[`${key}:x`][at];
    const dy = column[`${key}:y`][at];
    const screenX = (dx / this.x.span) * this.x.length;
    const screenY = (dy / this.y.span) * this.y.length;
    const length = Math.hypot(dx, dy);
    const pixels = 20 + (50 * length) / (length + this.player.typical[key]);
    const scale = pixels / Math.hypot(screenX, screenY);
    return [x, y, screenX * scale, screenY * scale];
  }

  scaledArrow(track, kind, at) {
    const [x0, y0] = this.tip(track, kind.after, at);
    const [x1, y1] = this.tip(track, kind.key, at);
    return [x0, y0, x1 - x0, y1 - y0];
  }

  /** Where an arrow to scale ends on the screen: at the point of the frame where there is none. */
  tip({ column }, key, at) {
    let x = column.x[at];
    let y = column.y[at];
    for (let next = key; next; next = this.player.kinds.find((kind) => kind.key === next).after) {
      x += column[`${next}:x`]?.[at] ?? 0;
      y += column[`${next}:y`]?.[at] ?? 0;
    }
    return this.toScreen(x, y);
  }

  drawStartMarker(ctx) {
    const [x, y] = this.player.start ? this.toScreen(...this.player.start) : [NaN, NaN];
    const inside = this.contains(x, y);
    this.handle.hidden = !inside;
    if (!inside) return;
    const { ink, paper } = this.player.colors;
    drawStart(ctx, x, y, ink, paper);
    this.handle.style.transform = `translate(${x}px, ${y}px)`;
    this.handle.title = this.player.labels.start;
  }

  toScreen(x, y) {
    return [toPixel(this.x, x), toPixel(this.y, y)];
  }

  contains(x, y) {
    return (
      x >= this.left && x <= this.left + this.plotWidth && y >= this.top && y <= this.top + this.plotHeight
    );
  }

  /** Data coordinates under the pointer, or null outside the plot area. */
  locate(event, { inside = true } = {}) {
    const box = this.root.getBoundingClientRect();
    const px = event.clientX - box.left;
    const py = event.clientY - box.top;
    if (inside && !this.contains(px, py)) return null;
    const x = fromPixel(this.x, clamp(px, this.left, this.left + this.plotWidth));
    const y = fromPixel(this.y, clamp(py, this.top, this.top + this.plotHeight));
    return [roundToPixel(this.x, x), roundToPixel(this.y, y)];
  }

  /** The marker is an element of its own, so Plotly never sees the drag and starts no zoom. */
  grab(event) {
    if (event.button !== 0) return;
    event.preventDefault();
    event.stopPropagation();
    this.handle.setPointerCapture(event.pointerId);
    this.player.beginDrag();
    const move = (moved) => this.player.dragStart(this.locate(moved, { inside: false }));
    const drop = () => {
      this.handle.removeEventListener("pointermove", move);
      this.player.endDrag();
    };
    this.handle.addEventListener("pointermove", move);
    this.handle.addEventListener("lostpointercapture", drop, { once: true });
  }

  click(event) {
    const place = this.locate(event);
    if (!place || !this.player.start) return;
    this.clicks = [this.clicks[1], { start: this.player.start, x: event.clientX, y: event.clientY }];
    this.player.moveStart(place);
  }

  /**
   * A single click does not wait for a second one: what both did is undone when they reset the zoom. To Plotly, quick
   * clicks in different places are a double click too; to us they move the start twice.
   */
  undoClicks() {
    const [first, second] = this.clicks;
    if (!first || Math.hypot(second.x - first.x, second.y - first.y) > 2 * CLICK_SLACK_PX) return;
    this.player.moveStart(first.start);
  }
}

function storeSegment(segments, i, p, q, [t0, t1]) {
  segments[4 * i] = p[0] + t0 * (q[0] - p[0]);
  segments[4 * i + 1] = p[1] + t0 * (q[1] - p[1]);
  segments[4 * i + 2] = p[0] + t1 * (q[0] - p[0]);
  segments[4 * i + 3] = p[1] + t1 * (q[1] - p[1]);
}

/**
 * The 3-D surface: the same moment, projected as Plotly's own annotations are. Nothing hides behind the
 * surface.
 */
class SpaceView extends PathView {
  get scene() {
    return this.chart._fullLayout?.scene?._scene;
  }

  probe() {
    const { scene } = this;
    const camera = scene?.glplot?.cameraParams;
    const axes = scene?.fullSceneLayout;
    return Boolean(
      camera?.model &&
      camera.view &&
      camera.projection &&
      scene.dataScale &&
      scene.container &&
      axes?.xaxis?.range &&
      axes.yaxis?.range &&
      axes.zaxis?.range,
    );
  }

  listen() {
    super.listen();
    this.followCamera(this.scene.glplot);
  }

  /** WebGL calls `onrender` for every frame it draws, orbit and zoom included: redraw in step with it. */
  followCamera(glplot) {
    if (glplot === this.glplot) return;
    this.glplot = glplot;
    const render = glplot.onrender;
    glplot.onrender = () => {
      render?.();
      if (this.ready && this.glplot === glplot && this.cameraMoved()) this.refreshNow();
    };
  }

  detach() {
    this.glplot = null;
    super.detach();
  }

  cameraMoved() {
    const { model, view, projection } = this.scene.glplot.cameraParams;
    const now = multiply(projection, multiply(view, model));
    return !this.matrix || now.some((value, i) => Math.abs(value - this.matrix[i]) > 1e-9);
  }

  refreshNow() {
    this.stale = true;
    this.player.drawView(this);
  }

  geometry() {
    const { scene } = this;
    const { model, view, projection } = scene.glplot.cameraParams;
    this.matrix = multiply(projection, multiply(view, model));
    this.scale = scene.dataScale;
    const axes = ["xaxis", "yaxis", "zaxis"].map((name) => scene.fullSceneLayout[name]);
    this.log = axes.map((axis) => axis.type === "log");
    this.low = axes.map((axis) => Math.min(...axis.range.map(Number)));
    this.high = axes.map((axis) => Math.max(...axis.range.map(Number)));
    const box = scene.container.getBoundingClientRect();
    const origin = this.root.getBoundingClientRect();
    this.left = box.left - origin.left;
    this.top = box.top - origin.top;
    this.plotWidth = box.width;
    this.plotHeight = box.height;
  }

  shows({ column }) {
    return column.x && column.height;
  }

  projectTrack(track, { points, segments }) {
    const { x, y, height } = track.column;
    let p = null;
    for (let i = 0; i < track.frames; i++) {
      const q = [this.linear(0, x[i]), this.linear(1, y[i]), this.linear(2, height[i])];
      if (this.inBox(q)) points.set(this.toScreen(q), 2 * i);
      const cut = p && clipSegment(p, q, this.low, this.high, 3);
      if (cut) this.storeCut(segments, i - 1, p, q, cut);
      p = q;
    }
  }

  storeCut(segments, i, p, q, [t0, t1]) {
    const at = (t) => this.toScreen(p.map((value, d) => value + t * (q[d] - value)));
    segments.set(at(t0), 4 * i);
    segments.set(at(t1), 4 * i + 2);
  }

  linear(dimension, value) {
    return this.log[dimension] ? Math.log10(value) : value;
  }

  inBox(q) {
    return q.every((value, d) => value >= this.low[d] && value <= this.high[d]);
  }

  toScreen([a, b, c]) {
    const m = this.matrix;
    const x = a * this.scale[0];
    const y = b * this.scale[1];
    const z = c * this.scale[2];
    const w = m[3] * x + m[7] * y + m[11] * z + m[15];
    if (w <= 0) return [NaN, NaN]; // behind the camera
    const u = (m[0] * x + m[4] * y + m[8] * z + m[12]) / w;
    const v = (m[1] * x + m[5] * y + m[9] * z + m[13]) / w;
    return [this.left + 0.5 * (1 + u) * this.plotWidth, this.top + 0.5 * (1 - v) * this.plotHeight];
  }

  drawStartMarker(ctx) {
    const shape = this.shapes.get(this.tracks[0]);
    if (!this.player.start || !shape || shape.points[0] !== shape.points[0]) return;
    const { ink, paper } = this.player.colors;
    drawStart(ctx, shape.points[0], shape.points[1], ink, paper);
  }
}

/** Product of two 4 x 4 matrices in WebGL's column order. */
function multiply(a, b) {
  const product = new Float64Array(16);
  for (let column = 0; column < 4; column++) {
    for (let row = 0; row < 4; row++) {
      let sum = 0;
      for (let k = 0; k < 4; k++) sum += a[4 * k + row] * b[4 * column + k];
      product[4 * column + row] = sum;
    }
  }
  return product;
}

/**
 * A chart against the step, or against a clock of each track: the curves are Plotly's own, with hover and zoom;
 * cursor and heads are ours.
 */
class CurveView extends View {
  constructor(player, key, series) {
    super(player, key, ["cursor"]);
    const { plotly_afterplot: changed } = this.events;
    this.events.plotly_afterplot = () => {
      changed();
      if (this.ready && this.current) this.fitTicks();
    };
    this.series = `series:${series}`;
    this.clock = `clock:${series}`;
  }

  probe() {
    const layout = this.chart._fullLayout;
    return isAxis(layout?.xaxis) && isAxis(layout?.yaxis) && typeof window.Plotly.react === "function";
  }

  /** A finger that moves sideways scrubs; up and down it still scrolls the page. */
  sit() {
    super.sit();
    this.chart.style.touchAction = this.dragScrubs ? "pan-y" : "";
  }

  survey() {
    super.survey();
    if (this.ready && !this.current) this.player.requestCurves();
  }

  refresh() {
    super.refresh();
    if (this.ready && !this.current) this.player.requestCurves();
  }

  /** Streamlit redraws a chart from its own copy after a resize or a change of theme: ours may be gone. */
  get current() {
    const ours = this.chart.data.filter((trace) => trace.meta?.player !== undefined);
    return (
      this.edition === this.player.edition &&
      ours.length === this.count &&
      ours.every((trace) => trace.meta.player === this.edition)
    );
  }

  get visible() {
    return this.player.visible.filter((track) => track.column[this.series]);
  }

  /** Put the curves in. The layout goes back as it is, so a zoom stays and an automatic range fits anew. */
  apply() {
    const others = this.chart.data.filter((trace) => trace.meta?.player === undefined);
    const curves = this.visible.map((track) => this.curve(track));
    this.edition = this.player.edition;
    this.count = curves.length;
    window.Plotly.react(this.chart, others.concat(curves), this.capped(this.chart.layout));
  }

  /** The ticks of a logarithmic axis follow its range, whoever changed it. */
  fitTicks() {
    const { _fullLayout: shown, layout } = this.chart;
    const update = {};
    for (const name of ["xaxis", "yaxis"]) {
      const wanted = shown[name].type === "log" ? logTicks(shown[name].range) : {};
      for (const [key, value] of Object.entries(wanted))
        if ((layout[name]?.[key] ?? null) !== value) update[`${name}.${key}`] = value;
    }
    if (Object.keys(update).length) window.Plotly.relayout(this.chart, update);
  }

  /**
   * Keep diverged runs out of the automatic range, which they would press flat: they leave at the top. The cap of an
   * earlier run is in the layout still, and goes where none is needed now.
   */
  capped(layout) {
    const { autorangeoptions, ...yaxis } = layout.yaxis ?? {};
    return { ...layout, yaxis: { ...yaxis, autorangeoptions: { ...autorangeoptions, clipmax: this.cap() } } };
  }

  /** A little above everything that did not fail, and above where all began; nothing where no run failed. */
  cap() {
    const tracks = this.visible;
    if (!tracks.some((track) => track.failed) || tracks.every((track) => track.failed)) return undefined;
    let highest = -Infinity;
    for (const track of tracks) {
      const values = track.column[this.series];
      for (const value of track.failed ? values.subarray(0, 1) : values)
        if (value < Infinity) highest = Math.max(highest, value);
    }
    return highest > 0 ? 1.5 * highest : undefined;
  }

  /** Plain arrays, since Streamlit passes figures through JSON when the theme changes. */
  curve(track) {
    const finite = (value) => (Number.isFinite(value) ? value : null);
    // To time 0 on a logarithmic axis Plotly would draw a line from far outside.
    const log = this.chart._fullLayout.xaxis.type === "log";
    const timed = (time) => (log && time <= 0 ? null : finite(time));
    return {
      type: "scatter",
      mode: "lines",
      name: track.label,
      x: Array.from(track.column[this.series], (_, frame) => timed(this.timeOf(track, frame))),
      y: Array.from(track.column[this.series], finite),
      line: {
        color: track.color,
        width: 1.75,
        dash: track.dash.map((length) => `${length}px`).join(",") || "solid",
      },
      hovertemplate: "%{y:.4g}",
      meta: { player: this.player.edition },
    };
  }

  geometry() {
    const { xaxis, yaxis } = this.chart._fullLayout;
    this.x = readAxis(xaxis, false);
    this.y = readAxis(yaxis, true);
  }

  draw(position) {
    if (this.stale) this.geometry();
    this.stale = false;
    const ctx = this.contexts[0];
    this.clear(ctx);
    ctx.save();
    ctx.beginPath();
    ctx.rect(this.x.at - 6, this.y.at - 6, this.x.length + 12, this.y.length + 12);
    ctx.clip();
    this.drawCursors(ctx, position);
    for (const track of this.visible) this.drawCurveHead(ctx, track, position);
    ctx.restore();
  }

  /** What the x axis measures at a frame of a track: its own clock, or else the step. */
  timeOf(track, position) {
    const clock = track.column[this.clock];
    return clock ? between(clock, position) : this.player.stepAt(position);
  }

  /** One line where all tracks share the step; where each has a clock, a line each. */
  drawCursors(ctx, position) {
    const clocked = this.visible.filter((track) => track.column[this.clock]);
    const { ink } = this.player.colors;
    if (clocked.length < this.visible.length || !clocked.length) {
      this.drawCursor(ctx, this.player.stepAt(position), ink);
    }
    for (const track of clocked) this.drawCursor(ctx, this.timeOf(track, position), track.color);
  }

  drawCursor(ctx, time, color) {
    const x = toPixel(this.x, time);
    ctx.globalAlpha = 0.6;
    ctx.strokeStyle = color;
    ctx.lineWidth = 1;
    ctx.setLineDash([]);
    ctx.beginPath();
    ctx.moveTo(x, this.y.at);
    ctx.lineTo(x, this.y.at + this.y.length);
    ctx.stroke();
    ctx.globalAlpha = 1;
  }

  drawCurveHead(ctx, track, position) {
    const values = track.column[this.series];
    const at = Math.min(position, track.frames - 1);
    const frame = Math.floor(at);
    const next = Math.min(frame + 1, track.frames - 1);
    const from = toPixel(this.y, values[frame]);
    const to = toPixel(this.y, values[next]);
    let y = Number.isFinite(to) ? from + (at - frame) * (to - from) : from;
    if (!Number.isFinite(y)) return;
    if (track.failed) y = Math.max(y, this.y.at); // above the chart: say so at its edge
    const x = toPixel(this.x, this.timeOf(track, at));
    if (!Number.isFinite(x)) return; // before the first mark of a logarithmic axis
    const { paper } = this.player.colors;
    if (track.failed && at >= track.frames - 1) drawCross(ctx, x, y, track.color, paper, 3.5);
    else drawHead(ctx, x, y, track.color, paper, 4);
  }

  /** Is the pointer over the plot area? */
  covers(event) {
    const box = this.root.getBoundingClientRect();
    const x = event.clientX - box.left;
    const y = event.clientY - box.top;
    return (
      x >= this.x.at && x <= this.x.at + this.x.length && y >= this.y.at && y <= this.y.at + this.y.length
    );
  }

  get dragScrubs() {
    return this.chart._fullLayout.dragmode === false;
  }

  /** Go to the pointer: by its step, or by the clock of the curve that was nearest when the gesture began. */
  scrub(event) {
    const box = this.root.getBoundingClientRect();
    const x = event.clientX - box.left;
    const time = fromPixel(this.x, x);
    this.held ??= this.nearestTrack(x, event.clientY - box.top);
    const frame = this.held ? indexOfNearest(this.held.column[this.clock], time) : this.player.frameOf(time);
    this.player.seek(Math.round(frame));
  }

  nearestTrack(x, y) {
    let nearest;
    let least = Infinity;
    for (const track of this.visible) {
      const values = track.column[this.series];
      track.column[this.clock]?.forEach((time, frame) => {
        const distance = Math.hypot(toPixel(this.x, time) - x, toPixel(this.y, values[frame]) - y);
        if (distance < least) [least, nearest] = [distance, track];
      });
    }
    return nearest;
  }

  click(event) {
    if (!this.covers(event)) return;
    this.scrub(event);
    this.player.report();
  }
}

// ---------------------------------------------------------------------------------------------- panel

const ICONS = {
  to_start: "M5 5h2v14H5zM19 5v14L8.5 12z",
  back: "M7.5 5h2v14h-2zM17.5 5v14L10 12z",
  play: "M7 4.5v15l12-7.5z",
  pause: "M6.5 5h4v14h-4zM13.5 5h4v14h-4z",
  forward: "M14.5 5h2v14h-2zM6.5 5v14L14 12z",
  to_end: "M17 5h2v14h-2zM5 5v14L15.5 12z",
  loop: "M7 7h8.5V4l5 4.25-5 4.25v-3H9.5v2.75H7zM17 17H8.5v3l-5-4.25 5-4.25v3h6v-2.75H17z",
};

const SWATCH =
  '<svg class="tp-swatch" viewBox="0 0 28 8" aria-hidden="true"><line x1="1" y1="4" x2="27" y2="4"/></svg>';

function element(tag, className, attributes = {}) {
  const node = document.createElement(tag);
  node.className = className;
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
}

function setIcon(button, name) {
  if (button.dataset.icon === name) return;
  button.dataset.icon = name;
  button.innerHTML = `<svg viewBox="0 0 24 24" aria-hidden="true"><path d="${ICONS[name]}"/></svg>`;
}

function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

function nameButton(button, label) {
  button.setAttribute("aria-label", label);
  button.title = label;
}

/** The controls. They call the player and show its state; they hold none of their own. */
class Panel {
  constructor(player) {
    this.player = player;
    this.root = player.root;
    this.bar = this.root.appendChild(element("div", "tp-bar"));
    this.buildTransport();
    this.buildScrub();
    this.buildOptions();
    this.legend = this.root.appendChild(element("div", "tp-legend", { role: "group" }));
    this.note = this.root.appendChild(element("p", "tp-note", { role: "status" }));
  }

  buildTransport() {
    const group = this.bar.appendChild(element("div", "tp-transport"));
    const { player } = this;
    const actions = {
      to_start: () => player.jump(0),
      back: () => player.stepBy(-1),
      play: () => player.toggle(),
      forward: () => player.stepBy(1),
      to_end: () => player.jump(player.end),
    };
    this.buttons = {};
    for (const [name, act] of Object.entries(actions)) {
      const button = group.appendChild(element("button", `tp-button tp-${name}`, { type: "button" }));
      setIcon(button, name);
      button.addEventListener("click", act);
      this.buttons[name] = button;
    }
  }

  buildScrub() {
    const group = this.bar.appendChild(element("div", "tp-scrub"));
    this.slider = group.appendChild(element("input", "tp-slider", { type: "range", min: "0", step: "1" }));
    this.position = group.appendChild(element("span", "tp-position"));
    this.slider.addEventListener("input", () => this.player.seek(Number(this.slider.value)));
    this.slider.addEventListener("change", () => this.player.report());
  }

  buildOptions() {
    const group = this.bar.appendChild(element("div", "tp-options"));
    this.speed = group.appendChild(element("select", "tp-speed"));
    this.speed.addEventListener("change", () => this.player.setSpeed(Number(this.speed.value)));
    this.loop = group.appendChild(element("button", "tp-button tp-loop", { type: "button" }));
    setIcon(this.loop, "loop");
    this.loop.addEventListener("click", () => this.player.toggleLoop());
    this.options = group;
    this.arrowButtons = {};
  }

  /** New texts or a new length: not at every click, since the browser would lay out the page once more. */
  rebuild() {
    const { player } = this;
    const { labels } = player;
    const { texts, kinds, valueName, valueSeries, steps, stride, degraded } = player;
    const shown = JSON.stringify([labels, texts, kinds, valueName, valueSeries, steps, stride, degraded]);
    if (shown === this.shown) return;
    this.shown = shown;
    this.root.setAttribute("aria-label", labels.player);
    this.slider.max = String(player.frames - 1);
    this.slider.setAttribute("aria-label", labels.scrub);
    this.slider.title = labels.keys;
    for (const name of ["to_start", "back", "forward", "to_end"])
      nameButton(this.buttons[name], labels[name]);
    nameButton(this.loop, labels.loop);
    this.bar.hidden = !player.tracks.length; // nothing to play: the planes only take clicks
    this.rebuildSpeeds();
    this.rebuildArrows();
    this.position.style.minWidth = `${this.positionText(player.steps).length}ch`;
    this.rebuildLegend();
    setText(this.note, player.degraded ? labels.degraded : player.tracks.length ? "" : labels.empty);
  }

  rebuildSpeeds() {
    const { speeds, labels } = this.player;
    if (this.speed.options.length !== speeds.length) {
      this.speed.replaceChildren(...speeds.map((speed) => new Option(`${speed}×`, String(speed))));
    }
    this.speed.setAttribute("aria-label", labels.speed);
    this.speed.title = labels.speed;
  }

  /** A button for each kind of arrow that any track has. A button stays the same element, and keeps the focus. */
  rebuildArrows() {
    const { player, arrowButtons } = this;
    const kinds = player.kinds.filter(({ key }) => player.hasArrow(key));
    for (const key of Object.keys(arrowButtons)) {
      if (!kinds.some((kind) => kind.key === key)) arrowButtons[key].remove();
    }
    for (const { key, label, help, color } of kinds) {
      const button = (arrowButtons[key] ??= this.buildArrow(key));
      if (!button.isConnected) this.options.append(button);
      button.title = help;
      button.style.setProperty("--tp-arrow", color.startsWith("#") ? color : "transparent");
      setText(button, label);
    }
  }

  buildArrow(key) {
    const button = element("button", `tp-pill tp-${key}`, { type: "button" });
    button.addEventListener("click", () => this.player.toggleArrow(key));
    return button;
  }

  /** One entry per key: tracks that share one are the same thing in several planes. */
  rebuildLegend() {
    this.legend.setAttribute("aria-label", this.player.labels.legend);
    const focused = this.entries?.find(({ button }) => button === document.activeElement)?.key;
    const keys = new Set(this.player.tracks.map((track) => track.key));
    this.entries = [...keys].map((key) => this.buildEntry(this.player.tracks.filter((track) => track.key === key)));
    this.legend.replaceChildren(this.buildHeading(), ...this.entries.map(({ button }) => button));
    this.entries.find(({ key }) => key === focused)?.button.focus();
  }

  /** What the number beside each name is. */
  buildHeading() {
    const heading = element("span", "tp-heading");
    heading.textContent = this.player.valueName;
    heading.hidden = this.entries.every(({ value }) => value.hidden);
    return heading;
  }

  /** Value and outcome belong to one run: an entry for several shows neither. */
  buildEntry([track, ...others]) {
    const button = element("button", "tp-entry", { type: "button" });
    button.title = this.player.labels.toggle.replace("{label}", track.label);
    button.innerHTML = SWATCH;
    const line = button.querySelector("line");
    line.setAttribute("stroke", track.color);
    line.setAttribute("stroke-dasharray", track.dash.join(" "));
    button.append(element("span", "tp-name"), element("span", "tp-value"), element("span", "tp-outcome"));
    const [name, value, outcome] = button.querySelectorAll("span");
    name.textContent = track.label;
    outcome.textContent = track.outcome;
    outcome.hidden = !track.outcome || others.length > 0;
    value.hidden = !track.column[this.player.valueSeries] || others.length > 0;
    button.addEventListener("click", () => this.player.toggleTrack(track.key));
    return { key: track.key, button, value, outcome };
  }

  positionText(step) {
    const { labels, steps } = this.player;
    return labels.position.replace("{step}", String(step)).replace("{steps}", String(steps));
  }

  /** Show the present state. Called at most ten times a second while playing. */
  update() {
    const { player } = this;
    const frame = Math.floor(player.moment);
    const text = this.positionText(player.stepAt(frame));
    if (Number(this.slider.value) !== frame) this.slider.value = String(frame);
    this.slider.style.setProperty("--tp-done", `${(100 * frame) / Math.max(player.frames - 1, 1)}%`);
    this.slider.setAttribute("aria-valuetext", text);
    setText(this.position, text);
    setIcon(this.buttons.play, player.playing ? "pause" : "play");
    nameButton(this.buttons.play, player.labels[player.playing ? "pause" : "play"]);
    this.speed.value = String(player.speed);
    this.loop.setAttribute("aria-pressed", String(player.loop));
    for (const [kind, button] of Object.entries(this.arrowButtons)) {
      button.setAttribute("aria-pressed", String(player.arrows[kind]));
    }
    for (const entry of this.entries) this.updateEntry(entry, frame);
  }

  updateEntry({ key, button, value, outcome }, frame) {
    const { tracks, hidden, valueSeries } = this.player;
    const { column, frames } = tracks.find((track) => track.key === key);
    button.setAttribute("aria-pressed", String(!hidden.has(key)));
    if (!value.hidden) setText(value, formatNumber(column[valueSeries][Math.min(frame, frames - 1)]));
    // Known only once it has happened; invisible until then, so that the legend does not jump.
    outcome.style.visibility = frame >= frames - 1 ? "visible" : "hidden";
  }
}

// ---------------------------------------------------------------------------------------------- player

class Player {
  constructor(parent) {
    this.root = parent.appendChild(element("div", "trajectory-player", { role: "group" }));
    this.root.player = this; // the DOM node owns the state: Streamlit calls us again with the same parent
    this.tracks = [];
    this.visible = [];
    this.end = 0;
    this.hidden = new Set();
    this.arrows = {}; // kind -> is it shown?
    this.position = 0; // in frames; the fraction is drawn between two frames
    this.playing = false;
    this.finished = false; // came to the end by playing, so new paths play again
    this.dragging = false;
    this.degraded = false;
    this.loop = false;
    this.planes = [];
    this.curves = [];
    this.views = [];
    this.edition = Date.now(); // of the native curves: rises with every change of what they show
    this.still = window.matchMedia("(prefers-reduced-motion: reduce)");
    this.tick = this.tick.bind(this);
    this.panel = new Panel(this);
    this.bindInput();
    this.surveyor = setInterval(() => this.survey(), SURVEY_MS);
  }

  // -- data in

  receive(data, send) {
    this.send = send;
    const first = this.version === undefined;
    const fresh = data.version !== this.version;
    if (JSON.stringify(data.context) !== JSON.stringify(this.context)) this.wantedStart = null;
    Object.assign(this, {
      labels: data.labels,
      steps: data.steps,
      stride: data.stride,
      speeds: data.speeds,
      version: data.version,
      context: data.context,
      kinds: data.kinds,
      valueName: data.valueName,
      knownStart: data.start,
    });
    this.checkEcho();
    this.readColors();
    for (const each of [...data.tracks, ...data.kinds]) each.color = this.shade(each.color);
    if (first) this.speed = data.speed;
    for (const { key, shown } of data.kinds) this.arrows[key] ??= shown;
    const atEnd = this.position >= this.end;
    this.takeTracks(data, fresh);
    this.takeCharts(data);
    if (first) this.open(data);
    else if (fresh) this.resume(atEnd);
    this.followTarget(data.targetStep, first);
    this.panel.rebuild();
    this.refreshAll();
    this.requestCurves();
  }

  takeTracks(data, fresh) {
    const texts = JSON.stringify(data.tracks.map(({ frames, failed, ...text }) => ({ ...text, column: null })));
    if (!fresh && texts === this.texts) return;
    this.texts = texts;
    this.tracks = data.tracks;
    this.frames = Math.ceil(data.steps / data.stride) + 1;
    const [first] = Object.keys(data.linked);
    this.valueSeries = first ? `series:${first}` : data.tracks[0]?.columns.find((name) => name.startsWith("series:"));
    const short = data.kinds.filter((kind) => !kind.to_scale);
    this.typical = Object.fromEntries(short.map(({ key }) => [key, typicalLength(this.tracks, key)]));
    this.edition += 1;
    this.forgetTheGone();
    this.chooseVisible();
  }

  takeCharts({ planes, space, linked }) {
    const wanted = JSON.stringify([planes, space, linked]);
    if (wanted === this.charts) return;
    this.charts = wanted;
    for (const view of this.views) view.detach();
    this.planes = planes.map((key) => new PlaneView(this, key));
    this.curves = Object.entries(linked).map(([series, key]) => new CurveView(this, key, series));
    this.views = [...this.planes, ...(space ? [new SpaceView(this, space)] : []), ...this.curves];
    this.survey();
  }

  /** Canvases cannot use CSS variables: read the theme's colours whenever Streamlit calls. */
  readColors() {
    const style = getComputedStyle(this.root);
    const color = (name, otherwise) => style.getPropertyValue(name).trim() || otherwise;
    this.colors = {
      ink: color("--st-text-color", "#222222"),
      paper: color("--st-background-color", "#ffffff"),
    };
    this.named = ["categorical", "sequential"].flatMap((kind) => color(`--st-chart-${kind}-colors`, "").split(","));
  }

  /** A colour of the theme goes by its number, "#000001" the first, as in Streamlit's figures. */
  shade(color) {
    return (/^#0000\d\d$/.test(color) && this.named[Number(color.slice(1)) - 1]?.trim()) || color;
  }

  open(data) {
    if (data.autoplay && !this.still.matches && data.targetStep === null) this.play();
    else this.position = this.end;
  }

  /** What the reader has hidden stays hidden while it is there; what comes back, comes back as it first came. */
  forgetTheGone() {
    const keys = new Set(this.tracks.map((track) => track.key));
    for (const key of this.hidden) if (!keys.has(key)) this.hidden.delete(key);
    for (const { key, shown } of this.kinds) if (!this.hasArrow(key)) this.arrows[key] = shown;
  }

  hasArrow(kind) {
    return this.tracks.some((track) => track.column[`${kind}:x`]);
  }

  /** New paths: play them if something was playing or had just finished, else keep the paused moment. */
  resume(atEnd) {
    const replay = (this.playing || this.finished) && !this.dragging && !this.still.matches;
    if (replay) return this.play(0);
    this.position = atEnd ? this.end : Math.min(this.position, this.end);
    if (this.reported !== undefined) this.report(); // a longer or shorter run may rest at another step
  }

  /** Go where Python says, unless it only repeats what we told it. */
  followTarget(step, first) {
    if (step === this.target) return;
    this.target = step;
    if (step === null || (!first && step === this.reported)) return;
    this.seek(Math.round(this.frameOf(step)));
  }

  // -- frames and steps

  get frame() {
    return Math.floor(this.position);
  }

  /** What is drawn: whole paths while the start is dragged out of a run that played. */
  get moment() {
    if (this.dragging && this.replayAfterDrag) return this.end;
    return this.still.matches ? this.frame : this.position;
  }

  stepAt(position) {
    return Math.min(position * this.stride, this.steps);
  }

  frameOf(step) {
    return clamp(step / this.stride, 0, this.frames - 1);
  }

  /** Which tracks are shown, and the last frame at which any of them moves: play ends there. */
  chooseVisible() {
    this.visible = this.tracks.filter((track) => !this.hidden.has(track.key));
    const lasts = this.visible.map((track) => track.frames - 1);
    this.end = Math.min(this.frames - 1, lasts.length ? Math.max(...lasts) : this.frames - 1);
  }

  // -- clock

  play(from = this.position) {
    this.position = from >= this.end ? 0 : from;
    this.playing = true;
    this.finished = false;
    this.reported = undefined;
    this.lastTime = undefined;
    this.changed();
  }

  pause() {
    this.playing = false;
    this.finished = false;
    this.position = this.frame;
    this.changed();
  }

  toggle() {
    if (!this.playing) return this.play();
    this.pause();
    this.report();
  }

  /** Show a frame and rest there; the caller reports when the gesture is over. */
  seek(frame) {
    this.position = clamp(frame, 0, this.frames - 1);
    this.playing = false;
    this.finished = false;
    this.changed();
  }

  jump(frame) {
    this.seek(frame);
    this.report();
  }

  stepBy(frames) {
    this.jump(this.frame + frames);
  }

  setSpeed(speed) {
    this.speed = speed;
    this.changed();
  }

  changeSpeed(direction) {
    const at = this.speeds.indexOf(this.speed);
    this.setSpeed(this.speeds[clamp(at + direction, 0, this.speeds.length - 1)]);
  }

  toggleLoop() {
    this.loop = !this.loop;
    this.changed();
  }

  toggleArrow(kind) {
    this.arrows[kind] = !this.arrows[kind];
    this.changed();
  }

  toggleTrack(key) {
    if (!this.hidden.delete(key)) this.hidden.add(key);
    this.chooseVisible();
    this.edition += 1;
    this.refreshAll();
    this.requestCurves();
  }

  get framesPerSecond() {
    const { shortest, longest, framesPerSecond } = FULL_RUN_SECONDS;
    return this.speed * (this.end / clamp(this.end / framesPerSecond, shortest, longest));
  }

  advance(elapsed) {
    if (this.holdUntil) {
      if (performance.now() < this.holdUntil) return;
      this.holdUntil = 0;
      this.position = 0;
    }
    this.position += (elapsed / 1000) * this.framesPerSecond;
    if (this.position < this.end) return;
    this.position = this.end;
    if (this.loop) this.holdUntil = performance.now() + LOOP_PAUSE_MS;
    else this.finish();
  }

  finish() {
    this.playing = false;
    this.finished = true;
    this.report();
  }

  // -- drawing

  invalidate() {
    this.pending ??= requestAnimationFrame(this.tick);
  }

  /** Something other than the passing of time: show it at once in the panel too. */
  changed() {
    this.holdUntil = 0;
    this.panelDue = 0;
    this.invalidate();
  }

  refreshAll() {
    for (const view of this.views) view.stale = true;
    this.changed();
  }

  tick(now) {
    const began = performance.now();
    this.pending = undefined;
    if (this.playing) this.advance(Math.min(now - (this.lastTime ?? now), 100));
    this.lastTime = now;
    for (const view of this.views) this.drawView(view);
    this.measure(now, began);
    if (now >= this.panelDue || !this.playing) this.updatePanel(now);
    this.scheduleCurves();
    if (this.playing) this.invalidate();
  }

  /** Between two surveys a chart can vanish or change: look again before reading its internals. */
  drawView(view) {
    if (!view.ready || !view.chart.isConnected || !view.probe()) return;
    view.draw(this.moment);
  }

  updatePanel(now) {
    this.panelDue = now + PANEL_EVERY_MS;
    this.panel.update();
    const { dataset } = this.root;
    dataset.frame = String(this.frame);
    dataset.frames = String(this.frames);
    dataset.playing = String(this.playing);
    dataset.tracks = String(this.tracks.length);
    dataset.version = this.version;
    dataset.fps = this.fps ?? "";
    dataset.scriptMs = this.scriptMs ?? "";
  }

  /** Frames a second and script time a frame, for tests and for anyone who wonders. */
  measure(now, began) {
    if (!this.playing) {
      this.window = null;
      return;
    }
    this.window ??= { since: now, ticks: 0, script: 0 };
    this.window.script += performance.now() - began;
    const elapsed = now - this.window.since;
    if (elapsed >= 500) {
      this.fps = ((this.window.ticks * 1000) / elapsed).toFixed(1);
      this.scriptMs = (this.window.script / this.window.ticks).toFixed(2);
      this.window = { since: now, ticks: 0, script: 0 };
    }
    this.window.ticks += 1;
  }

  // -- charts

  survey() {
    if (this.overdue) this.checkEcho();
    for (const view of this.views) view.survey();
    const lost = this.views.filter((view) => view.lost);
    if (this.degraded !== lost.length > 0) this.setDegraded(lost);
  }

  /** Tell Python to draw whole paths into the surfaces, or that it no longer needs to. */
  setDegraded(lost) {
    this.degraded = lost.length > 0;
    if (this.degraded) this.root.dataset.playerDegraded = lost.map((view) => view.key).join(" ");
    else delete this.root.dataset.playerDegraded;
    this.panel.rebuild();
    this.panel.update();
    this.send("fallback", this.degraded);
  }

  /** Native curves come after the next frame, so that a click shows its paths first. */
  requestCurves() {
    this.curvesWanted = true;
    this.invalidate();
  }

  scheduleCurves() {
    if (!this.curvesWanted || this.curvesTimer) return;
    const wait = Math.max(0, (this.curvesDue ?? 0) - performance.now());
    this.curvesTimer = setTimeout(() => this.applyCurves(), wait);
  }

  /** One chart at a time, with pauses during a drag, so that the pointer never waits for all of them. */
  applyCurves() {
    this.curvesTimer = undefined;
    const waiting = this.curves.filter((view) => view.ready && view.chart.isConnected && !view.current);
    waiting[0]?.apply();
    if (this.dragging) this.curvesDue = performance.now() + CURVES_EVERY_MS;
    this.curvesWanted = waiting.length > 1;
    if (this.curvesWanted) this.invalidate();
  }

  // -- messages out

  /** Tell Python the step we rest at, once the reader has stopped moving. */
  report() {
    clearTimeout(this.reportTimer);
    this.reportTimer = setTimeout(() => this.sendStep(), SETTLE_MS);
  }

  sendStep() {
    const step = this.stepAt(this.frame);
    if (this.playing || step === this.reported) return;
    this.reported = step;
    this.send("step", { step, context: this.context });
  }

  moveStart(place) {
    this.wantedStart = place;
    this.invalidate();
    this.sendStart();
  }

  sendStart() {
    clearTimeout(this.dragTimer);
    this.dragTimer = undefined;
    this.sentAt = performance.now();
    const [x, y] = this.wantedStart;
    this.send("start", { x, y, context: this.context }); // a trigger, not state: the same place clicked twice must count twice
  }

  /** The marker is where the reader put it: answers to earlier requests must not pull it back. */
  get start() {
    return this.wantedStart ?? this.knownStart;
  }

  get overdue() {
    return performance.now() - this.sentAt > ANSWER_MS;
  }

  /** Python has answered, or has put the start elsewhere (into its own limits): its word counts again. */
  checkEcho() {
    if (!this.wantedStart || this.dragging) return;
    const answered = this.wantedStart.every((value, i) => value === this.knownStart[i]);
    if (!answered && !this.overdue) return;
    this.wantedStart = null;
    this.invalidate();
  }

  beginDrag() {
    this.dragging = true;
    this.replayAfterDrag = this.playing || this.finished;
    this.playing = false;
    this.changed();
  }

  dragStart(place) {
    this.wantedStart = place;
    this.invalidate();
    const wait = SEND_EVERY_MS - (performance.now() - (this.sentAt ?? 0));
    this.dragTimer ??= setTimeout(() => this.sendStart(), Math.max(0, wait));
  }

  endDrag() {
    this.dragging = false;
    if (this.dragTimer) this.sendStart();
    this.sentAt = performance.now(); // the wait for the answer begins with the release
    if (this.replayAfterDrag && !this.still.matches) this.play(0);
    else this.changed();
  }

  // -- input

  bindInput() {
    this.listeners = new AbortController();
    const { signal } = this.listeners;
    // Plotly lays a cover over the page on mouse-down, so the pointer is released above that cover: listen on
    // the window, before anyone else.
    const options = { signal, capture: true };
    window.addEventListener("pointerdown", (event) => this.press(event), options);
    window.addEventListener("pointermove", (event) => this.move(event), options);
    window.addEventListener("pointerup", (event) => this.release(event), options);
    window.addEventListener(
      "pointercancel",
      () => {
        this.pressed = null;
      },
      options,
    );
    document.addEventListener("keydown", (event) => this.key(event), { signal });
    this.still.addEventListener("change", () => this.changed(), { signal });
  }

  press(event) {
    this.pressed = null;
    if (event.button !== 0 || !event.isPrimary) return;
    if (event.target.closest?.(".modebar, .legend, .tp-handle")) return;
    const view = [...this.planes, ...this.curves].find((each) => each.ready && each.chart.contains(event.target));
    if (!view?.x) return; // not drawn yet
    view.held = undefined;
    this.pressed = {
      view,
      x: event.clientX,
      y: event.clientY,
      moved: false,
      scrubs: view.dragScrubs && view.covers(event),
    };
  }

  move(event) {
    const { pressed } = this;
    if (!pressed) return;
    pressed.moved ||= Math.hypot(event.clientX - pressed.x, event.clientY - pressed.y) >= CLICK_SLACK_PX;
    if (pressed.moved && pressed.scrubs) pressed.view.scrub(event);
  }

  release(event) {
    const { pressed } = this;
    this.pressed = null;
    if (!pressed?.view.ready) return;
    if (!pressed.moved) pressed.view.click(event);
    else if (pressed.scrubs) this.report();
  }

  /**
   * Keys count while the player has the focus, or where nothing in particular has it the first player of the page;
   * never in another input.
   */
  key(event) {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    const focus = document.activeElement ?? document.body;
    const [first] = document.getElementsByClassName("trajectory-player");
    if (focus === document.body ? this.root !== first : !this.root.contains(focus)) return;
    if (focus.tagName === "SELECT" || (event.key === " " && focus.tagName === "BUTTON")) return; // theirs
    const act = this.keyAction(event);
    if (!act) return;
    event.preventDefault();
    act();
  }

  keyAction({ key, shiftKey }) {
    const stride = shiftKey ? 10 : 1;
    return {
      " ": () => this.toggle(),
      ArrowLeft: () => this.stepBy(-stride),
      ArrowRight: () => this.stepBy(stride),
      Home: () => this.jump(0),
      End: () => this.jump(this.end),
      l: () => this.toggleLoop(),
      L: () => this.toggleLoop(),
      "+": () => this.changeSpeed(1),
      "=": () => this.changeSpeed(1),
      "-": () => this.changeSpeed(-1),
    }[key];
  }

  // -- end

  destroy() {
    this.listeners.abort();
    clearInterval(this.surveyor);
    for (const timer of [this.reportTimer, this.dragTimer, this.curvesTimer]) clearTimeout(timer);
    if (this.pending) cancelAnimationFrame(this.pending);
    this.playing = false;
    for (const view of this.views) view.detach();
    this.root.remove();
  }
}

function render({ data, parentElement, setTriggerValue }) {
  const player = parentElement.querySelector(".trajectory-player")?.player ?? new Player(parentElement);
  player.receive(decode(data), setTriggerValue);
  return () => player.destroy();
}

/*
 * This file travels with a component of its own, whose data never change, so that Streamlit sends it once. The
 * component that carries the paths is sent at every change of them and only calls `render` (see player.py).
 */
export default function publish() {
  window.trajectoryPlayer = { render };
  window.dispatchEvent(new Event("trajectory-player"));
}
