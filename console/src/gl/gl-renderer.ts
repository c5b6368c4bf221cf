/**
 * Symbols, vectors and trails of the whole picture in three instanced draw calls. Rows go to the graphics card as the
 * worker made them; between updates the shaders move everything on by its velocity.
 *
 * It draws on a canvas of its own above the map's: so tracks can move without the map being drawn again.
 */

import { BADGE_CELLS, CELLS, INSTANCE_OCTETS, POINT_OCTETS, SHAPE_CELLS } from "../model/instances.ts";
import { TRAIL_CAPACITY } from "../model/trails.ts";
import { rgb, type Palette } from "../map/palette.ts";
import { BADGE_FROM_PX, MARK_OFFSET, markSizePx, type Scenery, type TrackRenderer } from "../map/renderer.ts";
import { ringPieces, type TrackStore } from "../map/track-store.ts";
import type { Update } from "../worker/protocol.ts";
import { drawAtlas } from "./atlas.ts";
import { createProgram, type Program } from "./program.ts";
import {
  SYMBOL_FRAGMENT, SYMBOL_VERTEX, TRAIL_FRAGMENT, TRAIL_VERTEX, VECTOR_FRAGMENT, VECTOR_VERTEX,
} from "./shaders.ts";

const SLOT_TEXTURE_PX = 256;
const TRACK_INPUTS = ["a_corner", "a_place", "a_velocity", "a_time", "a_state"];
const TRAIL_INPUTS = ["a_place", "a_time", "a_slot"];

interface Resources {
  readonly symbols: Program;
  readonly vectors: Program;
  readonly trails: Program;
  readonly instances: WebGLBuffer;
  readonly points: WebGLBuffer;
  readonly trackArray: WebGLVertexArrayObject;
  readonly trailArray: WebGLVertexArrayObject;
  readonly atlas: WebGLTexture;
  readonly slots: WebGLTexture;
}

export class GlRenderer implements TrackRenderer {
  readonly kind = "webgl2";
  private resources: Resources;
  /** Passed when the graphics card has drawn what it was last given. */
  private fence: WebGLSync | null = null;
  private names: readonly string[] = [];

  constructor(
    private readonly gl: WebGL2RenderingContext,
    private readonly store: TrackStore,
    private palette: Palette,
  ) {
    this.resources = this.create();
    this.uploadAll();
    gl.canvas.addEventListener("webglcontextlost", this.onLost);
    gl.canvas.addEventListener("webglcontextrestored", this.onRestored);
  }

  dress(palette: Palette, names: readonly string[]): void {
    this.palette = palette;
    this.names = names;
    this.uploadAtlas(this.resources.atlas);
  }

  upload(update: Update): void {
    const { gl, resources } = this;
    gl.bindBuffer(gl.ARRAY_BUFFER, resources.instances);
    gl.bufferData(gl.ARRAY_BUFFER, update.instances, gl.DYNAMIC_DRAW);
    gl.bindBuffer(gl.ARRAY_BUFFER, resources.points);
    const rows = new Uint8Array(update.points.buffer);
    const { first } = update.points;
    for (const piece of ringPieces(first, rows.length / POINT_OCTETS)) {
      const from = (piece.first - first) * POINT_OCTETS;
      gl.bufferSubData(gl.ARRAY_BUFFER, piece.at * POINT_OCTETS, rows, from, piece.count * POINT_OCTETS);
    }
    this.uploadSlots();
  }

  get busy(): boolean {
    const { gl, fence } = this;
    if (fence === null || gl.isContextLost()) return false;
    if (gl.getSyncParameter(fence, gl.SYNC_STATUS) !== gl.SIGNALED) return true;
    gl.deleteSync(fence);
    this.fence = null;
    return false;
  }

  draw(scenery: Scenery): void {
    const { gl } = this;
    if (gl.isContextLost()) return;
    gl.viewport(0, 0, gl.drawingBufferWidth, gl.drawingBufferHeight);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    if (scenery.trailS > 0) this.drawTrails(scenery);
    if (this.store.count > 0) {
      if (scenery.vectorS > 0) this.drawVectors(scenery);
      this.drawSymbols(scenery);
    }
    gl.bindVertexArray(null);
    if (this.fence !== null) gl.deleteSync(this.fence);
    this.fence = gl.fenceSync(gl.SYNC_GPU_COMMANDS_COMPLETE, 0);
    gl.flush();
  }

  destroy(): void {
    this.gl.canvas.removeEventListener("webglcontextlost", this.onLost);
    this.gl.canvas.removeEventListener("webglcontextrestored", this.onRestored);
  }

  private readonly onLost = (event: Event): void => event.preventDefault();

  private readonly onRestored = (): void => {
    this.fence = null;
    this.resources = this.create();
    this.uploadAll();
  };

  /** What the store holds, to a graphics card that holds nothing. */
  private uploadAll(): void {
    const { gl, resources, store } = this;
    gl.bindBuffer(gl.ARRAY_BUFFER, resources.instances);
    gl.bufferData(gl.ARRAY_BUFFER, store.instances, gl.DYNAMIC_DRAW);
    gl.bindBuffer(gl.ARRAY_BUFFER, resources.points);
    gl.bufferSubData(gl.ARRAY_BUFFER, 0, store.points);
    this.uploadSlots();
  }

  private use(program: Program, { view, nowS }: Scenery): number {
    const { gl, store } = this;
    const dpr = gl.drawingBufferWidth / Math.max(1, view.width);
    let shiftX = store.origin.x - view.x;
    shiftX -= Math.round(shiftX);
    gl.useProgram(program.handle);
    gl.uniform2f(program.uniform("u_shift"), shiftX, store.origin.y - view.y);
    gl.uniform2f(program.uniform("u_viewport"), gl.drawingBufferWidth, gl.drawingBufferHeight);
    gl.uniform1f(program.uniform("u_scale"), view.scale * dpr);
    gl.uniform1f(program.uniform("u_now"), nowS - store.origin.timeS);
    return dpr;
  }

  private drawTrails(scenery: Scenery): void {
    const { gl, resources, store } = this;
    const pieces = store.recent(scenery.nowS - store.origin.timeS - scenery.trailS);
    if (pieces.length === 0) return;
    const program = resources.trails;
    const dpr = this.use(program, scenery);
    gl.uniform1f(program.uniform("u_reach"), scenery.trailS);
    gl.uniform1f(program.uniform("u_size"), (scenery.symbolPx > 14 ? 2.6 : 2) * dpr);
    gl.uniform3f(program.uniform("u_colour"), ...rgb(this.palette.trail));
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, resources.slots);
    gl.uniform1i(program.uniform("u_slots"), 0);
    gl.bindVertexArray(resources.trailArray);
    for (const { at, count } of pieces) gl.drawArrays(gl.POINTS, at, count);
  }

  private drawVectors(scenery: Scenery): void {
    const { gl, resources } = this;
    const program = resources.vectors;
    const dpr = this.use(program, scenery);
    gl.uniform1f(program.uniform("u_ahead"), scenery.vectorS);
    gl.uniform1f(program.uniform("u_width"), 1.25 * dpr);
    gl.uniform1f(program.uniform("u_dash"), 4 * dpr);
    gl.uniform3f(program.uniform("u_colour"), ...rgb(this.palette.vector));
    gl.bindVertexArray(resources.trackArray);
    gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, this.store.count);
  }

  private drawSymbols(scenery: Scenery): void {
    const { gl, resources } = this;
    const program = resources.symbols;
    const dpr = this.use(program, scenery);
    gl.uniform1f(program.uniform("u_size"), scenery.symbolPx * dpr);
    gl.uniform1f(program.uniform("u_cells"), CELLS);
    gl.uniform1f(program.uniform("u_mark_cell"), 0);
    gl.uniform1f(program.uniform("u_offset"), 0);
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, resources.atlas);
    gl.uniform1i(program.uniform("u_atlas"), 0);
    gl.bindVertexArray(resources.trackArray);
    gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, this.store.count);
    if (this.names.length === 0) return;
    gl.uniform1f(program.uniform("u_size"), markSizePx(scenery.symbolPx) * dpr);
    gl.uniform1f(program.uniform("u_mark_cell"), scenery.symbolPx >= BADGE_FROM_PX ? BADGE_CELLS : SHAPE_CELLS);
    gl.uniform1f(program.uniform("u_offset"), Math.round(scenery.symbolPx * MARK_OFFSET * dpr));
    gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, this.store.count);
  }

  private create(): Resources {
    const { gl } = this;
    const instances = gl.createBuffer();
    const points = gl.createBuffer();
    gl.bindBuffer(gl.ARRAY_BUFFER, points);
    gl.bufferData(gl.ARRAY_BUFFER, TRAIL_CAPACITY * POINT_OCTETS, gl.DYNAMIC_DRAW);
    const atlas = gl.createTexture();
    this.uploadAtlas(atlas);
    return {
      symbols: createProgram(gl, SYMBOL_VERTEX, SYMBOL_FRAGMENT, TRACK_INPUTS),
      vectors: createProgram(gl, VECTOR_VERTEX, VECTOR_FRAGMENT, TRACK_INPUTS),
      trails: createProgram(gl, TRAIL_VERTEX, TRAIL_FRAGMENT, TRAIL_INPUTS),
      instances,
      points,
      trackArray: this.trackArray(instances),
      trailArray: this.trailArray(points),
      atlas,
      slots: this.slotTexture(),
    };
  }

  private trackArray(instances: WebGLBuffer): WebGLVertexArrayObject {
    const { gl } = this;
    const array = gl.createVertexArray();
    gl.bindVertexArray(array);
    gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
    gl.bufferData(gl.ARRAY_BUFFER, new Float32Array([-1, -1, 1, -1, -1, 1, 1, 1]), gl.STATIC_DRAW);
    gl.enableVertexAttribArray(0);
    gl.vertexAttribPointer(0, 2, gl.FLOAT, false, 0, 0);
    gl.bindBuffer(gl.ARRAY_BUFFER, instances);
    const rows: [number, number, boolean, number][] = [
      [2, gl.FLOAT, false, 0], [2, gl.FLOAT, false, 8], [1, gl.FLOAT, false, 16], [4, gl.UNSIGNED_BYTE, true, 20],
    ];
    rows.forEach(([size, type, normalized, offset], k) => {
      gl.enableVertexAttribArray(k + 1);
      gl.vertexAttribPointer(k + 1, size, type, normalized, INSTANCE_OCTETS, offset);
      gl.vertexAttribDivisor(k + 1, 1);
    });
    gl.bindVertexArray(null);
    return array;
  }

  private trailArray(points: WebGLBuffer): WebGLVertexArrayObject {
    const { gl } = this;
    const array = gl.createVertexArray();
    gl.bindVertexArray(array);
    gl.bindBuffer(gl.ARRAY_BUFFER, points);
    for (const location of [0, 1, 2]) gl.enableVertexAttribArray(location);
    gl.vertexAttribPointer(0, 2, gl.FLOAT, false, POINT_OCTETS, 0);
    gl.vertexAttribPointer(1, 1, gl.FLOAT, false, POINT_OCTETS, 8);
    gl.vertexAttribIPointer(2, 2, gl.UNSIGNED_SHORT, POINT_OCTETS, 12);
    gl.bindVertexArray(null);
    return array;
  }

  private slotTexture(): WebGLTexture {
    const { gl } = this;
    const texture = gl.createTexture();
    gl.bindTexture(gl.TEXTURE_2D, texture);
    gl.texStorage2D(gl.TEXTURE_2D, 1, gl.RG8, SLOT_TEXTURE_PX, SLOT_TEXTURE_PX);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
    return texture;
  }

  private uploadSlots(): void {
    const { gl, store } = this;
    const rows = Math.ceil(store.slots.length / 2 / SLOT_TEXTURE_PX);
    if (rows === 0) return;
    const padded = new Uint8Array(rows * SLOT_TEXTURE_PX * 2);
    padded.set(store.slots);
    gl.bindTexture(gl.TEXTURE_2D, this.resources.slots);
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
    gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, 0, SLOT_TEXTURE_PX, rows, gl.RG, gl.UNSIGNED_BYTE, padded);
  }

  private uploadAtlas(atlas: WebGLTexture): void {
    const { gl } = this;
    gl.bindTexture(gl.TEXTURE_2D, atlas);
    gl.pixelStorei(gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL, true);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, drawAtlas(this.palette, this.names));
    gl.pixelStorei(gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL, false);
    gl.generateMipmap(gl.TEXTURE_2D);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR_MIPMAP_LINEAR);
  }
}
