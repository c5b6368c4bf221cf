/**
 * GLSL of the track layer. All positions are Mercator from the picture's origin; `u_shift` brings them to the
 * view's centre, `u_scale` to pixels. Of the world's copies the one nearest to the centre is drawn.
 */

const PLACE = `
uniform vec2 u_shift;
uniform vec2 u_viewport;
uniform float u_scale;
vec2 pixel(vec2 mercator) {
  vec2 d = mercator + u_shift;
  d.x -= floor(d.x + 0.5);
  return d * u_scale;
}
vec4 clip(vec2 px) { return vec4(px.x * 2.0 / u_viewport.x, -px.y * 2.0 / u_viewport.y, 0.0, 1.0); }
`;

const TRACK_INPUTS = `
in vec2 a_corner;
in vec2 a_place;
in vec2 a_velocity;
in float a_time;
in vec4 a_state;
uniform float u_now;
`;

export const SYMBOL_VERTEX = `#version 300 es
precision highp float;
${TRACK_INPUTS}${PLACE}
uniform float u_size;
uniform float u_cells;
// Members' marks: first cell, and how far from the symbol's centre they stand; 0 for the symbols themselves.
uniform float u_mark_cell;
uniform float u_offset;
out vec2 v_uv;
out float v_fresh;
void main() {
  vec2 px = floor(pixel(a_place + a_velocity * (u_now - a_time)) + 0.5);
  float mark = floor(a_state.w * 255.0 + 0.5);
  float cell = u_mark_cell > 0.5 ? u_mark_cell + mark - 1.0 : a_state.x * 255.0;
  bool drawn = u_mark_cell < 0.5 || mark > 0.5;
  gl_Position = drawn ? clip(px + u_offset + a_corner * u_size * 0.5) : vec4(2.0, 2.0, 0.0, 1.0);
  v_uv = vec2((cell + 0.5 + a_corner.x * 0.5) / u_cells, 0.5 + a_corner.y * 0.5);
  // What another member does not see is as dim as can be, whatever its age.
  v_fresh = floor(a_state.z * 255.0 + 0.5) >= 2.0 ? 0.0 : a_state.y;
}`;

export const SYMBOL_FRAGMENT = `#version 300 es
precision mediump float;
in vec2 v_uv;
in float v_fresh;
uniform sampler2D u_atlas;
out vec4 colour;
void main() {
  // A bias towards the finer picture keeps thin frames crisp at small sizes.
  vec4 texel = texture(u_atlas, v_uv, -0.7);
  if (texel.a < 0.02) discard;
  colour = texel * mix(0.42, 1.0, v_fresh);
}`;

export const VECTOR_VERTEX = `#version 300 es
precision highp float;
${TRACK_INPUTS}${PLACE}
uniform float u_ahead;
uniform float u_width;
out float v_along;
out float v_across;
out float v_coasting;
out float v_fresh;
void main() {
  vec2 from = pixel(a_place + a_velocity * (u_now - a_time));
  vec2 way = a_velocity * u_ahead * u_scale;
  float len = max(length(way), 0.001);
  vec2 side = vec2(-way.y, way.x) / len;
  float t = a_corner.x * 0.5 + 0.5;
  float half_width = u_width * 0.5 + 1.0;
  gl_Position = clip(from + way * t + side * a_corner.y * half_width);
  v_along = t * len;
  v_across = a_corner.y * half_width;
  float bits = floor(a_state.z * 255.0 + 0.5);
  v_coasting = mod(bits, 2.0);
  if (bits >= 2.0) gl_Position = vec4(2.0, 2.0, 0.0, 1.0);
  v_fresh = a_state.y;
}`;

export const VECTOR_FRAGMENT = `#version 300 es
precision mediump float;
in float v_along;
in float v_across;
in float v_coasting;
in float v_fresh;
uniform vec3 u_colour;
uniform float u_dash;
uniform highp float u_width;
out vec4 colour;
void main() {
  if (v_coasting > 0.5 && mod(v_along, u_dash * 2.0) > u_dash) discard;
  // The edge is smoothed here: multisampling the whole canvas would cost more.
  float edge = clamp(u_width * 0.5 + 0.5 - abs(v_across), 0.0, 1.0);
  float alpha = 0.85 * edge * mix(0.45, 1.0, v_fresh);
  colour = vec4(u_colour * alpha, alpha);
}`;

export const TRAIL_VERTEX = `#version 300 es
precision highp float;
in vec2 a_place;
in float a_time;
in uvec2 a_slot;
${PLACE}
uniform float u_now;
uniform float u_reach;
uniform float u_size;
uniform highp sampler2D u_slots;
out float v_alpha;
void main() {
  float age = u_now - a_time;
  vec2 slot = texelFetch(u_slots, ivec2(int(a_slot.x & 255u), int(a_slot.x >> 8u)), 0).rg * 255.0;
  bool seen = slot.g > 0.5 && abs(slot.r - float(a_slot.y & 255u)) < 0.5 && age >= -1.0 && age < u_reach;
  gl_Position = seen ? clip(pixel(a_place)) : vec4(2.0, 2.0, 0.0, 1.0);
  gl_PointSize = u_size;
  v_alpha = 0.9 * (1.0 - 0.8 * age / u_reach);
}`;

export const TRAIL_FRAGMENT = `#version 300 es
precision mediump float;
in float v_alpha;
uniform vec3 u_colour;
out vec4 colour;
void main() {
  vec2 d = gl_PointCoord - 0.5;
  if (dot(d, d) > 0.25) discard;
  colour = vec4(u_colour * v_alpha, v_alpha);
}`;
