/** Keeps the address bar and the workplace in step. */

import { latitude, longitude, wrapLongitude } from "../model/geo.ts";
import { formatHash, parseHash } from "../model/hash.ts";
import { zoomOf } from "../model/view.ts";
import type { Workplace } from "./workplace.ts";

const WRITE_AFTER_MS = 400;

export function followUrl(workplace: Workplace): void {
  const given = parseHash(location.hash);
  if (given.filter) workplace.setFilter(given.filter);
  if (given.track !== null) workplace.select(given.track);

  let timer: ReturnType<typeof setTimeout> | undefined;
  const write = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      const { view, selected, filter } = workplace;
      const map = view && { zoom: zoomOf(view), lat: latitude(view.y), lon: wrapLongitude(longitude(view.x)) };
      history.replaceState(null, "", formatHash({ map, track: selected, filter }) || location.pathname);
    }, WRITE_AFTER_MS);
  };
  for (const topic of ["view", "selection", "filter"] as const) workplace.on(topic, write);
}
