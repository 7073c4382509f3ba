// Arithmetic in f64 that knows how far f32 may be from it: each value has a bound on the error of the f32 computation.
// A sum errs by 5 · 2⁻²⁴ of the magnitudes of its terms and by what its terms err; everything else passes bounds on.

const UNIT = 5 * 2 ** -24;
/** Below this a result is flushed to 0, whatever it is. */
const FLUSHED = 2 ** -126;

/** A value, and how far the same in f32 may be from it. */
export class Rounded {
  readonly x: number;
  readonly error: number;

  constructor(x: number, error = 0) {
    this.x = x;
    this.error = error;
  }

  times(other: Rounded | number): Rounded {
    const { x, error } = other instanceof Rounded ? other : new Rounded(other);
    return new Rounded(this.x * x, Math.abs(this.x) * error + Math.abs(x) * this.error + this.error * error + FLUSHED);
  }

  /** The quotient; its bound grows beyond all bounds as the divisor's error nears the divisor. */
  over(divisor: Rounded): Rounded {
    const quotient = this.x / divisor.x;
    const room = Math.abs(divisor.x) - divisor.error;
    const error = room > 0 ? (this.error + Math.abs(quotient) * divisor.error) / room : Number.POSITIVE_INFINITY;
    return new Rounded(quotient, error + FLUSHED);
  }

  root(): Rounded {
    const x = Math.sqrt(this.x);
    const below = x - Math.sqrt(Math.max(0, this.x - this.error));
    return new Rounded(x, Math.max(below, Math.sqrt(this.x + this.error) - x));
  }

  /** To a power by an exponential and a logarithm, each of which errs like a sum, the exponent's error growing with it. */
  power(p: number): Rounded {
    const x = this.x ** p;
    const moved = Math.max(Math.abs((this.x + this.error) ** p - x), x - Math.max(0, this.x - this.error) ** p);
    const exponent = this.x > 0 ? Math.abs(p * Math.log(this.x)) : 0;
    return new Rounded(x, moved + x * UNIT * (1 + exponent) + FLUSHED);
  }

  /** −1, 0 or 1; anything where rounding may decide it. */
  sign(): Rounded {
    return new Rounded(Math.sign(this.x), Math.abs(this.x) > this.error || this.error <= FLUSHED ? 0 : 2);
  }

  /** The magnitude. */
  size(): Rounded {
    return new Rounded(Math.abs(this.x), this.error);
  }

  /** Held between two numbers: never farther apart than before. */
  within(low: number, high: number): Rounded {
    return new Rounded(Math.min(high, Math.max(low, this.x)), this.error);
  }

  /** The larger of two. */
  orMore(other: Rounded): Rounded {
    return new Rounded(Math.max(this.x, other.x), Math.max(this.error, other.error));
  }
}

/** A sum: the only place where rounding comes in, for all that is rounded ends up in one. */
export function sum(...terms: readonly Rounded[]): Rounded {
  let [x, error, magnitude] = [0, FLUSHED, 0];
  for (const term of terms) {
    x += term.x;
    error += term.error;
    magnitude += Math.abs(term.x) + term.error;
  }
  return new Rounded(x, error + UNIT * magnitude);
}

/** A number that f32 holds exactly. */
export const exact = (x: number): Rounded => new Rounded(x);
