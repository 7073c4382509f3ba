// The drawing area: strokes by mouse, pen or finger.

import type { Point } from './digit.ts';

/** A canvas to draw on. */
export class Pad {
  readonly #canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D;
  readonly #changed: () => void;
  strokes: Point[][] = [];

  constructor(canvas: HTMLCanvasElement, changed: () => void) {
    this.#canvas = canvas;
    this.#context = canvas.getContext('2d') as CanvasRenderingContext2D;
    this.#changed = changed;
    canvas.addEventListener('pointerdown', (event) => this.#begin(event));
    canvas.addEventListener('pointermove', (event) => this.#move(event));
    canvas.addEventListener('keydown', (event) => {
      if (event.key === 'Escape' || event.key === 'Backspace') this.clear();
    });
  }

  clear(): void {
    this.strokes = [];
    this.draw();
    this.#changed();
  }

  /** Draws all strokes, in the colours of the moment. */
  draw(): void {
    const { width, height } = this.#canvas;
    const style = getComputedStyle(this.#canvas);
    const context = this.#context;
    context.clearRect(0, 0, width, height);
    context.lineWidth = width / 13;
    context.lineCap = 'round';
    context.lineJoin = 'round';
    context.strokeStyle = style.color;
    for (const stroke of this.strokes) {
      context.beginPath();
      // Round where the hand was: from middle to middle between points, bent towards the point.
      for (const [i, [x, y]] of stroke.entries()) {
        const [nextX, nextY] = stroke[i + 1] ?? [x, y];
        if (i === 0) context.moveTo(x * width, y * height);
        context.quadraticCurveTo(x * width, y * height, ((x + nextX) / 2) * width, ((y + nextY) / 2) * height);
      }
      context.stroke();
    }
  }

  #begin(event: PointerEvent): void {
    if (event.button !== 0) return;
    this.#canvas.setPointerCapture(event.pointerId);
    this.strokes.push([this.#at(event)]);
    this.draw();
    this.#changed();
  }

  #move(event: PointerEvent): void {
    if (!this.#canvas.hasPointerCapture(event.pointerId)) return;
    for (const each of event.getCoalescedEvents?.() ?? [event]) this.strokes.at(-1)?.push(this.#at(each));
    this.draw();
    this.#changed();
  }

  // From 0 to 1 across the canvas, whatever its size on the screen.
  #at({ clientX, clientY }: PointerEvent): Point {
    const { left, top, width, height } = this.#canvas.getBoundingClientRect();
    return [(clientX - left) / width, (clientY - top) / height];
  }
}
