/* Drawing on a canvas: paths, heads, arrows, the start. */

/** Lines of one track on the screen: where each frame lies, and the visible part of each segment. */
export function emptyShape(frames) {
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

export function drawFaintPath(ctx, track, shape) {
  ctx.strokeStyle = track.color;
  ctx.globalAlpha = 0.45;
  ctx.lineWidth = 1.25;
  ctx.setLineDash([]);
  ctx.beginPath();
  traceSegments(ctx, shape.segments, 0, track.frames - 1);
  ctx.stroke();
  ctx.globalAlpha = 1;
}

export function drawTrail(ctx, track, shape, from, to, dashAt) {
  ctx.strokeStyle = track.color;
  ctx.lineWidth = 2.5;
  ctx.setLineDash(track.dash);
  ctx.lineDashOffset = dashAt;
  ctx.beginPath();
  const length = traceSegments(ctx, shape.segments, from, to);
  ctx.stroke();
  return length;
}

export function drawHead(ctx, x, y, color, halo, radius = 5) {
  ctx.setLineDash([]);
  ctx.beginPath();
  ctx.arc(x, y, radius, 0, 2 * Math.PI);
  ctx.fillStyle = color;
  ctx.fill();
  ctx.lineWidth = 1.5;
  ctx.strokeStyle = halo;
  ctx.stroke();
}

export function drawCross(ctx, x, y, color, halo, reach = 5) {
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

export function drawArrow(ctx, x, y, dx, dy, color, halo, dashed) {
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

export function drawStart(ctx, x, y, ink, halo) {
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
