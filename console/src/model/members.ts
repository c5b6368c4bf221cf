/**
 * Members of the picture, and how their tracks are told apart: by letters, by a shape where letters are too small to
 * read, and by colour. Never by colour alone. A member has the same shape and colour on every console as far as there
 * are enough of them.
 */

export const SHAPES = ["disc", "square", "triangle", "diamond", "hexagon", "cross", "ring", "wedge"] as const;
export type Shape = (typeof SHAPES)[number];

/** Index in the node's table of members that says "nobody knows". */
export const NO_ORIGIN = 0xff;

/** The node's table: what `origin` in a frame counts in. */
export type Members = readonly string[];

/** Number of each member's shape and colour, in the order of the table; from the ninth member on they are used again. */
export function marksOf(members: Members): number[] {
  const taken = new Set<number>();
  const marks = new Map<string, number>();
  for (const member of members.toSorted()) {
    let mark = Array.from(member).reduce((sum, letter) => sum + letter.charCodeAt(0), 0) % SHAPES.length;
    while (taken.has(mark) && taken.size < SHAPES.length) mark = (mark + 1) % SHAPES.length;
    taken.add(mark);
    marks.set(member, mark);
  }
  return members.map((member) => marks.get(member)!);
}

/** Letters of a member that fit a badge. */
export const letters = (member: string): string => member.slice(0, 3);

/** The member's name in the table; empty where nobody knows. */
export const memberOf = (members: Members, index: number): string => members[index] ?? "";

/** The table of a node's first word; its own member alone where it names none. */
export const membersOf = (hello: { readonly member: string; readonly members?: readonly string[] }): Members =>
  hello.members?.length ? hello.members : [hello.member];
