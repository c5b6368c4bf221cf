// Questions to the exercise, and what it refuses in its own words.

export class Refused extends Error {}

export async function ask(path, { method = "GET", body, by = "" } = {}) {
  const headers = by ? { "x-instructor": encodeURIComponent(by).slice(0, 80) } : {};
  if (body !== undefined) headers["content-type"] = "application/json";
  const answer = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  const said = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Refused(said.problem ? `${said.item}: ${said.problem}. ${said.mend}` : said.detail ?? `answered ${answer.status}`);
  return said;
}
