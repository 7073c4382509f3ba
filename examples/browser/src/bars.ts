// The probabilities of the ten digits.

/** Ten bars, the likeliest one in colour. */
export class Bars {
  readonly #rows: readonly { row: HTMLElement; bar: HTMLElement; text: HTMLElement }[];
  readonly #verdict: HTMLElement;

  constructor(list: HTMLElement, verdict: HTMLElement) {
    this.#verdict = verdict;
    this.#rows = Array.from({ length: 10 }, (_, digit) => {
      const [row, name, track, bar, text] = ['li', 'span', 'span', 'i', 'span'].map((tag) =>
        document.createElement(tag),
      ) as [HTMLElement, HTMLElement, HTMLElement, HTMLElement, HTMLElement];
      name.textContent = String(digit);
      name.className = 'digit';
      track.className = 'track';
      text.className = 'share';
      track.append(bar);
      row.append(name, track, text);
      list.append(row);
      return { row, bar, text };
    });
    this.show(undefined);
  }

  /** Shows probabilities, or none. */
  show(shares: ArrayLike<number> | undefined): void {
    const best = shares && Array.from(shares).indexOf(Math.max(...Array.from(shares)));
    for (const [digit, { row, bar, text }] of this.#rows.entries()) {
      const share = shares?.[digit] ?? 0;
      bar.style.transform = `scaleX(${share})`;
      text.textContent = shares ? `${(100 * share).toFixed(1)} %` : '–';
      row.classList.toggle('best', digit === best);
    }
    this.#verdict.textContent = best === undefined ? '' : `Looks like a ${best}.`;
  }
}
