/* Charts against the step: their curves are Plotly's, cursor and heads are ours. */

import { between, indexOfNearest } from "./numbers.js";
import { fromPixel, isAxis, logTicks, readAxis, toPixel } from "./axes.js";
import { drawCross, drawHead } from "./draw.js";
import { View } from "./views.js";

/**
 * A chart against the step, or against a clock of each track: the curves are Plotly's own, with hover and zoom;
 * cursor and heads are ours.
 */
export class CurveView extends View {
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
