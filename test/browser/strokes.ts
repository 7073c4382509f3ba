// The ten digits as a hand may draw them, in a square of 100 by 100.

import type { Point } from '../../examples/browser/src/digit.ts';

/** Points on an ellipse, angles in degrees from the right over the bottom. */
function arc(x: number, y: number, rx: number, ry: number, from: number, to: number): Point[] {
  return Array.from({ length: 13 }, (_, i) => {
    const angle = ((from + ((to - from) * i) / 12) * Math.PI) / 180;
    return [x + rx * Math.cos(angle), y + ry * Math.sin(angle)];
  });
}

/** The strokes of each digit. */
export const STROKES: readonly Point[][][] = [
  [arc(50, 50, 22, 36, -90, 270)],
  [
    [
      [40, 28],
      [54, 14],
      [52, 86],
    ],
  ],
  [[...arc(50, 34, 20, 20, 190, 380), [60, 55], [30, 85], [74, 85]]],
  [[...arc(48, 32, 20, 18, 200, 440), ...arc(48, 66, 22, 20, -80, 160)]],
  [
    [
      [56, 14],
      [28, 58],
      [74, 58],
    ],
    [
      [60, 36],
      [58, 88],
    ],
  ],
  [[[70, 16], [36, 16], [33, 46], ...arc(48, 64, 22, 22, -120, 140)]],
  [[[60, 14], [40, 38], ...arc(50, 66, 19, 20, 190, 560)]],
  [
    [
      [28, 18],
      [72, 18],
      [46, 86],
    ],
  ],
  [[...arc(50, 32, 17, 17, 90, -270), ...arc(50, 67, 21, 19, -90, 270)]],
  [[...arc(50, 34, 18, 19, 0, -360), [68, 34], [62, 86]]],
];
