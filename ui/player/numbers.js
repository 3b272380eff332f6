/* Numbers: decoding, formatting, finding. */

export const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

/** Undo `_message` of player.py: length of the header, the header as JSON, then the float32 columns of every track. */
export function decode(bytes) {
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
export function typicalLength(tracks, kind) {
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

export function formatNumber(value) {
  if (value === undefined || Number.isNaN(value)) return "–";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const size = Math.abs(value);
  const text = size !== 0 && (size < 1e-3 || size >= 1e5) ? value.toExponential(2) : value.toPrecision(4);
  return text.replaceAll("-", "−");
}

/** Value at a position between two frames; after the last frame, the last. */
export function between(values, position) {
  const at = Math.min(position, values.length - 1);
  const frame = Math.floor(at);
  return values[frame] + (at - frame) * ((values[frame + 1] ?? values[frame]) - values[frame]);
}

export function indexOfNearest(values, target) {
  let nearest = 0;
  values.forEach((value, i) => {
    if (Math.abs(value - target) < Math.abs(values[nearest] - target)) nearest = i;
  });
  return nearest;
}

/** Clip the segment p-q to a box by Liang and Barsky. Returns [t0, t1] along it, or null where it misses. */
export function clipSegment(p, q, low, high, dimensions) {
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
