/** Settings in the browser's storage, where there is one: private windows and locked-down machines refuse it. */

import { DEFAULTS, settingsFrom, type Settings } from "../model/settings.ts";

const KEY = "asman.settings";

export function loadSettings(): Settings {
  try {
    return settingsFrom(JSON.parse(localStorage.getItem(KEY) ?? "null"));
  } catch {
    return DEFAULTS;
  }
}

export function saveSettings(settings: Settings): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(settings));
  } catch {
    // The workplace works without memory.
  }
}
