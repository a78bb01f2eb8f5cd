// Colours that stay apart for the colour-blind (after Okabe and Ito), darkened for light paper and
// lightened for dark; a dash pattern tells variants apart where colour does not.
const LIGHT = ["#0b62a8", "#b34a00", "#0f7355", "#94368a", "#7a6000", "#3d43a8", "#a8283f", "#4a5f6b"];
const DARK = ["#6cb6f5", "#f2a065", "#5fcea5", "#dd93d3", "#e0c255", "#a5abff", "#f08ba0", "#a9bcc6"];
const DASHES = [[], [7, 3], [2, 3], [9, 3, 2, 3], [12, 4], [4, 2], [1, 2], [6, 2, 1, 2, 1, 2]];

export type Theme = "light" | "dark";

export interface Style { color: string; dash: number[] }

/** How the variant at `index` is drawn. */
export function styleOf(index: number, theme: Theme): Style {
  const colors = theme === "dark" ? DARK : LIGHT;
  const turn = Math.floor(index / colors.length);
  return {
    color: colors[index % colors.length] ?? "#888",
    dash: DASHES[(index + turn) % DASHES.length] ?? [],
  };
}
