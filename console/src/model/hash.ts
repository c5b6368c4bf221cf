/** What of the workplace is in the address bar, so that a view can be sent to a colleague: `#map=7.20/41.38/2.10&track=12&q=VLG`. */

export interface UrlState {
  readonly map: { readonly zoom: number; readonly lat: number; readonly lon: number } | null;
  readonly track: number | null;
  readonly filter: string;
}

export function parseHash(hash: string): UrlState {
  const fields = new URLSearchParams(hash.replace(/^#/, ""));
  const [zoom, lat, lon] = (fields.get("map") ?? "").split("/").map(Number);
  const track = Number(fields.get("track") ?? Number.NaN);
  const valid =
    Number.isFinite(zoom) && Number.isFinite(lat) && Number.isFinite(lon) && Math.abs(lat!) <= 90 && Math.abs(lon!) <= 180;
  return {
    map: valid ? { zoom: Math.max(0, Math.min(18, zoom!)), lat: lat!, lon: lon! } : null,
    track: Number.isSafeInteger(track) ? track : null,
    filter: (fields.get("q") ?? "").slice(0, 200),
  };
}

export function formatHash(state: UrlState): string {
  const parts: string[] = [];
  if (state.map) parts.push(`map=${state.map.zoom.toFixed(2)}/${state.map.lat.toFixed(4)}/${state.map.lon.toFixed(4)}`);
  if (state.track !== null) parts.push(`track=${state.track}`);
  if (state.filter) parts.push(`q=${encodeURIComponent(state.filter)}`);
  return parts.length > 0 ? `#${parts.join("&")}` : "";
}
