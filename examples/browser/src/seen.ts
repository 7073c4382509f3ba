// The 8x8 picture that the model gets.

/** Paints counts from 0 to 16 in the colours of the moment. */
export function paintSeen(canvas: HTMLCanvasElement, pixels: Uint8Array): void {
  const context = canvas.getContext('2d') as CanvasRenderingContext2D;
  context.clearRect(0, 0, 8, 8);
  context.fillStyle = getComputedStyle(canvas).color;
  for (const [i, count] of pixels.entries()) {
    context.globalAlpha = count / 16;
    context.fillRect(i % 8, Math.floor(i / 8), 1, 1);
  }
}
