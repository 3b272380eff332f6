/* Views: canvases over a chart, kept in place; planes from above and landscapes. */

import { clamp, clipSegment } from "./numbers.js";
import { fromPixel, isAxis, readAxis, roundToPixel, toPixel } from "./axes.js";
import { drawArrow, drawCross, drawFaintPath, drawHead, drawStart, drawTrail, emptyShape } from "./draw.js";

const PATIENCE_MS = { unreadable: 8000, missing: 30000 }; // a chart in this state for so long will not come
export const CLICK_SLACK_PX = 4; // a pointer that moves less than this has clicked, not dragged

/** Streamlit marks the container of a keyed element with a class; Plotly marks its graph div. */
function findChart(key) {
  const name = `st-key-${key.trim().replace(/[^a-zA-Z0-9_-]/g, "-")}`;
  return document.querySelector(`.${CSS.escape(name)} .js-plotly-plot`);
}

/** A stack of transparent canvases over one chart, kept in place whatever Streamlit and Plotly do to it. */
export class View {
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
export class PlaneView extends PathView {
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
export class SpaceView extends PathView {
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
