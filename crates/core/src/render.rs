//! What the registries say, as text: the generated TypeScript (classes, option types, documentation) and the pages of
//! error codes and optimizers. `tests/generated.rs` compares it with the committed files. Knows no unit by name.

mod ops;
mod page;

use crate::declare::{Declaration, Docs, Entry, Hyper, Needs, Parity, StateShape, StateSpec, Work, camel};
use crate::error::Code;
use crate::optim::{FIRST, OPTIMIZER_DOCS, OPTIMIZERS, SHARED, SHARED_DOCS};
use crate::schedule::{SCHEDULE_DOCS, SCHEDULES};
use crate::wrap::{WRAPPER_DOCS, WRAPPERS};
use std::fmt::Write;
use std::ops::Range;

const HEADER: &str = "// Generated from the Rust registries by `UPDATE=1 cargo test --test generated`. Do not edit.\n";

/// Every generated file: its path from the root of the project, and its text.
pub fn files() -> [(&'static str, String); 10] {
    [
        ("ts/src/generated/codes.ts", codes()),
        ("ts/src/generated/shared.ts", shared()),
        ("ts/src/generated/optimizers.ts", first_optimizers()),
        ("ts/src/generated/more-optimizers.ts", more_optimizers()),
        ("ts/src/generated/wrappers.ts", wrappers()),
        ("ts/src/generated/schedules.ts", schedules()),
        ("ts/src/generated/ops.ts", ops::ops()),
        ("ts/src/generated/unary.ts", ops::unary()),
        ("docs/errors.md", errors_page()),
        ("docs/optimizers.md", page::optimizers()),
    ]
}

fn codes() -> String {
    let mut out = format!("{HEADER}\n/** Every error code with its meaning. Codes are stable, messages are not. */\n");
    out += "export const CODES = {\n";
    for code in Code::ALL {
        line(&mut out, 2, &format!("{}: {},", code.name(), quoted(code.doc())));
    }
    out += "} as const;\n\n/** The stable name of a kind of failure, as in `DescendError.code`. */\n";
    out += "export type ErrorCode = keyof typeof CODES;\n";
    out
}

fn errors_page() -> String {
    let mut out =
        String::from("# Errors\n\nEverything that is refused throws a `DescendError`. Branch on its `code`, ");
    out += "which is stable; show its `message`, which reads\n`what failed: expected …, got … (hint)`.\n\n";
    out += "| code | meaning |\n| --- | --- |\n";
    for code in Code::ALL {
        line(&mut out, 0, &format!("| `{}` | {} |", code.name(), code.doc()));
    }
    out
}

fn shared() -> String {
    let mut out = format!("{HEADER}\nimport type {{ Hyper }} from '../declaration.js';\n");
    out += "import type { HyperValue } from '../optimizers/hyper.js';\n\n";
    out += "/** The numbers that every optimizer takes; each has a `learningRate` of its own besides. */\n";
    out += "export interface SharedOptions {\n";
    let optional = SHARED.iter().zip(SHARED_DOCS).filter(|(hyper, _)| hyper.default.is_nan());
    optional.for_each(|(hyper, doc)| option_type(&mut out, hyper, doc, "HyperValue"));
    out +=
        "}\n\n/** All that are shared, in the order in which the engine wants them: before the optimizer's own. */\n";
    out += "export const SHARED: readonly Hyper[] = [\n";
    SHARED.iter().for_each(|hyper| line(&mut out, 2, &format!("{},", description(hyper))));
    let names: Vec<_> = OPTIMIZERS.iter().map(|entry| entry.declaration.name).collect();
    out += "];\n\n/** The names of all optimizers, between spaces: for those whose classes are not at hand. */\n";
    out += "export const OPTIMIZER_NAMES =\n";
    line(&mut out, 2, &format!("'{}';", names.join(" ")));
    out
}

/// Those that strings name at once: applications with one of them carry no others.
fn first_optimizers() -> String {
    let mut out = format!("{HEADER}\n{OPTIMIZER_IMPORTS}");
    optimizer_classes(&mut out, 0..FIRST.len());
    out += "\n/** @internal Those that are known by their names at once. */\n";
    let names: Vec<_> = FIRST.iter().map(|entry| entry.declaration.name).collect();
    line(&mut out, 0, &format!("export const FIRST_OPTIMIZERS = [{}] as const;", names.join(", ")));
    out
}

fn more_optimizers() -> String {
    let names: Vec<_> = FIRST.iter().map(|entry| entry.declaration.name).collect();
    let mut out = format!("{HEADER}\n{OPTIMIZER_IMPORTS}");
    line(&mut out, 0, &format!("import {{ {} }} from './optimizers.js';", names.join(", ")));
    optimizer_classes(&mut out, FIRST.len()..OPTIMIZERS.len());
    list(&mut out, "OPTIMIZERS", "optimizer", OPTIMIZERS);
    out
}

const OPTIMIZER_IMPORTS: &str = "\
import type { OptimizerDeclaration } from '../declaration.js';
import type { HyperValue } from '../optimizers/hyper.js';
import { Optimizer } from '../optimizers/optimizer.js';
import type { OptimizerOptions } from '../optimizers/options.js';
";

fn optimizer_classes(out: &mut String, which: Range<usize>) {
    for (entry, docs) in OPTIMIZERS[which.clone()].iter().zip(&OPTIMIZER_DOCS[which]) {
        let whole = (!entry.build.elementwise()).then_some("whole: true");
        let lazy = entry.build.lazy().then_some("lazy: true");
        class(out, &entry.declaration, docs, ("Optimizer", "HyperValue"), &[whole, lazy]);
    }
}

fn wrappers() -> String {
    let mut out = format!("{HEADER}\nimport type {{ WrapperDeclaration }} from '../declaration.js';\n");
    out += "import type { HyperValue } from '../optimizers/hyper.js';\nimport { Wrapper } from '../wrappers/wrapper.js';\n";
    for (entry, docs) in WRAPPERS.iter().zip(WRAPPER_DOCS) {
        class(&mut out, &entry.declaration, docs, ("Wrapper", "HyperValue"), &[]);
    }
    list(&mut out, "WRAPPERS", "wrapper", WRAPPERS);
    out
}

fn schedules() -> String {
    let mut out = format!("{HEADER}\nimport type {{ Declaration }} from '../declaration.js';\n");
    out += "import { Schedule } from '../schedules/schedule.js';\n";
    for (entry, docs) in SCHEDULES.iter().zip(SCHEDULE_DOCS) {
        class(&mut out, &entry.declaration, docs, ("Schedule", "number"), &[]);
    }
    list(&mut out, "SCHEDULES", "schedule", SCHEDULES);
    out
}

/// The option of those whose rule depends on the shape of a parameter.
const VECTORS: &str =
    "Variables that are taken for vectors, whatever their shape: those whose name contains one of these texts or
matches one of these patterns.";

/// The options of a unit and its class, which only hands them on with what the unit says about itself and some facts.
fn class(out: &mut String, unit: &Declaration, docs: &Docs, (parent, number): (&str, &str), facts: &[Option<&str>]) {
    let name = unit.name;
    let optimizer = parent == "Optimizer";
    let extends = if optimizer { " extends OptimizerOptions" } else { "" };
    line(out, 0, &format!("\n/** Options of {{@link {name}}}. */\nexport interface {name}Options{extends} {{"));
    for (name, default) in unit.shared_defaults {
        let mut all = SHARED.iter().zip(SHARED_DOCS);
        let (shared, doc) = all.find(|(hyper, _)| hyper.name == *name).expect("shared_defaults name shared numbers");
        option_type(out, &Hyper { default: *default, ..*shared }, doc, number);
    }
    unit.hypers.iter().zip(docs.hypers).for_each(|(hyper, doc)| option_type(out, hyper, doc, number));
    for (option, doc) in unit.options.iter().zip(docs.options) {
        comment(out, 2, &format!("{}\nUnless given: {}.", doc.trim(), option.default));
        line(out, 2, &format!("{}?: boolean | undefined;", camel(option.name)));
    }
    if unit.sees_axes() {
        comment(out, 2, VECTORS);
        line(out, 2, "excludeLayers?: readonly (string | RegExp)[] | undefined;");
    }
    if !unit.parities.is_empty() {
        let rules = unit.parities.iter().map(|other| format!("'{}' ({})", other.name, parity_text(other)));
        let rules = rules.collect::<Vec<_>>().join(", ");
        comment(out, 2, &format!("Whose rule and defaults: '{}', {rules}.\nUnless given: '{0}'.", unit.origin));
        let names = unit.parities.iter().map(|other| format!(" | '{}'", other.name)).collect::<String>();
        line(out, 2, &format!("parity?: '{}'{names} | undefined;", unit.origin));
    }
    out.push_str("}\n\n");
    comment(out, 0, docs.unit);
    let required = unit.hypers.iter().any(|hyper| hyper.default.is_infinite());
    let default = if required { "" } else { " = {}" };
    let parameter = if optimizer { format!("<{name}Options>") } else { String::new() };
    line(out, 0, &format!("export class {name} extends {parent}{parameter} {{"));
    line(out, 2, "/** @internal */");
    let kind = if parent == "Schedule" { "" } else { parent };
    line(out, 2, &format!("static override readonly declaration: {kind}Declaration = {{"));
    line(out, 4, &format!("name: {},", quoted(name)));
    if optimizer {
        let defaults = unit.shared_defaults.iter();
        let defaults = defaults.map(|(name, value)| format!("{}: {}", camel(name), number_text(*value)));
        line(out, 4, &format!("sharedDefaults: {},", object(defaults)));
        line(out, 4, &format!("origin: '{}',", unit.origin));
        line(out, 4, &format!("decay: '{}',", unit.decay.text()));
        line(out, 4, &format!("parities: {},", object(unit.parities.iter().map(parity))));
        facts.iter().flatten().for_each(|fact| line(out, 4, &format!("{fact},")));
    }
    if unit.needs != Needs::Gradients {
        line(out, 4, &format!("needs: '{}',", unit.needs.text()));
    }
    array(out, "hypers", unit.hypers.iter().map(description));
    let options = unit.options.iter().map(|option| format!("{}: {}", camel(option.name), option.default));
    line(out, 4, &format!("options: {},", object(options)));
    if parent != "Schedule" {
        array(out, "states", unit.states.iter().map(state));
        if let Some(Work { rows, each, times }) = unit.work {
            line(out, 4, &format!("work: {{ rows: {rows}, each: {each}, times: '{}' }},", camel(times)));
        }
    }
    if !unit.between[0].is_empty() {
        let [behind, share] = unit.between.map(camel);
        line(out, 4, &format!("between: ['{behind}', '{share}'],"));
    }
    line(out, 2, "};\n");
    line(out, 2, &format!("constructor(options: {name}Options{default}) {{"));
    line(out, 4, &format!("super({name}.declaration, options);"));
    line(out, 2, "}");
    line(out, 0, "}");
}

fn list<Build>(out: &mut String, constant: &str, kind: &str, entries: &[Entry<Build>]) {
    let names: Vec<_> = entries.iter().map(|entry| entry.declaration.name).collect();
    let names = names.join(", ");
    line(out, 0, &format!("\n/** Every {kind} there is, for looking one up by name. */"));
    let types = names.split(", ").map(|name| format!("typeof {name}")).collect::<Vec<_>>().join(", ");
    line(out, 0, &format!("export const {constant}: readonly [{types}] = [{names}];"));
}

fn option_type(out: &mut String, hyper: &Hyper, doc: &str, kind: &str) {
    let default = match hyper.default {
        default if default.is_nan() => "Off unless given".into(),
        default if default.is_infinite() => "Required".into(),
        default => format!("Unless given: {}", number_text(default)),
    };
    comment(out, 2, &format!("{}\n{default}. Range: {}.", doc.trim(), hyper.range.text()));
    let name = camel(hyper.name);
    match hyper.default {
        default if default.is_nan() => line(out, 2, &format!("{name}?: {kind} | null | undefined;")),
        default if default.is_infinite() => line(out, 2, &format!("{name}: {kind};")),
        _ => line(out, 2, &format!("{name}?: {kind} | undefined;")),
    }
}

/// A hyper-parameter as the run-time check reads it: no default where one must be given, null where it is off.
fn description(hyper: &Hyper) -> String {
    let default = match hyper.default {
        default if default.is_infinite() => None,
        default if default.is_nan() => Some("default: null".into()),
        default => Some(format!("default: {}", number_text(default))),
    };
    let name = Some(format!("name: '{}'", camel(hyper.name)));
    let range = Some(format!("range: '{}'", hyper.range.text()));
    object([name, default, range].into_iter().flatten())
}

/// A library's rule as the run-time check reads it.
fn parity(parity: &Parity) -> String {
    let defaults = parity.defaults.iter().map(|(name, value)| {
        let value = if value.is_nan() { "null".into() } else { number_text(*value) };
        format!("{}: {value}", camel(name))
    });
    format!("{}: {{ decay: '{}', defaults: {} }}", parity.name, parity.decay.text(), object(defaults))
}

/// The same for readers.
fn parity_text(parity: &Parity) -> String {
    let defaults = parity.defaults.iter().map(|(name, value)| format!("{} {}", camel(name), number_text(*value)));
    let decay = format!("weight decay {}", parity.decay.text());
    defaults.chain([decay]).collect::<Vec<_>>().join(", ")
}

fn state(state: &StateSpec) -> String {
    let only_if = (!state.only_if.is_empty()).then(|| format!("onlyIf: '{}'", camel(state.only_if)));
    let name = format!("name: '{}'", camel(state.name));
    let from = (!state.from.is_empty()).then(|| format!("from: '{}'", camel(state.from)));
    let shape = (state.shape != StateShape::Like).then(|| format!("shape: {}", state.shape.text()));
    object([Some(name), shape, from, only_if].into_iter().flatten())
}

fn array(out: &mut String, name: &str, items: impl ExactSizeIterator<Item = String>) {
    if items.len() == 0 {
        return line(out, 4, &format!("{name}: [],"));
    }
    line(out, 4, &format!("{name}: ["));
    items.for_each(|item| line(out, 6, &format!("{item},")));
    line(out, 4, "],");
}

fn object(fields: impl Iterator<Item = String>) -> String {
    let fields: Vec<_> = fields.collect();
    if fields.is_empty() { "{}".into() } else { format!("{{ {} }}", fields.join(", ")) }
}

/// A documentation comment; an empty line of `text` parts paragraphs.
fn comment(out: &mut String, indent: usize, text: &str) {
    line(out, indent, "/**");
    for text in text.trim().lines() {
        line(out, indent, format!(" * {}", text.trim()).trim_end());
    }
    line(out, indent, " */");
}

fn line(out: &mut String, indent: usize, text: &str) {
    writeln!(out, "{:indent$}{text}", "").expect("a String takes all text");
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

/// The shortest text that JavaScript reads back as the same number.
fn number_text(value: f64) -> String {
    if value.fract() == 0.0 && value.abs() < 1e15 { format!("{value:.0}") } else { format!("{value:?}") }
}
