// One step of every rule in f64, written from Keras's formulas with nothing from the core, and how far f32 may be off.

import { exact, type Rounded, sum } from './rounded.js';

/** An optimizer's numbers, defaults filled in, and the step (from 1). */
export interface Numbers {
  readonly [name: string]: number | boolean | null;
  learningRate: number;
}

/** State by name, of one element. */
export type State<T> = Record<string, T>;

/** What becomes of one element. */
type Rule = (w: Rounded, g: Rounded, s: State<Rounded>, o: Numbers, t: number) => { w: Rounded; s: State<Rounded> };

const minus = (x: Rounded): Rounded => x.times(-1);
const number = (o: Numbers, name: string): number => o[name] as number;

const sgd: Rule = (w, g, s, o) => {
  const step = g.times(-o.learningRate);
  if (!s.momentum) return { w: sum(w, step), s };
  const momentum = number(o, 'momentum');
  const u = sum(s.momentum.times(momentum), step);
  return { w: o.nesterov ? sum(w, sum(u.times(momentum), step)) : sum(w, u), s: { momentum: u } };
};

const rmsprop: Rule = (w, g, s, o) => {
  const [rho, epsilon] = [number(o, 'rho'), exact(number(o, 'epsilon'))];
  const mean = (old: Rounded, next: Rounded): Rounded => sum(old.times(rho), next.times(1 - rho));
  const state: State<Rounded> = { velocity: mean(s.velocity!, g.times(g)) };
  let variance = state.velocity!;
  if (s.averageGradient) {
    const a = mean(s.averageGradient, g);
    state.averageGradient = a;
    variance = sum(variance, minus(a.times(a))).within(0, Number.POSITIVE_INFINITY);
  }
  const scaled = g.times(o.learningRate).over(sum(variance, epsilon).root());
  if (!s.momentum) return { w: sum(w, minus(scaled)), s: state };
  const u = sum(s.momentum.times(number(o, 'momentum')), scaled);
  return { w: sum(w, minus(u)), s: { ...state, momentum: u } };
};

const adam: Rule = (w, g, s, o, t) => {
  const [beta1, beta2] = [number(o, 'beta1'), number(o, 'beta2')];
  const mean = (old: Rounded, next: Rounded, rest: number): Rounded => sum(old, next.times(rest), old.times(-rest));
  const m = mean(s.momentum!, g, 1 - beta1);
  const v = mean(s.velocity!, g.times(g), 1 - beta2);
  const rate = (o.learningRate * Math.sqrt(1 - beta2 ** t)) / (1 - beta1 ** t);
  const state: State<Rounded> = { momentum: m, velocity: v };
  if (s.velocityHat) state.velocityHat = s.velocityHat.orMore(v);
  const divisor = sum((state.velocityHat ?? v).root(), exact(number(o, 'epsilon')));
  return { w: sum(w, minus(m.times(rate).over(divisor))), s: state };
};

const RULES: Readonly<Record<string, Rule>> = { SGD: sgd, Momentum: sgd, RMSprop: rmsprop, Adam: adam, AdamW: adam };

/** What stands around the rule: the factor of clipping by norms (exact in f64), clipping by value, decay. */
export function stepOf(className: string, o: Numbers, t: number, factor: number) {
  const rule = RULES[className];
  if (!rule) throw new Error(`write the rule of ${className} in f64`);
  const limit = o.clipvalue === null ? Number.POSITIVE_INFINITY : number(o, 'clipvalue');
  const decay = o.weightDecay === null ? 0 : o.learningRate * number(o, 'weightDecay');
  return (w: number, g: number, state: State<number>): { w: Rounded; s: State<Rounded> } => {
    const clipped = exact(g).times(factor).within(-limit, limit);
    const kept = decay === 0 ? exact(w) : sum(exact(w), exact(w).times(-decay));
    const s = Object.fromEntries(Object.entries(state).map(([name, x]) => [name, exact(x)]));
    return rule(kept, clipped, s, o, t);
  };
}

/** The factor that clipping by norm leaves for each gradient. */
export function clipFactors(gradients: readonly Float32Array[], o: Numbers): number[] {
  const squares = gradients.map((g) => g.reduce((total, x) => total + x * x, 0));
  const norm = Math.sqrt(squares.reduce((total, x) => total + x, 0));
  const shrink = (length: number, limit: unknown): number =>
    typeof limit === 'number' && length > limit ? limit / length : 1;
  return squares.map((square) => shrink(Math.sqrt(square), o.clipnorm) * shrink(norm, o.globalClipnorm));
}
