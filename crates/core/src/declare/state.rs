//! What an optimizer keeps for each parameter: how large it is, what it starts with, when there is any. TypeScript makes the
//! tensors by the same rules (`ts/src/optimizers/state.ts`); the plan's update checks their sizes.

/// How large a tensor of state is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StateShape {
    /// As its parameter.
    Like,
    /// So many numbers, each as two floats whose sum it is.
    Numbers(usize),
    /// One for each row of a matrix (or of each of several): without the last axis; none for fewer axes than two.
    Rows,
    /// One for each column: without the last axis but one; none for fewer axes than two.
    Columns,
    /// As its parameter where that has fewer axes than two, else none.
    Unfactored,
    /// One for each index of each axis, axis by axis.
    Axes,
    /// As its parameter unless that is a matrix.
    Unmatrixed,
}

impl StateShape {
    /// Elements for a parameter of shape `dims`.
    pub fn len(self, dims: &[usize]) -> usize {
        match self {
            StateShape::Like => dims.iter().product(),
            StateShape::Numbers(count) => 2 * count,
            StateShape::Rows | StateShape::Columns if dims.len() < 2 => 0,
            StateShape::Rows => dims[..dims.len() - 1].iter().product(),
            StateShape::Columns => dims[..dims.len() - 2].iter().product::<usize>() * dims[dims.len() - 1],
            StateShape::Unfactored if dims.len() >= 2 => 0,
            StateShape::Unmatrixed if dims.len() == 2 => 0,
            StateShape::Unfactored | StateShape::Unmatrixed => dims.iter().product(),
            StateShape::Axes => dims.iter().sum(),
        }
    }

    /// As TypeScript writes it.
    pub fn text(self) -> String {
        match self {
            StateShape::Like => "like".into(),
            StateShape::Numbers(count) => format!("{count}"),
            StateShape::Rows => "'rows'".into(),
            StateShape::Columns => "'columns'".into(),
            StateShape::Unfactored => "'unfactored'".into(),
            StateShape::Axes => "'axes'".into(),
            StateShape::Unmatrixed => "'unmatrixed'".into(),
        }
    }
}

/// A tensor of state.
#[derive(Clone, Copy, Debug)]
pub struct StateSpec {
    /// Its name in snake_case, as it stands in saved files.
    pub name: &'static str,
    /// Its size.
    pub shape: StateShape,
    /// The hyper-parameter whose value its elements start with; empty: 0.
    pub from: &'static str,
    /// The switch or hyper-parameter without which it does not exist; empty: always there.
    pub only_if: &'static str,
}
