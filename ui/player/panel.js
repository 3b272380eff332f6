/* The panel of controls. */

import { formatNumber } from "./numbers.js";

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

export function element(tag, className, attributes = {}) {
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
export class Panel {
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
