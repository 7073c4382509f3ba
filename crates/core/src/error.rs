//! The one error of the core: a stable code and a message that reads `what failed: expected …, got … (hint)`.
//! Every code of the project stands here, also those that only TypeScript raises: one list, one page of the docs.

use crate::part;
use std::fmt;

/// A refused call. What it was called on is as it was before. One word wide, for every result in the crate carries it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error(Box<Refusal>);

/// What an [`Error`] says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Which kind of refusal; never changes its name.
    pub code: Code,
    /// What failed, what was expected, what came instead.
    pub message: String,
}

impl Error {
    /// An error of `code`; `message` reads `what failed: expected …, got …`.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self(Box::new(Refusal { code, message: message.into() }))
    }

    /// Code and message, as bindings hand them on.
    pub fn text(&self) -> String {
        [self.code.name(), ": ", &self.message].concat()
    }

    /// An error of a call that may be made again: in WASM what it says is in the module's second part, and without that
    /// the error is `PART_MISSING`.
    #[cold]
    pub fn of(code: Code, message: impl FnOnce() -> String) -> Self {
        part::need().err().unwrap_or_else(|| part::gate(|| Self::new(code, message())))
    }
}

impl std::ops::Deref for Error {
    type Target = Refusal;

    fn deref(&self) -> &Refusal {
        &self.0
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text())
    }
}

impl std::error::Error for Error {}

/// A number for a message, to six decimals: the library's decimal digits would be more code than all kernels of the loss.
pub fn describe(x: f64) -> String {
    let text = match x {
        _ if x.is_nan() => "NaN",
        f64::INFINITY => "infinity",
        f64::NEG_INFINITY => "-infinity",
        _ if x.abs() > f64::from(f32::MAX) => "more than float32 holds",
        _ if x.abs() >= 1e9 => "a number of ten or more digits",
        _ => {
            let (sign, millionths) = (if x < 0.0 { "-" } else { "" }, (x.abs() * 1e6 + 0.5) as u64);
            let (whole, rest) = (millionths / 1_000_000, millionths % 1_000_000);
            let digits = (1_000_000 + rest).to_string();
            let fraction = if rest == 0 { "" } else { &digits[1..] };
            return [sign, &whole.to_string(), if rest == 0 { "" } else { "." }, fraction].concat();
        }
    };
    text.to_string()
}

/// A result whose error is [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal;)+) => {
        /// The stable names of everything that can be refused.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Code {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl Code {
            /// Every code, in the order of the documentation.
            pub const ALL: &[Code] = &[$(Code::$variant),+];

            /// The name JavaScript sees, such as `SHAPE_MISMATCH`.
            pub const fn name(self) -> &'static str {
                match self { $(Code::$variant => $name,)+ }
            }

            /// What the code means, in one sentence.
            pub const fn doc(self) -> &'static str {
                match self { $(Code::$variant => concat!($($doc),+).trim_ascii(),)+ }
            }
        }
    };
}

codes! {
    /// Two shapes, or a shape and a number of elements, do not fit together.
    ShapeMismatch = "SHAPE_MISMATCH";
    /// A shape is not a list of at most 16 whole numbers from 0 to 2^31 - 1, or is too large in total.
    InvalidShape = "INVALID_SHAPE";
    /// A value or array is of a kind that cannot be used here.
    InvalidDtype = "INVALID_DTYPE";
    /// A value is of the wrong kind or out of its range.
    InvalidValue = "INVALID_VALUE";
    /// An option of this name does not exist.
    UnknownOption = "UNKNOWN_OPTION";
    /// A string names no optimizer, loss, metric, activation, layer or schedule.
    UnknownName = "UNKNOWN_NAME";
    /// Two things that need names of their own share one.
    DuplicateName = "DUPLICATE_NAME";
    /// A class label is negative, fractional or not below the number of classes.
    LabelOutOfRange = "LABEL_OUT_OF_RANGE";
    /// The memory behind an array was transferred away, or shrunk until the array lies outside it.
    BufferDetached = "BUFFER_DETACHED";
    /// A gradient, a loss or a hyper-parameter is NaN or infinite.
    NonFinite = "NON_FINITE";
    /// The optimizer looks at the loss, so gradients alone are not enough.
    NeedsLoss = "NEEDS_LOSS";
    /// A synchronous call needs an engine in this thread; the present one answers asynchronously.
    NeedsLocalEngine = "NEEDS_LOCAL_ENGINE";
    /// A synchronous call came before `await ready()` had loaded an engine.
    NotReady = "NOT_READY";
    /// A model has no weights yet, because its input shape is unknown.
    NotBuilt = "NOT_BUILT";
    /// A model was asked to train or evaluate before `compile`.
    NotCompiled = "NOT_COMPILED";
    /// The model or variable is in use by a call that has not finished.
    Busy = "BUSY";
    /// The model, variable or engine was disposed of and cannot be used again.
    Disposed = "DISPOSED";
    /// A failure in the middle of an update, or the end of their worker, left variables without a trustworthy value.
    StateLost = "STATE_LOST";
    /// There is not enough memory, or the memory limit is reached.
    OutOfMemory = "OUT_OF_MEMORY";
    /// No engine could be loaded in this runtime; the message says why each one failed.
    EngineUnavailable = "ENGINE_UNAVAILABLE";
    /// The engine refused or failed a call that the library itself had prepared, or its worker ended.
    EngineFailed = "ENGINE_FAILED";
    /// A defect of the engine stopped a call; other models are unharmed and the next call works.
    EnginePanic = "ENGINE_PANIC";
    /// The bytes of a compiled plan are malformed or contradict themselves.
    PlanInvalid = "PLAN_INVALID";
    /// A file or its bytes are not in the format they should have.
    FileFormat = "FILE_FORMAT";
    /// A file could not be read or written.
    FileIo = "FILE_IO";
    /// A part is needed that is not loaded: it is on its way (seen by who looks at what `compile` waits for), or could not be fetched.
    PartMissing = "PART_MISSING";
    /// A gradient was asked through something that has none.
    NotDifferentiable = "NOT_DIFFERENTIABLE";
    /// The call was aborted by its signal.
    Aborted = "ABORTED";
}
