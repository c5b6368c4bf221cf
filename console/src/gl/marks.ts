/** Marks of members beside their symbols: a shape of its own for each, and a badge with its letters. */

import { SHAPES, type Shape } from "../model/members.ts";

/** Edge of a cell of the atlas. */
export const CELL_PX = 64;
const MIDDLE = CELL_PX / 2;
const REACH = CELL_PX * 0.4;

/** Corners of the shapes that have some, as fractions of the reach from the middle. */
const CORNERS: Partial<Record<Shape, readonly (readonly [number, number])[]>> = {
  square: [[-0.8, -0.8], [0.8, -0.8], [0.8, 0.8], [-0.8, 0.8]],
  triangle: [[0, -1], [1, 0.85], [-1, 0.85]],
  diamond: [[0, -1.05], [1.05, 0], [0, 1.05], [-1.05, 0]],
  hexagon: [[-0.5, -0.9], [0.5, -0.9], [1, 0], [0.5, 0.9], [-0.5, 0.9], [-1, 0]],
  cross: [[-0.35, -1], [0.35, -1], [0.35, -0.35], [1, -0.35], [1, 0.35], [0.35, 0.35], [0.35, 1], [-0.35, 1], [-0.35, 0.35], [-1, 0.35], [-1, -0.35], [-0.35, -0.35]],
  wedge: [[-1, -0.85], [1, -0.85], [0, 1]],
};

export function drawShape(g: CanvasRenderingContext2D, cell: number, mark: number, colour: string, halo: string): void {
  const shape = SHAPES[mark % SHAPES.length]!;
  const x = cell * CELL_PX + MIDDLE;
  g.save();
  g.beginPath();
  const corners = CORNERS[shape];
  if (corners) {
    for (const [cx, cy] of corners) g.lineTo(x + cx * REACH, MIDDLE + cy * REACH);
    g.closePath();
  } else {
    g.arc(x, MIDDLE, REACH, 0, 2 * Math.PI);
  }
  g.lineJoin = "round";
  g.lineWidth = 9;
  g.strokeStyle = halo;
  g.stroke();
  if (shape === "ring") {
    g.lineWidth = 13;
    g.strokeStyle = colour;
    g.stroke();
  } else {
    g.fillStyle = colour;
    g.fill();
  }
  g.restore();
}

/** Letters on a plate of the member's colour, as wide as the cell. */
export function drawBadge(g: CanvasRenderingContext2D, cell: number, name: string, colour: string, ink: string): void {
  if (name === "") return;
  const x = cell * CELL_PX;
  const high = CELL_PX * 0.66;
  g.save();
  g.fillStyle = colour;
  g.beginPath();
  g.roundRect(x + 1, (CELL_PX - high) / 2, CELL_PX - 2, high, 9);
  g.fill();
  g.fillStyle = ink;
  g.font = `800 ${name.length > 2 ? 27 : 37}px "Inter Variable", "Inter", "Segoe UI", system-ui, sans-serif`;
  g.textAlign = "center";
  g.textBaseline = "middle";
  g.fillText(name, x + MIDDLE, MIDDLE + 2);
  g.restore();
}
