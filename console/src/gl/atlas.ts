/**
 * Symbols in one picture for the graphics card, drawn by milsymbol after STANAG APP-6 edition E. Identity is not
 * evaluated yet, so all are air tracks of standard identity PENDING; a simulated track stands in APP-6's context
 * "simulation". What a track's state is shows in its shape: filled (plots come), hollow (coasting), small over a bar
 * (on the ground), a dotted ring (not confirmed).
 */

import ms, { type Symbol as MilSymbol } from "milsymbol";
import { BADGE_CELLS, CELLS, SHAPE_CELLS, SIMULATED_CELLS } from "../model/instances.ts";
import { CELL_PX, drawBadge, drawShape } from "./marks.ts";
import type { Palette } from "../map/palette.ts";

/** APP-6 E, context, standard identity, symbol set 01 (air), present, no headquarters, no echelon, air track. */
const sidc = (context: "reality" | "simulation", identity: "pending" | "unknown"): string =>
  `13${context === "reality" ? 0 : 2}${identity === "pending" ? 0 : 1}01000000000000000000`.slice(0, 20);

const AFFILIATIONS = ["Civilian", "Friend", "Hostile", "Neutral", "Unknown", "Suspect"] as const;
const everywhere = (colour: string): Record<(typeof AFFILIATIONS)[number], string> =>
  Object.fromEntries(AFFILIATIONS.map((name) => [name, colour])) as Record<(typeof AFFILIATIONS)[number], string>;

/** `names` are the letters of each member's mark. */
export function drawAtlas(palette: Palette, names: readonly string[] = []): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  canvas.width = CELL_PX * CELLS;
  canvas.height = CELL_PX;
  const g = canvas.getContext("2d")!;
  for (const simulated of [false, true]) {
    const context = simulated ? "simulation" : "reality";
    const from = simulated ? SIMULATED_CELLS : 0;
    drawSymbol(g, from, symbol(context, palette, true), 1);
    drawSymbol(g, from + 1, symbol(context, palette, false), 1);
    drawSymbol(g, from + 2, symbol(context, palette, true), 0.66);
    drawGroundBar(g, from + 2, palette);
    drawTentative(g, from + 3, palette);
  }
  palette.members.forEach((colour, mark) => {
    drawShape(g, SHAPE_CELLS + mark, mark, colour, palette["label-halo"]);
    drawBadge(g, BADGE_CELLS + mark, names[mark] ?? "", colour, palette["member-ink"]);
  });
  return canvas;
}

function symbol(context: "reality" | "simulation", palette: Palette, filled: boolean): MilSymbol {
  ms.setStandard("APP6");
  return new ms.Symbol(sidc(context, "pending"), {
    size: 40,
    fill: filled,
    colorMode: everywhere(palette["track-fill"]),
    frameColor: everywhere(palette.track),
    iconColor: palette.track,
    infoColor: palette.track,
    strokeWidth: 12,
    simpleStatusModifier: true,
  });
}

function drawSymbol(g: CanvasRenderingContext2D, cell: number, drawn: MilSymbol, size: number): void {
  const image = drawn.asCanvas();
  const anchor = drawn.getAnchor();
  // The frame without its modifiers fills most of the cell, whatever stands beside it.
  const scale = (size * CELL_PX * 0.86) / Math.max(2 * anchor.x, 2 * anchor.y, 1);
  const x = cell * CELL_PX + CELL_PX / 2;
  g.save();
  g.beginPath();
  g.rect(cell * CELL_PX, 0, CELL_PX, CELL_PX);
  g.clip();
  g.imageSmoothingQuality = "high";
  g.drawImage(image, x - anchor.x * scale, CELL_PX / 2 - anchor.y * scale, image.width * scale, image.height * scale);
  g.restore();
}

function drawGroundBar(g: CanvasRenderingContext2D, cell: number, palette: Palette): void {
  g.strokeStyle = palette.track;
  g.lineWidth = 5;
  g.beginPath();
  g.moveTo(cell * CELL_PX + 10, CELL_PX - 8);
  g.lineTo((cell + 1) * CELL_PX - 10, CELL_PX - 8);
  g.stroke();
}

function drawTentative(g: CanvasRenderingContext2D, cell: number, palette: Palette): void {
  g.strokeStyle = palette.track;
  g.lineWidth = 5;
  g.setLineDash([6, 6]);
  g.beginPath();
  g.arc((cell + 0.5) * CELL_PX, CELL_PX / 2, CELL_PX * 0.26, 0, 2 * Math.PI);
  g.stroke();
  g.setLineDash([]);
}
