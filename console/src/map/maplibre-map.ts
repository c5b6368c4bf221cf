/** The basemap drawn by MapLibre GL from what was built into the console: no tiles, fonts or sprites from anywhere. */

import { Map as GlMap, setWorkerUrl, type StyleSpecification } from "maplibre-gl";
import "maplibre-gl/dist/maplibre-gl.css";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?url";
import { latitude, longitude, mercatorX, mercatorY } from "../model/geo.ts";
import type { Bounds } from "../model/messages.ts";
import { fitted, scaleOf, zoomOf, type View } from "../model/view.ts";
import { MAX_ZOOM, MIN_ZOOM, reducedMotion, type BaseMap, type BaseMapEvents } from "./base-map.ts";
import type { Palette } from "./palette.ts";
import { graticule, type WorldMap } from "./world.ts";

/** Graticule layers: [degrees, from zoom, to zoom]; the same steps as `graticuleStep`. */
const GRATICULE = [[20, 0, 3.5], [10, 3.5, 5], [5, 5, 6.5], [2, 6.5, 8], [1, 8, 24]] as const;

export class MapLibreMap implements BaseMap {
  readonly kind = "maplibre";
  private readonly map: GlMap;

  /** Open a map and wait until its style can be changed. */
  static async open(container: HTMLElement, world: WorldMap, palette: Palette, events: BaseMapEvents): Promise<MapLibreMap> {
    const opened = new MapLibreMap(container, world, palette, events);
    await new Promise((resolve) => void opened.map.once("style.load", resolve));
    return opened;
  }

  private constructor(container: HTMLElement, world: WorldMap, palette: Palette, events: BaseMapEvents) {
    setWorkerUrl(new URL(workerUrl, import.meta.url).href);
    this.map = new GlMap({
      container,
      style: styleOf(world, palette),
      center: [20, 40],
      zoom: 3,
      minZoom: MIN_ZOOM,
      maxZoom: MAX_ZOOM,
      maxPitch: 0,
      dragRotate: false,
      pitchWithRotate: false,
      touchPitch: false,
      attributionControl: false,
      fadeDuration: 0,
      doubleClickZoom: true,
    });
    this.map.touchZoomRotate.disableRotation();
    this.map.keyboard.disableRotation();
    this.map.on("render", () => events.drawn(this.view()));
    this.map.on("move", () => events.drawn(this.view()));
  }

  view(): View {
    const centre = this.map.getCenter();
    const box = this.map.getContainer();
    return {
      x: mercatorX(centre.lng),
      y: mercatorY(centre.lat),
      scale: scaleOf(this.map.getZoom()),
      width: box.clientWidth,
      height: box.clientHeight,
    };
  }

  fit(bounds: Bounds): void {
    const { width, height } = this.view();
    const view = fitted(bounds, width, height);
    this.map.jumpTo({ center: [longitude(view.x), latitude(view.y)], zoom: zoomOf(view) });
  }

  centre(lat: number, lon: number, zoom: number | null): void {
    const to = { center: [lon, lat] as [number, number], zoom: zoom ?? this.map.getZoom() };
    if (reducedMotion()) this.map.jumpTo(to);
    else this.map.easeTo({ ...to, duration: 250 });
  }

  zoomBy(steps: number): void {
    this.map.zoomTo(this.map.getZoom() + steps, { duration: reducedMotion() ? 0 : 150 });
  }

  resize(): void {
    this.map.resize();
  }

  setPalette(palette: Palette): void {
    this.map.setPaintProperty("sea", "background-color", palette.sea);
    this.map.setPaintProperty("land", "fill-color", palette.land);
    this.map.setPaintProperty("borders", "line-color", palette.border);
    this.map.setPaintProperty("coasts", "line-color", palette.coast);
    this.map.setPaintProperty("names", "text-color", palette.name);
    this.map.setPaintProperty("names", "text-halo-color", palette.land);
    for (const [step] of GRATICULE) this.map.setPaintProperty(`graticule-${step}`, "line-color", palette.graticule);
  }

  setGraticule(shown: boolean): void {
    for (const [step] of GRATICULE) {
      this.map.setLayoutProperty(`graticule-${step}`, "visibility", shown ? "visible" : "none");
    }
  }

  destroy(): void {
    this.map.remove();
  }
}

const geojson = (data: GeoJSON.GeoJSON, maxzoom = 9) => ({ type: "geojson" as const, data, maxzoom, tolerance: 0.3 });

function styleOf(world: WorldMap, palette: Palette): StyleSpecification {
  return {
    version: 8,
    sources: {
      land: geojson(world.land),
      borders: geojson(world.borders),
      coasts: geojson(world.coasts),
      names: geojson(world.names),
      ...Object.fromEntries(GRATICULE.map(([step]) => [`graticule-${step}`, geojson(graticule(step), 6)])),
    },
    layers: [
      { id: "sea", type: "background", paint: { "background-color": palette.sea } },
      { id: "land", type: "fill", source: "land", paint: { "fill-color": palette.land, "fill-antialias": false } },
      ...GRATICULE.map(([step, minzoom, maxzoom]) => ({
        id: `graticule-${step}`,
        type: "line" as const,
        source: `graticule-${step}`,
        minzoom,
        maxzoom,
        paint: { "line-color": palette.graticule, "line-width": 1 },
      })),
      { id: "borders", type: "line", source: "borders", paint: { "line-color": palette.border, "line-width": 1.2, "line-dasharray": [3, 2] } },
      { id: "coasts", type: "line", source: "coasts", paint: { "line-color": palette.coast, "line-width": 1 } },
      {
        id: "names",
        type: "symbol",
        source: "names",
        minzoom: 2,
        maxzoom: 8,
        filter: ["<=", ["get", "rank"], ["step", ["zoom"], 1, 3, 2, 4, 3, 5, 4]],
        layout: {
          "text-field": ["upcase", ["get", "name"]],
          "text-font": ["Inter Variable"],
          "text-size": 11,
          "text-letter-spacing": 0.14,
          "text-max-width": 8,
        },
        paint: { "text-color": palette.name, "text-halo-color": palette.land, "text-halo-width": 1 },
      },
    ],
  };
}
