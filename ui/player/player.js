/*
 * Trajectory player: moving canvases over still Plotly charts.
 *
 * Streamlit calls `render` at the bottom again at every change of data or theme, with the same
 * parent element, so the Player lives on its DOM node and each call only hands it what is new. The parts
 * beside this file, in order: numbers, axes, draw, views (one per chart), curves, panel (the controls), and here the
 * player (clock, input, wiring). player.py joins them into one script.
 *
 * Internals of Plotly and Streamlit that the parts rely on are read in `probe()` and `geometry()` of the
 * views and in `findChart`. Where one is missing, the player reports "fallback" and leaves that chart alone.
 */

import { clamp, decode, typicalLength } from "./numbers.js";
import { CLICK_SLACK_PX, PlaneView, SpaceView } from "./views.js";
import { CurveView } from "./curves.js";
import { Panel, element } from "./panel.js";

const FULL_RUN_SECONDS = { shortest: 5, longest: 15, framesPerSecond: 30 }; // at speed 1
const LOOP_PAUSE_MS = 700;
const SEND_EVERY_MS = 33; // while the start marker is dragged
const ANSWER_MS = 5000; // how long the start marker waits for Python to confirm where it was put
const SETTLE_MS = 120; // the player rests this long before it reports its step
const SURVEY_MS = 200; // Streamlit may replace, hide or resize a chart at any time
const CURVES_EVERY_MS = 150; // a native curve chart costs Plotly some 30 ms: not at every update of a drag
const PANEL_EVERY_MS = 100;

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
