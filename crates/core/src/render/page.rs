//! The page about optimizers: what each declares, for readers.

use super::{VECTORS, line, number_text, parity_text};
use crate::declare::{Declaration, Docs, Hyper, Needs, StateShape, StateSpec, camel};
use crate::optim::{OPTIMIZER_DOCS, OPTIMIZERS, SHARED, SHARED_DOCS};
use crate::wrap::{WRAPPER_DOCS, WRAPPERS};

const INTRODUCTION: &str = "# Optimizers

What follows is written by the declarations in `crates/core/src/optim`, which the code itself reads.
`w` is a parameter, `g` its gradient, `η` the learning rate, `λ` the weight decay, `t` the number of the step from 1.
All numbers may change from step to step: give a number, a schedule, or a function of the step.

Memory is what an optimizer keeps besides the parameters: `n` stands for as many floats as a parameter has, 4 bytes
each. While it trains, a step also needs the gradients, another `n`.
";

/// What is around every rule, in words.
const OPTIONS: &str = "
Besides: `gradientAccumulationSteps`, `lossScaleFactor`, `dynamicLossScale`, `useEma`, `wrappers` (below), `groups` of variables
with numbers or an optimizer of their own, `maximize`, `weightDecayMode`, `excludeFromWeightDecay`, `onNonFinite`,
`measureUpdates`. A step goes: unscale, add up, refuse or leave out, wrappers of gradients, clip, decay, rule, wrappers of weights.
";

const WRAPPED: &str = "
## Wrappers

What may be put around any of them, in the order of the list: `new Adam({ wrappers: [new wrappers.Lookahead()] })`.
";

pub fn optimizers() -> String {
    let mut out = INTRODUCTION.to_string();
    out += "\n| optimizer | what it is | rule of | memory |\n| --- | --- | --- | --- |\n";
    for (unit, docs) in units() {
        let rules = std::iter::once(unit.origin).chain(unit.parities.iter().map(|parity| parity.name));
        let rules = rules.map(library).collect::<Vec<_>>().join(", ");
        let (name, link) = (unit.name, unit.name.to_ascii_lowercase());
        line(&mut out, 0, &format!("| [{name}](#{link}) | {} | {rules} | {} |", sentence(docs.unit), memory(unit)));
    }
    out += "\n## What all of them take\n\n";
    options(&mut out, SHARED.iter().zip(SHARED_DOCS.iter().copied()));
    out += OPTIONS;
    for (unit, docs) in units() {
        section(&mut out, unit, docs);
    }
    out += WRAPPED;
    for (entry, docs) in WRAPPERS.iter().zip(WRAPPER_DOCS) {
        wrapper(&mut out, &entry.declaration, docs);
    }
    out
}

fn wrapper(out: &mut String, unit: &Declaration, docs: &Docs) {
    line(out, 0, &format!("\n### {}\n", unit.name));
    docs.unit.trim().lines().for_each(|text| line(out, 0, text.trim()));
    if !unit.hypers.is_empty() {
        line(out, 0, "");
        options(out, unit.hypers.iter().zip(docs.hypers.iter().copied()));
    }
    let states = unit.states.iter().map(state).collect::<Vec<_>>().join("; ");
    line(out, 0, &format!("\nState: {}.", if states.is_empty() { "none" } else { &states }));
}

fn units() -> impl Iterator<Item = (&'static Declaration, &'static Docs)> {
    OPTIMIZERS.iter().map(|entry| &entry.declaration).zip(OPTIMIZER_DOCS)
}

fn section(out: &mut String, unit: &Declaration, docs: &Docs) {
    line(out, 0, &format!("\n## {}\n", unit.name));
    docs.unit.trim().lines().for_each(|text| line(out, 0, text.trim()));
    line(out, 0, "");
    let shared = unit.shared_defaults.iter().map(|(name, default)| {
        let (hyper, doc) =
            SHARED.iter().zip(SHARED_DOCS).find(|(hyper, _)| hyper.name == *name).expect("a shared number");
        (Hyper { default: *default, ..*hyper }, *doc)
    });
    let shared: Vec<_> = shared.collect();
    let own = unit.hypers.iter().zip(docs.hypers.iter().copied());
    options(out, shared.iter().map(|(hyper, doc)| (hyper, *doc)).chain(own));
    for (option, doc) in unit.options.iter().zip(docs.options) {
        line(out, 0, &format!("| `{}` | {} | true, false | {} |", camel(option.name), option.default, cell(doc)));
    }
    if unit.sees_axes() {
        line(out, 0, &format!("| `excludeLayers` | none | texts, patterns | {} |", cell(VECTORS)));
    }
    for parity in unit.parities {
        let text = format!("\n`parity: '{}'` follows {}: {}.", parity.name, library(parity.name), parity_text(parity));
        line(out, 0, &text);
    }
    let states = unit.states.iter().map(state).collect::<Vec<_>>().join("; ");
    let states = if states.is_empty() { "none".to_string() } else { states };
    line(out, 0, &format!("\nState: {states}. Weight decay is {} unless told otherwise.", unit.decay.text()));
    let needs = match unit.needs {
        Needs::Gradients => return,
        Needs::Loss => "the loss: `applyGradients` wants it as `loss`",
        Needs::Curvature => {
            "curvature: `applyGradients` wants estimates of the Hessian's diagonal as `hessianDiagonals`"
        }
        Needs::Evaluations => "loss and gradients at several points of a step: it works in `minimize` and `fit` alone",
    };
    line(out, 0, &format!("\nBesides gradients it looks at {needs}."));
}

fn options<'a>(out: &mut String, hypers: impl Iterator<Item = (&'a Hyper, &'a str)>) {
    *out += "| option | unless given | range | what it does |\n| --- | --- | --- | --- |\n";
    for (hyper, doc) in hypers {
        let default = match hyper.default {
            default if default.is_nan() => "off".into(),
            default if default.is_infinite() => "its own".into(),
            default => number_text(default),
        };
        line(out, 0, &format!("| `{}` | {default} | {} | {} |", camel(hyper.name), hyper.range.text(), cell(doc)));
    }
}

fn state(state: &StateSpec) -> String {
    let size = match state.shape {
        StateShape::Like => "as its parameter".to_string(),
        StateShape::Numbers(count) => format!("{count} numbers per parameter tensor"),
        StateShape::Rows => "a float per row of a matrix".into(),
        StateShape::Columns => "a float per column of a matrix".into(),
        StateShape::Unfactored => "as its parameter, for vectors only".into(),
        StateShape::Axes => "a float per index of each axis".into(),
        StateShape::Unmatrixed => "as its parameter, unless that is a matrix".into(),
        StateShape::Times(number) => format!("`{}` times its parameter", camel(number)),
        StateShape::LeftSquare => "rows × rows of a matrix".into(),
        StateShape::RightSquare => "columns × columns of a matrix".into(),
    };
    let only = if state.only_if.is_empty() { String::new() } else { format!(", with `{}`", camel(state.only_if)) };
    format!("`{}` ({size}{only})", camel(state.name))
}

/// Of a matrix of n elements, with no option on.
fn memory(unit: &Declaration) -> String {
    let always = unit.states.iter().filter(|state| state.only_if.is_empty());
    let (whole, other): (Vec<&StateSpec>, Vec<&StateSpec>) = always.partition(|state| state.shape == StateShape::Like);
    let whole = match whole.len() {
        0 => None,
        1 => Some("n".to_string()),
        count => Some(format!("{count}n")),
    };
    let small = |shape| !matches!(shape, StateShape::Unfactored | StateShape::Unmatrixed | StateShape::Times(_));
    let times = |state: &&StateSpec| match state.shape {
        StateShape::Times(number) => Some(camel(number)),
        _ => None,
    };
    let stacks: Vec<String> = other.iter().filter_map(times).collect();
    let stacks = stacks.first().map(|number| format!("{}n·{number}", stacks.len()));
    let squares = other.iter().filter(|state| state.shape == StateShape::LeftSquare).count();
    let few = other.iter().any(|state| small(state.shape)).then(|| match squares {
        0 => "a little".to_string(),
        _ => format!("{squares} squares of each side"),
    });
    let parts: Vec<String> = whole.into_iter().chain(stacks).chain(few).collect();
    if parts.is_empty() { "none".into() } else { parts.join(" and ") }
}

fn library(name: &str) -> &str {
    match name {
        "keras" => "Keras",
        "torch" => "PyTorch",
        "optax" => "Optax",
        "paper" => "its paper",
        other => other,
    }
}

/// The first sentence of a text.
fn sentence(text: &str) -> String {
    let text = cell(text);
    let end = text.find(". ").map_or(text.len(), |end| end + 1);
    text[..end].trim_end_matches('.').to_string()
}

/// A text in one cell of a table.
fn cell(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}
